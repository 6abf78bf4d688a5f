"""What goes wrong inside of the compiler."""

__all__ = ["CompilerFault"]


class CompilerFault(RuntimeError):
    """A fault of the compiler itself, not of the step that it was given."""
