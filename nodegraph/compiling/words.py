"""Words run on plain arrays: each as a small compiled step of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import local
from typing import Any

import numpy as np

from nodegraph.arrays import Array, is_sparse
from nodegraph.compiling.arrays import Var
from nodegraph.compiling.ir import Trace, dtype_of
from nodegraph.compiling.layout import laid, signature, symbolic
from nodegraph.compiling.program import Frame, Program
from nodegraph.compiling.sparse import SparseVar
from nodegraph.errors import NodegraphWarning, warn

__all__ = ["by_numpy", "is_by_numpy", "meaning", "word"]

_MOST = 4096  # programs that are kept, one for each word and kind of arguments
_NEAR = {"float64": 1e-6, "float32": 1e-2}  # of the largest number; last places may differ
_SMALL = 1 << 16  # bytes of scratch that wait for the next call of a word
_known: dict[Any, _Compiled | None] = {}  # None: by numpy
_ready: dict[Any, _Compiled] = {}  # those of plain arrays, by what is looked up in less time
_here = local()
_SYMBOLS, _NUMBERS = (Var, SparseVar), (str, int, float)  # np.float64 is a float as well


@contextmanager
def by_numpy() -> Iterator[None]:
    """Let words on plain arrays go by numpy's own functions: other last bits, nothing compiled."""
    before, _here.numpy = is_by_numpy(), True
    try:
        yield
    finally:
        _here.numpy = before


def is_by_numpy() -> bool:
    """Tell whether words go by numpy's functions in this thread."""
    return getattr(_here, "numpy", False)


def word(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function`, which is written for symbolic arrays, for plain ones too."""

    @wraps(function)
    def called(*values: Any, **options: Any) -> Any:
        if not is_by_numpy() and (ready := _ready.get(_plain_key(function, values, options))):
            return ready(values)
        own = meaning(values)
        if own is not None:
            return own(function.__name__, values, options)
        if is_by_numpy() or any(isinstance(value, _SYMBOLS) for value in values):
            return function(*values, **options)
        return _run(function, tuple(map(_argument, values)), options)

    return called


def _plain_key(function: Any, values: tuple[Any, ...], options: dict[str, Any]) -> Any:
    return (function, repr(options) if options else "", *map(_kind, values))


def _kind(value: Any) -> Any:
    """Return what `signature` says of a plain array or number in less time; None of all others."""
    kind = type(value)
    if kind is np.ndarray:
        return value.shape, value.dtype
    return (kind, value) if kind in _NUMBERS else None


def meaning(values: tuple[Any, ...]) -> Callable[..., Any] | None:
    """Return what words mean for arrays of a class that says so, by a method ``__word__``."""
    for value in values:
        if hasattr(type(value), "__word__"):
            found: Callable[..., Any] = value.__word__
            return found
    return None


def _argument(value: Any) -> Any:
    """Return an array; numbers of Python adapt to the precision of others, so they stay."""
    if type(value) is not np.ndarray:
        plain = isinstance(value, _NUMBERS) and not isinstance(value, np.generic)
        if plain or is_sparse(value):
            return value
    array = np.asarray(value)
    return array.astype(float) if array.dtype.kind in "iub" else array


def _run(function: Callable[..., Any], values: tuple[Any, ...], options: dict[str, Any]) -> Any:
    if all(isinstance(v, _NUMBERS) for v in values):  # no array: as one of float64
        values = tuple(v if isinstance(v, str) else np.array(v, float) for v in values)
    key = function, signature(values), repr(options)
    first = key not in _known
    if first:
        if len(_known) >= _MOST:
            _known.clear()
            _ready.clear()
        _known[key] = _made(function, values, options)
    known = _known[key]
    if known is None:
        return _by_numpy(function, values, options)
    found = known(values)
    if not first or _agree(found, expected := _by_numpy(function, values, options)):
        if known.plain and None not in (quick := _plain_key(function, values, options)):
            _ready[quick] = known
        return found
    _known[key] = None
    warn(
        f"{function.__name__} of arrays {[np.shape(v) for v in values]} has other numbers compiled "
        "than in numpy, whose are taken; please report it",
        NodegraphWarning,
    )
    return expected


def _by_numpy(function: Callable[..., Any], values: tuple[Any, ...], options: Any) -> Any:
    with by_numpy(), np.errstate(all="ignore"):
        return function(*values, **options)


def _agree(found: Any, expected: Any) -> bool:
    """Tell whether numbers are the same but for rounding, as far as they are finite."""
    one, other = np.asarray(found), np.asarray(expected)
    if one.dtype.kind != "f" or not np.isfinite(one).all() or not np.isfinite(other).all():
        return True
    scale = np.abs(other).max(initial=0.0)
    return bool(np.abs(one - other).max(initial=0.0) <= _NEAR[one.dtype.name] * max(scale, 1e-300))


class _Compiled:
    """A word for arguments of one kind, with frames that wait to be used.

    Parameters
    ----------
    program : Program
    shape : tuple of int
        Of what it returns.
    """

    def __init__(self, program: Program, shape: tuple[int, ...]):
        self.program, self.shape, self.row = program, shape, (1, *program.y.shape)
        self.dtype = dtype_of(program.y.dtype)
        self.frames: list[Frame] = []
        leaves = {path: leaf for path, leaf in program.leaves.items() if path[0] == "a"}
        self.plain = all(len(path) == 2 for path in leaves)  # no parts of sparse weights
        self.leaves = [(path, path[1], leaf.order, leaf.dtype) for path, leaf in leaves.items()]

    def _laid(self, values: tuple[Any, ...]) -> dict[Any, Array]:
        if not self.plain:
            return self.program.lay(values, ("a",))
        return {path: laid(values[k], order, dtype) for path, k, order, dtype in self.leaves}

    def __call__(self, values: tuple[Any, ...]) -> Any:
        """Return what the word makes of arrays."""
        arrays, out = self._laid(values), np.empty(self.row, self.dtype)
        try:
            frame = self.frames.pop()
            frame.point_to(arrays)
        except IndexError:
            frame = Frame(self.program, arrays)
            frame.arrays.clear()  # they are the caller's
        frame.run({"y": out}, 1)
        if self.program.recipe.room <= _SMALL:
            self.frames.append(frame)
        result = out.reshape(self.shape)
        return result if result.ndim else result[()]


def _made(
    function: Callable[..., Any], values: tuple[Any, ...], options: dict[str, Any]
) -> _Compiled:
    """Return a word for arguments like these."""
    shapes: list[tuple[int, ...]] = []

    def build(trace: Trace) -> dict[Any, Any]:
        y = function(*symbolic(trace, values, ("a",)), **options)
        shapes.append(y.shape)
        return {"y": y.reshape(-1) if y.ndim != 1 else y}

    program = Program(build, {"y": 0}, np.float64)
    return _Compiled(program, shapes[0])
