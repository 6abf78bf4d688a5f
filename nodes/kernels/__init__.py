"""Compiled loops on plain arrays; import them inside functions only: they bring the compiler."""

__all__ = ["affine", "cholesky", "gram"]
