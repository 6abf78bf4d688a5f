"""From a plan to LLVM text: loops with nothing but loads, arithmetic and stores in them."""

__all__ = ["code"]
