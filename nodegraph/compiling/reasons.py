"""Sentences of what a compiled step cannot do: why, what to write instead, and where it stands."""

from __future__ import annotations

import inspect
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

__all__ = [
    "MASK",
    "CompilerFault",
    "depth",
    "instead",
    "is_author_s",
    "line_naming",
    "why_numbers",
    "written_at",
]

MASK = "a[mask] has no known length; write where(mask, a, b), or (a * mask).sum()"
_INIT = "work it out in init"
_LENGTH = "its length is not known; write where(mask, a, b)"
_TRANSFORM = "write a product with the matrix of the transform"
_OUT = "write it out with operators, slices, np.where, sums and products"
_OWN = "write it with numpy or a word of maths"
_WHOLE = "write the function for whole arrays"
_PARTS = "keep real and imaginary parts in two arrays"

_INSTEAD = {  # what to write in place of what is not known
    **dict.fromkeys(["eig", "eigh", "eigvals", "eigvalsh", "svd", "qr", "det", "slogdet"], _INIT),
    **dict.fromkeys(["matrix_rank", "expm", "cond"], _INIT),
    **dict.fromkeys(["nonzero", "flatnonzero", "argwhere", "extract", "compress"], _LENGTH),
    **dict.fromkeys(["vectorize", "apply_along_axis", "apply_over_axes", "piecewise"], _WHOLE),
    **dict.fromkeys(["real", "imag", "angle", "conj"], _PARTS),
    **dict.fromkeys(["fft", "ifft", "rfft", "irfft"], _TRANSFORM),
    **dict.fromkeys(["arctan", "arcsin", "arccos"], "tanh or x / (1 + abs(x)) bend alike"),
    **dict.fromkeys(["sum.at", "add.at"], "write (x[:, None] == i).sum(axis=0)"),
    **dict.fromkeys(["nanmax", "nanmin"], "put numbers for NaN first, by where(x == x, x, ..)"),
    "argpartition": "write np.argsort", "partition": "write np.sort",
    "arctan2": "keep sine and cosine instead of the angle",
    "array_equal": "write (a == b).all()", "bincount": "write (x[:, None] == i).sum(axis=0)",
    "cbrt": "write np.sign(x) * power(np.abs(x), 1 / 3)",
    "cholesky": "write solve(A, b) for the problem behind it",
    "convolve": "write a product with rows of the last steps",
    "copyto": "write where(mask, x, a)", "correlate": "write the sum of products",
    "digitize": "write (edges <= x).sum()", "erf": "tanh is near to it",
    "fill": "write np.full_like(a, x)", "fill_diagonal": "write where(np.eye(n) > 0, x, a)",
    "fmod": "write %, which takes the sign of the divisor",
    "histogram": "write (edges <= x[:, None]).sum(axis=0)",
    "interp": "find the place with (xs < x).sum() and look at ys there",
    "item": "x[0] is a number already", "kron": "write (a[:, None] * b).ravel()",
    "lstsq": "write solve(A.T @ A, A.T @ b)",
    "matrix_power": "write the products", "place": "write where(mask, x, a)",
    "pinv": "write solve(A.T @ A, A.T)", "put": "write a = a.copy(); a[i] = x",
    "searchsorted": "write (edges < x).sum()", "sort": "write a = np.sort(a)",
    "sliding_window_view": "write x[np.arange(n)[:, None] + np.arange(k)]",
    "tolist": "iterating goes through an array",
    "unique": "its length is not known; count with (a[:, None] == a).sum(axis=1)",
}  # fmt: skip
_LIBRARIES = (
    "site-packages", os.path.dirname(os.__file__), os.path.dirname(os.path.dirname(__file__)),
)  # fmt: skip


class CompilerFault(RuntimeError):
    """A fault of the compiler itself, not of the step that it was given."""


def instead(name: str, else_: str = _OUT) -> str:
    """Return what to write instead of a function of numpy, as the end of a sentence."""
    return f"; {_INSTEAD.get(name, else_)}"


def is_author_s(file: str) -> bool:
    """Tell whether a file is neither of this package nor of another library."""
    return os.path.isabs(file) and not any(part in file for part in _LIBRARIES)


def _author_s(frames: Sequence[traceback.FrameSummary]) -> traceback.FrameSummary | None:
    return next((frame for frame in frames[::-1] if is_author_s(frame.filename)), None)


def depth() -> int:
    """Return how many calls the program is deep, the caller's among them."""
    frame, found = sys._getframe(1), 1
    while (outer := frame.f_back) is not None:
        frame, found = outer, found + 1
    return found


def written_at(frames: Sequence[traceback.FrameSummary] | None = None, within: int = 0) -> str:
    """Return where an author's line stands and how it reads: ``mine.py:7, if v > 0``.

    Parameters
    ----------
    frames : sequence, optional
        Of a traceback; else where the program is now.
    within : int
        How many calls around it are not looked at.
    """
    frame = _author_s((traceback.extract_stack() if frames is None else frames)[within:])
    if frame is None:
        return ""
    line = (frame.line or "").rstrip(":")
    return f"{os.path.basename(frame.filename)}:{frame.lineno}" + (f", {line}" if line else "")


def line_naming(function: Callable[..., Any], word: str) -> str:
    """Return the place and text of the first line of a function with a word in it, or nothing."""
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return ""
    file = os.path.basename(function.__code__.co_filename)
    found = ((i, line) for i, line in enumerate(lines, first) if re.search(rf"\b{word}\b", line))
    return next((f"{file}:{i}, {line.strip()}" for i, line in found), "")


def why_numbers(what: str = "a function of another library", cure: str = _OWN) -> str:
    """Return why the line that asks for numbers of an array cannot have them.

    Parameters
    ----------
    what : str
        What asks, unless the line tells.
    cure : str
        What to write instead, unless the line tells.
    """
    frame = _author_s(traceback.extract_stack())
    line = (frame and frame.line) or ""
    if re.search(r"\bvectorize\b", line):
        what, cure = "np.vectorize", _WHOLE
    elif re.search(r"\b(np|numpy)\.(as)?(contiguous)?array\(", line):
        what, cure = "np.array() of arrays", "write np.stack([a, b]) or leave np.asarray() out"
    elif re.search(r"random|\b(rng|normal|choice|permutation|shuffle)\b", line):
        what, cure = "a random draw", "let it come in at the port noise"
    elif re.search(r"(^|[;:])\s*[\w.]+\[[^;]*\]\s*\W?=[^=]", line) and "float(" not in line:
        what, cure = "writing into an array of numbers", "begin with np.zeros_like(x, shape=(..))"
    elif re.search(r"\b(np|numpy)\.[rc]_\[", line):
        what, cure = "np.r_ or np.c_", "write np.concatenate([a, b]) or np.stack([a, b], axis=1)"
    elif re.search(r"\b(np|numpy)\.[\w.]+\(\s*[\[(]", line):
        what, cure = "a function of a list of arrays", "write np.stack([a, b]) for the list"
    return f"{what} needs numbers, which a compiled step has only when it runs; {cure}"
