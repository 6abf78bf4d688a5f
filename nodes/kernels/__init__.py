"""Compiled loops on plain arrays; import them inside functions only, since numba takes long."""

from nodes.kernels.activating import activated
from nodes.kernels.lms import lms_chunk
from nodes.kernels.products import affine
from nodes.kernels.rls import rls_chunk

__all__ = [
    "activated",
    "affine",
    "lms_chunk",
    "rls_chunk",
]
