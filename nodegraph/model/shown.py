"""Arrays of a model as they are shown: short to print, and not to be written to."""

from __future__ import annotations

from functools import cache
from html import escape
from typing import Any, NoReturn

import numpy as np

from nodegraph.arrays import is_sparse, leaves, read_only
from nodegraph.errors import ArgumentError, DataError
from nodegraph.graph.strangers import refuse_name

__all__ = ["as_shown", "plain"]

FEW = 8  # numbers that are printed


class Shown(np.ndarray):
    """A view that says how to change what it shows; what is computed from it is a plain array."""

    def __setitem__(self, key: Any, value: Any) -> None:
        if not self.flags.writeable:
            _refuse()
        super().__setitem__(key, value)

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: Any, out: Any = (), **options: Any
    ) -> Any:
        """Compute with plain arrays; refuse to write into what is only shown."""
        if any(isinstance(a, Shown) and not a.flags.writeable for a in out):
            _refuse()
        if out:
            options["out"] = tuple(_bare(a) for a in out)
        return getattr(ufunc, method)(*(_bare(a) for a in inputs), **options)


class _Arrays:
    """What a NamedTuple of shown arrays has beside its fields."""

    __slots__ = ()

    def __getattr__(self, name: str) -> NoReturn:
        refuse_name(type(self).__name__, name, type(self)._fields)  # type: ignore[attr-defined]

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            raise ArgumentError(f"arrays of a node are read by a dot: write .{key}")
        return super().__getitem__(key)  # type: ignore[misc]

    def __setitem__(self, key: Any, value: Any) -> None:
        _refuse()

    def __setattr__(self, name: str, value: Any) -> None:
        _refuse()

    def __delattr__(self, name: str) -> None:
        _refuse()

    def __reduce__(self) -> Any:
        own = plain(self)
        return type(own), tuple(own)

    def __repr__(self) -> str:
        parts = ", ".join(f"{path}: {_described(leaf)}" for path, leaf in leaves(self))
        return f"{type(self).__name__}({parts})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(path)}</td><td>{escape(_described(leaf))}</td></tr>"
            for path, leaf in leaves(self)
        )
        return f"<table>{rows}</table>"


def as_shown(tree: Any) -> Any:
    """Return a tree of arrays as views that cannot be written to."""
    return _shown(read_only(tree))


def plain(tree: Any) -> Any:
    """Return a tree as a model holds it: its own kinds of NamedTuple, plain arrays."""
    if not isinstance(tree, tuple):
        return _bare(tree)
    kind, parts = getattr(type(tree), "own", type(tree)), [plain(part) for part in tree]
    return kind(*parts) if hasattr(kind, "_fields") else tuple(parts)


def _shown(tree: Any) -> Any:
    if not isinstance(tree, tuple):
        return tree.view(Shown) if isinstance(tree, np.ndarray) else tree
    parts = [_shown(part) for part in tree]
    return _kind(type(tree))(*parts) if hasattr(tree, "_fields") else tuple(parts)


@cache
def _kind(own: type) -> Any:
    return type(own.__name__, (_Arrays, own), {"__slots__": (), "own": own})


def _bare(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Shown) else value


def _described(value: Any) -> str:
    if is_sparse(value):
        return f"{value.shape} {value.dtype}, {value.nnz} not zero"
    if not isinstance(value, np.ndarray):
        return repr(value)
    if value.size <= FEW:
        return np.array2string(_bare(value), precision=4, separator=", ").replace("\n", "")
    return f"{value.shape} {value.dtype}, {value.min():.4g} to {value.max():.4g}"


def _refuse() -> NoReturn:
    raise DataError(
        "params and states are shown read-only; assign all arrays of a node to change one, as in "
        'p = model.params["r"]; model.params["r"] = p._replace(W=2 * p.W)'
    )
