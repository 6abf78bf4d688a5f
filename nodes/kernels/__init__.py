"""Compiled loops on plain arrays; import them inside functions only, since numba takes long."""

__all__ = ["affine", "cholesky", "gram"]
