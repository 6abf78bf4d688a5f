"""Compiled loops on plain arrays; import them inside functions only, since numba takes long."""

from nodes.kernels.products import affine

__all__ = ["affine"]
