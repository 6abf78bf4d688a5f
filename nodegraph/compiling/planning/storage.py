"""Places in memory: what lies where, and which arrays follow one another in a place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nodegraph.compiling.arrays import Var
from nodegraph.compiling.ir import Op, Trace, TraceError, fastest
from nodegraph.compiling.operands import cast, lift

__all__ = ["IN_PLACE", "REGIONS", "Memory", "Storage", "Users", "finals_of", "users_of"]

IN_PLACE = ("put", "rankone", "condout")  # what may change an array where it lies
REGIONS = ("condout", "loopout")  # what comes out of a branch or a loop
Users = dict[Op, list[tuple[Op, int]]]


class Storage:
    """A place in memory: a leaf's own, or a buffer.

    Parameters
    ----------
    path : tuple or str
        Of a leaf or of the output; ``("buffer", ..)`` of what lives for one step.
    dims : sequence of Dim
    dtype : str

    Attributes
    ----------
    order : tuple of int
        The axes from the fastest to the slowest, once `settle` has chosen.
    """

    def __init__(self, path: Any, dims: Iterable[Any], dtype: str):
        self.path, self.dims, self.dtype = path, tuple(dims), dtype
        self.order: tuple[int, ...] = ()
        self.slow: set[int] = set()  # axes of which single places are looked at
        self.carry: Op | None = None  # of a loop: what each turn finds here

    @property
    def buffer(self) -> bool:
        """Whether it is nobody's outside of the step."""
        return isinstance(self.path, tuple) and self.path[0] == "buffer"

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(d.value for d in self.dims)

    def settle(self) -> None:
        """Choose the order of the axes."""
        if self.order:
            return
        rank = len(self.dims)
        many = rank > 0 and self.dims[0].root().many  # series side by side come first
        rest = range(1 if many else 0, rank)
        slow = sorted(self.slow.intersection(rest))
        quick = [a for a in rest if a not in self.slow]
        if quick and fastest([self.dims[a].value for a in quick]) != 0:
            quick = quick[::-1]
        self.order = (*(0,) * many, *quick, *slow[::-1])


def first_of(axis: int, rank: int) -> tuple[int, ...]:
    """Return an order of axes with `axis` as the fastest."""
    return (axis, *[a for a in range(rank) if a != axis])


def finals_of(trace: Trace, outputs: dict[Any, Var]) -> dict[Any, Op]:
    """Return what makes ``"y"`` and each leaf that changes, by path."""
    with trace:
        finals = {path: _final(trace, path, var) for path, var in outputs.items()}
    return {path: op for path, op in finals.items() if op is not trace.leaves.get(path)}


def _final(trace: Trace, path: Any, var: Any) -> Op:
    op = lift(var)
    leaf = trace.leaves.get(path)
    if leaf is not None:
        if op.shape != leaf.shape:
            raise TraceError(f"{_said(path)} had shape {leaf.shape}, and now {op.shape}")
        op = cast(op, leaf.dtype)
        for a, b in zip(op.dims, leaf.dims, strict=True):
            b.same(a)
    return op


def _said(path: Any) -> str:
    return ".".join(str(p) for p in path) if isinstance(path, tuple) else str(path)


def users_of(finals: dict[Any, Op]) -> Users:
    """Return who uses what: each operation that counts, with its users."""
    users: Users = {}
    stack = list(finals.values())
    for op in stack:
        users.setdefault(op, [])
    seen = set()
    while stack:
        op = stack.pop()
        if op in seen:
            continue
        seen.add(op)
        for i, arg in enumerate(op.args):
            users.setdefault(arg, []).append((op, i))
            stack.append(arg)
        if op.kind == "loopout":  # one array of a loop may need another
            for out in op.value.outs:
                users.setdefault(out, [])
                stack.append(out)
    return users


class Memory:
    """Where everything that is kept lies: leaves, the output, and what can be changed in place.

    Parameters
    ----------
    trace : Trace
    finals : dict of path to Op
        What makes ``"y"`` and each leaf that changes; copies take the place of what is at home
        elsewhere.
    live : Users

    Attributes
    ----------
    storage : dict of Op to Storage
        Each version of an array that is changed in place has the same one.
    leaf_storage : dict of path to Storage
    """

    def __init__(self, trace: Trace, finals: dict[Any, Op], live: Users):
        self._trace, self._finals, self._live = trace, finals, live
        self.storage: dict[Op, Storage] = {}
        self.leaf_storage: dict[Any, Storage] = {}
        for path, op in trace.leaves.items():
            self.leaf_storage[path] = self.storage[op] = Storage(path, op.dims, op.dtype)
        self._claim_loops()
        self._claim_outputs()

    def buffer(self, op: Op) -> Storage:
        """Return a new place for `op` that lives for one step."""
        return Storage(("buffer", op.number), op.dims, op.dtype)

    def together(self, one: Op, other: Op) -> bool:
        """Tell whether two arrays share a place, so that one is made from the other in it."""
        return self.storage.get(one) is self.storage[other]

    def copied_back(self, op: Op, store: Storage) -> Op:
        """Return a copy of `op`, the last version of what belongs in `store`, made there."""
        made = self._copy_of(op)
        made.number, made.region, made.value = op.number + 0.5, op.region, "back"
        self.storage[made] = store
        for out in self._live:
            if out.kind == "loopout" and self.storage[out] is store:
                out.args = (out.args[0], made)
        return made

    def _claim_loops(self) -> None:
        """Let each array of a loop change in place, in a buffer of its own."""
        for op in [o for o in self._live if o.kind == "loopout"]:
            start, new = op.args
            store = self.buffer(start)
            self.storage[start] = self.storage[op] = store
            store.carry = next(o for o in op.value.ops if o.kind == "carry" and o.args[0] is start)
            self.storage[store.carry] = store
            self._claim(new, store)

    def _claim_outputs(self) -> None:
        """Let what becomes of a leaf be made where the leaf is."""
        for path in sorted(self._finals, key=lambda path: path == "y"):  # the output comes last
            self._claim_final(path)
        for op in sorted(self._live, key=lambda o: -o.number):
            if op.kind in IN_PLACE and op not in self.storage:
                self._claim(op, self.buffer(op))

    def _claim_final(self, path: Any) -> None:
        """Let an outcome be made where it belongs, or a copy of it, if it is at home elsewhere."""
        op, there = self._finals[path], ("elem",) if path == "y" else ("elem", *IN_PLACE)
        if op in self.storage or op.kind not in there:
            op = self._finals[path] = self._copy_of(op)
        store = self.leaf_storage.get(path)
        if store is None:
            store = Storage(path, op.dims, op.dtype)
            store.order = tuple(range(op.ndim))
        self._claim(op, store)

    def _copy_of(self, op: Op) -> Op:
        made = self._trace.placed("elem", (op,), ("spread",), op)
        self._live[op].append((made, 0))
        self._live[made] = []
        return made

    def _claim(self, op: Op, store: Storage) -> None:
        """Let `op` be kept in `store`, and what it changes in place too."""
        if op in self.storage:
            return
        self.storage[op] = store
        if op.kind in ("put", "rankone"):
            self._claim_base(op.args[0], store, op)
        elif op.kind == "condout":
            _, new, old = op.args
            if new.region.within(op.value):  # else it is made whether it holds or not
                self._claim_base(new, store, op)
            self._claim_base(old, store, op)

    def _claim_base(self, op: Op, store: Storage, by: Op) -> None:
        if self._claimed_by_another(op, store) or op.region.loop() is not by.region.loop():
            return
        if op.kind in IN_PLACE or (op.kind == "elem" and op.shape == store.shape):
            self._claim(op, store)

    def _claimed_by_another(self, op: Op, store: Storage) -> bool:
        """Tell whether `op` is the outcome of another leaf."""
        others = (o for path, o in self._finals.items() if path not in (store.path, "y"))
        return any(o is op for o in others)
