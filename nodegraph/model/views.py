"""The arrays of a model by node name, to read and to assign."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import replace
from functools import cache
from html import escape
from reprlib import repr as shortened
from typing import Any, NoReturn

import numpy as np

from nodegraph.arrays import cast, copy_tree, is_sparse, leaves, read_only, tree_map
from nodegraph.errors import (
    ArgumentError,
    DataError,
    NotFittedError,
    UnknownKeyError,
    UnknownNameError,
)
from nodegraph.graph.names import node_name
from nodegraph.graph.strangers import refuse_name
from nodegraph.model.mover import Mover
from nodegraph.model.state import ModelState

__all__ = ["ArraysView", "Named", "plain"]

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


def _as_shown(tree: Any) -> Any:
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


class Named(dict[str, Any]):
    """What is known by node name; a name without it is told what there is.

    Parameters
    ----------
    what : str
        What a value is, for messages.
    known : dict
    """

    def __init__(self, what: str, known: Mapping[str, Any]):
        super().__init__(known)
        self.what = what

    def __missing__(self, name: Any) -> NoReturn:
        there = f"there are those of {', '.join(self)}" if self else "the data had none"
        raise UnknownKeyError(f"no {self.what} for {name!r}: {there}")

    def __reduce__(self) -> Any:
        return dict, (dict(self),)


class ArraysView(MutableMapping[str, Any]):
    """Params or states by node name: to read, and to change by assigning all arrays of a node.

    What is read cannot be written to, since compiled loops have laid it out for themselves. Once
    the model has gone on, what was read before stays as it was, and is no longer to be assigned.

    Parameters
    ----------
    settle : callable
        Returns where the model stands now.
    field : {"params", "state"}
    mover : Mover
        Who lets one thread at a time change the model.
    """

    def __init__(self, settle: Callable[[], ModelState], field: str, mover: Mover):
        self._settle, self._state, self._field, self._mover = settle, settle(), field, mover

    def __getitem__(self, name: str) -> Any:
        return _as_shown(getattr(self._slot(name)[1], self._field))

    def __setitem__(self, name: str, value: Any) -> None:
        with self._mover:
            if self._settle() is not self._state:
                raise DataError(
                    f"these {self._field} were read before the model went on, which would not "
                    f"hear of a change: write model.{self._field}[{name!r}] = ..."
                )
            self._assign(*self._slot(name), value)

    def _assign(self, name: str, slot: Any, value: Any) -> None:
        kept = self._state.plan.nodes[name].double if self._field == "state" else ()
        before = getattr(slot, self._field)
        value = _alike(f"{self._field}[{name!r}]", plain(value), before)
        value = copy_tree(cast(value, self._state.initializer.dtype, kept))
        self._state.slots[name] = replace(slot, **{self._field: value})
        if self._field == "params":
            self._state.given(name, _changed(before, value))

    def __delitem__(self, name: str) -> None:
        raise DataError(f"the {self._field} of {name!r} cannot be deleted; they belong to a node")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_") or name not in self._state.plan.nodes:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        raise UnknownNameError(f"write model.{self._field}[{name!r}]")

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._state.plan.nodes if name in self._state.slots)

    def __len__(self) -> int:
        return len(self._state.slots)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __repr__(self) -> str:
        return "\n".join(
            f"{name}: "
            + (", ".join(f"{path} {np.shape(a)}" for path, a in leaves(self[name])) or "none")
            for name in self
        )

    def _slot(self, name: str) -> tuple[str, Any]:
        name = node_name(name, list(self._state.plan.nodes), self._field)
        if name not in self._state.slots:
            raise NotFittedError(
                f"{name} has no {self._field} yet: sizes come with the first data; call fit or run"
                + "; for a state to start from, write it as start= of the node"
                * (self._field == "state")
            )
        return name, self._state.slots[name]


def _changed(old: Any, new: Any) -> list[str]:
    """Return the fields in which new params are not the old ones."""
    return [
        field
        for field in getattr(old, "_fields", ())
        if not _same(getattr(old, field), getattr(new, field))
    ]


def _same(old: Any, new: Any) -> bool:
    pairs = zip(leaves((old,)), leaves((new,)), strict=True)
    return all(
        (a != b).nnz == 0 if is_sparse(a) and is_sparse(b) else np.array_equal(a, b)
        for (_, a), (_, b) in pairs
    )


def _alike(where: str, new: Any, old: Any) -> Any:
    """Return new arrays as numbers of the same kind as the old ones, in whose places they fit."""
    here, there = dict(leaves(new)), dict(leaves(old))
    if here.keys() != there.keys():
        raise DataError(
            f"{where}: expected a tuple of {', '.join(there)}, got {shortened(new)}; write "
            "._replace(...) to change one"
        )
    parts = iter([_number(f"{where}.{path}", here[path], array) for path, array in there.items()])
    return tree_map(lambda _: next(parts), new)


def _number(where: str, new: Any, old: Any) -> Any:
    array = new if is_sparse(new) else np.asarray(new)
    if array.shape != np.shape(old):
        raise DataError(f"{where}: expected shape {np.shape(old)}, got {array.shape}")
    if array.dtype.kind not in "fiub":
        raise DataError(f"{where}: expected numbers, got {array.dtype} values")
    if np.isnan(array.data if is_sparse(array) else array).any():
        raise DataError(f"{where}: NaN is no number to go on with")
    dtype = getattr(old, "dtype", array.dtype)
    alike = array if dtype.kind == array.dtype.kind else array.astype(dtype)
    if is_sparse(alike) or np.array_equal(alike, array):
        return alike
    raise DataError(f"{where}: expected {dtype}, got {array.dtype} values that are none")
