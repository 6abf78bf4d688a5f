"""From a trace to loops: storage, layout, dependence, order and fusion."""

__all__ = ["plan"]
