"""Places in memory: what lies where, and which arrays follow one another in a place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nodegraph.compiling.arrays import Var
from nodegraph.compiling.ir import Op, Region, Trace, TraceError, fastest
from nodegraph.compiling.operands import cast, lift

__all__ = ["IN_PLACE", "REGIONS", "Memory", "Storage", "Users", "changed", "finals_of", "users_of"]

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
        The axes from the fastest to the slowest, once `settle` has chosen; in panels ``(0, 1, 0)``
        and behind them the first rows of parts that are read apart.
    """

    def __init__(self, path: Any, dims: Iterable[Any], dtype: str):
        self.path, self.dims, self.dtype = path, tuple(dims), dtype
        self.order: tuple[int, ...] = ()
        self.slow: set[int] = set()  # axes of which single places are looked at
        self.loop: Op | None = None  # what comes out of the loop whose turns change it

    @property
    def buffer(self) -> bool:
        """Whether it is nobody's outside of the step."""
        return isinstance(self.path, tuple) and self.path[0] == "buffer"

    @property
    def in_panels(self) -> bool:
        """Whether it is a matrix that lies in panels, some rows of it in each."""
        return len(self.order) > len(self.dims)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(d.value for d in self.dims)

    def settle(self) -> None:
        """Choose the order of the axes."""
        if self.order:
            return
        rank = len(self.dims)
        many = rank > 0 and self.dims[-1].root().many  # series side by side come first
        rest = range(rank - many)
        slow = sorted(self.slow.intersection(rest))
        quick = [a for a in rest if a not in self.slow]
        if quick and fastest([self.dims[a].value for a in quick]) != 0:
            quick = quick[::-1]
        self.order = (*(rank - 1,) * many, *quick, *slow[::-1])


def first_of(axis: int, rank: int) -> tuple[int, ...]:
    """Return an order of axes with `axis` as the fastest."""
    return (axis, *[a for a in range(rank) if a != axis])


def changed(op: Op) -> tuple[int, ...]:
    """Return which operands an operation finds in its own place, and changes there."""
    return {"put": (0,), "rankone": (0,), "condout": (1, 2)}.get(op.kind, ())


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
    apart : set
        Leaves (by path) and loops whose arrays are made in buffers and copied back, and operations
        that change a copy; see `home`.

    Attributes
    ----------
    storage : dict of Op to Storage
        Each version of an array that is changed in place has the same one.
    leaf_storage : dict of path to Storage
    """

    def __init__(self, trace: Trace, finals: dict[Any, Op], live: Users, apart: set[Any]):
        self._trace, self._finals, self._live, self._apart = trace, finals, live, apart
        self.storage: dict[Op, Storage] = {}
        self.leaf_storage: dict[Any, Storage] = {}
        for path, op in trace.leaves.items():
            self.leaf_storage[path] = self.storage[op] = Storage(path, op.dims, op.dtype)
        self._claim_loops()
        self._claim_outputs()

    def buffer(self, op: Op) -> Storage:
        """Return a new place for `op` that lives for one step."""
        return Storage(("buffer", op.number), op.dims, op.dtype)

    def home(self, op: Op) -> Any:
        """Return what is to be kept apart so that `op` is made elsewhere; None if that cannot be.

        That is the path of a leaf, a loop, or `op` itself, if it changes what another one made.
        """
        store = self.storage.get(op)
        if store is None or store.path == "y" or op.kind == "loopout":
            return None
        if store.loop is not None:
            return store.loop
        return (op if changed(op) else None) if store.buffer else store.path

    def copied_for(self, op: Op, k: int) -> Op:
        """Let `op` change a copy of operand `k`; return that."""
        made, number = self._copy_of(op.args[k]), op.number
        made.region = _home(op, k)
        if made.region is op.region and op.kind in REGIONS:  # before all that happens inside
            first = min([o.number for o in op.value.ops], default=number)
            number = first - 0.25 / (1 + op.value.outs.index(op))
        made.number = number - 0.5
        self.read_instead(op, k, made)
        return made

    def read_instead(self, op: Op, k: int, made: Op) -> None:
        """Let `op` have `made` in place of operand `k`."""
        users = self._live[op.args[k]]
        users[:] = [(user, i) for user, i in users if not (user is op and i == k)]
        op.args = (*op.args[:k], made, *op.args[k + 1 :])
        self._live.setdefault(made, []).append((op, k))

    def _claim_loops(self) -> None:
        """Let each array of a loop change in place, in a buffer of its own."""
        for op in [o for o in self._live if o.kind == "loopout"]:
            carries = [o for o in op.value.ops if o.kind == "carry"]
            carry, start = carries[op.value.outs.index(op)], self.copied_for(op, 0)
            self.read_instead(carry, 0, start)
            store = self.buffer(start)
            store.loop = op
            self.storage.update(dict.fromkeys((start, carry, op), store))
            self._claim_part(op, 1, store)

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
            op = self._copy_of(op)
        if path in self._apart:
            self._claim(op, self.buffer(op))
            op = self._copy_of(op)
        self._finals[path] = op
        store = self.leaf_storage.get(path)
        if store is None:
            store = Storage(path, op.dims, op.dtype)
            store.order = tuple(range(op.ndim)[::-1])
        self._claim(op, store)

    def _copy_of(self, op: Op) -> Op:
        made = self._trace.placed("elem", (op,), ("spread",), op)
        self._live[op].append((made, 0))
        self._live[made] = []
        return made

    def _claim(self, op: Op, store: Storage) -> None:
        """Let `op` be kept in `store`, and what it changes in place too, or a copy of that."""
        if op in self.storage:
            return
        self.storage[op] = store
        for k in changed(op):
            self._claim_part(op, k, store)

    def _claim_part(self, op: Op, k: int, store: Storage) -> None:
        if not self._may_change(op, k, store):
            if op in self._apart:
                self._keep_apart(op, k)
            self.copied_for(op, k)
        self._claim(op.args[k], store)

    def _keep_apart(self, op: Op, k: int) -> None:
        """Let operand `k` have a buffer of its own; of a loop, what is at home elsewhere, too."""
        base, made_here = op.args[k], ("elem", *IN_PLACE)
        if op.kind == "loopout" and (base in self.storage or base.kind not in made_here):
            base = self.copied_for(op, k)
            base.number -= 0.25  # before the copy that is made of it
        if base.kind in made_here:
            self._claim(base, self.buffer(base))

    def _may_change(self, op: Op, k: int, store: Storage) -> bool:
        base = op.args[k]
        if op in self._apart:
            return False
        if base in self.storage:
            return self.storage[base] is store
        home = _home(op, k)
        if home is not op.region and not base.region.within(home):
            return False  # it is made whether a branch happens or not, or once for all turns
        if any(o is base for path, o in self._finals.items() if path not in (store.path, "y")):
            return False  # it is the outcome of another leaf
        plain = base.kind == "elem" and base.shape == store.shape
        return (plain or base.kind in IN_PLACE) and base.region.loop() is home.loop()


def _home(op: Op, k: int) -> Region:
    """Return where operand `k` is made, which `op` changes: outcomes of a region in it."""
    made_inside = op.kind in REGIONS and k == 1
    return op.value if made_inside else op.region  # type: ignore[no-any-return]
