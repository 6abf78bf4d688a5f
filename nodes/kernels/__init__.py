"""Compiled loops on plain arrays; import them inside functions only, since numba takes long."""

from nodes.kernels.activating import activated
from nodes.kernels.products import affine
from nodes.kernels.rls import rls_chunk

__all__ = [
    "activated",
    "affine",
    "rls_chunk",
]
