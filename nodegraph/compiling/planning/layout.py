"""What is kept in memory, in which order of axes, and what is worked out again where it is needed.

A *root* is an operation whose numbers are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

from nodegraph.compiling.indexing import gathers
from nodegraph.compiling.ir import Op, Trace, fastest, steady
from nodegraph.compiling.planning.storage import Memory, Storage, Users, first_of

__all__ = ["MANY", "axes_of", "lay_in_panels", "panels_of", "roots_of", "settle",
           "vector_of"]  # fmt: skip

MANY = -1  # the label of series side by side
_COSTS = {"spread": 0, "divide": 3, "sqrt": 4, "exp": 8, "tanh": 9, "sigmoid": 9, "expm1": 8,
          "power": 20, "sin": 15, "cos": 15, "log": 15, "softplus": 20, "rest": 4,
          "quotient": 4}  # fmt: skip
_ENOUGH = 30  # dear enough to be kept


def settle(memory: Memory, live: Iterable[Op]) -> None:
    """Choose the order of the axes of each place by how it is used."""
    for op in live:
        if op.kind == "view":
            _slow_down(memory, op.args[0], op.attrs)
        elif op.kind == "put":
            _slow_down(memory, op, op.attrs[0])
            _slow_down(memory, op.args[0], op.attrs[0])
        elif op.kind in ("symv", "rankone"):
            for part in (*op.args, op):
                if part in memory.storage and part.ndim:
                    memory.storage[part].order = _side_by_side(part.ndim)
    for store in memory.storage.values():
        store.settle()


def _side_by_side(rank: int) -> tuple[int, ...]:
    """Return the order of axes in which units lie side by side: of groups of them, or of all."""
    return (2, 1, 0) if rank == 3 else first_of(0, rank)


def _slow_down(memory: Memory, source: Op, spec: Any) -> None:
    """Note the axes of which single places are looked at; they are no use side by side."""
    store = memory.storage.get(source)
    axes = {i for i, part in enumerate(spec) if part[0] != "ax"}
    if store is not None and len(axes) < len(spec):
        store.slow |= axes


def vector_of(op: Op) -> Any:
    """Return the label along which a product goes in SIMD registers."""
    la, _, out, s, order = op.attrs
    if MANY in out:
        return MANY
    return s if order == "lanes" else la[op.args[0].fast]


def order_of_root(op: Op) -> tuple[int, ...]:
    """Return the order of axes in which `op` is made best; empty if that is all the same."""
    if op.kind == "reshape":
        return tuple(range(op.ndim)[::-1])
    if op.kind == "contract":
        out, v = op.attrs[2], vector_of(op)
        return first_of(out.index(v) if v in out else fastest(op.shape), len(out)) if out else ()
    if op.kind == "reduce" and op.ndim:
        (arg,), (name, axis, order) = op.args, op.attrs
        if name == "add" and (order != "lanes" or arg.many):  # sums side by side, as in `fits`
            return first_of(arg.fast - (axis < arg.fast), op.ndim)
    return _side_by_side(op.ndim) if op.kind == "symv" else ()


def _first_for(op: Op, i: int) -> int | None:
    """Return along which axis of operand `i` the product or sum `op` goes; None if along any."""
    arg = op.args[i]
    if op.kind == "contract":
        labels, v = op.attrs[i], vector_of(op)
        return labels.index(v) if v in labels else None
    if op.kind == "reduce":
        name, _, order = op.attrs
        by_prelude = name == "add" or (name == "max" and order == "lanes" and not arg.many)
        return arg.fast if by_prelude else None
    return None if op.kind == "scan" else arg.fast if arg.many else 0


def order_for(op: Op, i: int) -> tuple[int, ...]:
    """Return the order of axes in which the product or sum `op` wants its operand `i`."""
    arg, first = op.args[i], _first_for(op, i)
    if op.kind in ("symv", "rankone"):
        return _side_by_side(arg.ndim)
    return first_of(arg.fast if first is None else first, arg.ndim)


def axes_of(memory: Memory, op: Op) -> tuple[Op, Sequence[int | None]] | None:
    """Return whose numbers those of `op` are a part of, and along which axis of it each axis goes.

    That is None for an axis of length 1. Nothing is returned if the numbers are not kept, or lie
    all over the place.
    """
    if op in memory.storage:
        return op, range(op.ndim)
    inner = axes_of(memory, op.args[0]) if op.kind == "view" else None
    if inner is None or gathers(op.attrs):
        return None
    base, axes = inner
    found: list[int | None] = [None] * op.ndim
    for part, axis in zip(op.attrs, axes, strict=True):
        if part[0] == "ax":
            _, k, _, step = part
            if step != 1 or found[k] is not None:
                return None
            found[k] = axis
    return base, found


def fits(memory: Memory, op: Op, i: int) -> bool:
    """Tell whether numbers of operand `i` lie so that the product or sum `op` can read them."""
    arg = op.args[i]
    found = axes_of(memory, arg)
    if found is None:
        return False
    base, axes = found
    if arg.ndim == 3 and op.kind in ("symv", "rankone"):  # a group in one piece
        store = memory.storage[base]
        whole = store.shape[1:] == arg.shape[1:] and [*axes] == [0, 1, 2]
        return whole and store.order == _side_by_side(3)
    axis = _first_for(op, i)
    return axis is None or axes[axis] == memory.storage[base].order[0]


def roots_of(trace: Trace, memory: Memory, finals: set[Op], live: Users) -> set[Op]:
    """Return what is kept; copies are added to `live` where a product needs another layout."""
    choice = _Choice(trace, memory, live)
    for op in sorted(live, key=lambda o: o.number):
        if op.kind in ("leaf", "const", "carry"):
            continue
        if op.kind not in ("elem", "view") or op in finals or op in memory.storage:
            choice.keep(op)
    for op in sorted(live, key=lambda o: -o.number):  # users first
        choice.consider(op)
    return choice.roots


def lay_in_panels(memory: Memory, live: Users) -> None:
    """Let params lie in panels that never change and that only products with vectors read.

    They read all of their rows, or parts that together are all.
    """
    versions = Counter(memory.storage.values())
    for op, users in live.items():
        if op.kind == "leaf" and op.attrs[0] == "p" and users and versions[memory.storage[op]] == 1:
            parts = [user for user, _ in users if user.kind == "view"]
            readers = [use for part in parts for use in live[part]] if parts else users
            cuts = _cuts(op, parts) if len(parts) in (0, len(users)) else None
            if cuts is not None and all(_reads_panels(*use) for use in readers):
                memory.storage[op].order = (0, 1, 0, *cuts)


def _cuts(matrix: Op, parts: Sequence[Op]) -> list[int] | None:
    """Return where the second and later parts of all rows begin; None if they are other parts."""
    if any(op.ndim != 2 for op in (matrix, *parts)):
        return None
    places = {(_first_row(part), part.shape[0]) for part in parts} or {(0, matrix.shape[0])}
    firsts, ends = sorted(k for k, _ in places), sorted(k + rows for k, rows in places)
    return firsts[1:] if [0, *ends] == [*firsts, matrix.shape[0]] else None


def _first_row(part: Op) -> int:
    """Return the first row of those that a view is, whole ones from there on; else -1."""
    if part.attrs[1:] != (("ax", 1, None, 1),) or part.attrs[0][::3] != ("ax", 1):
        return -1
    at = part.attrs[0][2]
    if at is None:
        return 0
    return int(part.args[at].value) if part.args[at].kind == "const" else -1


def panels_of(memory: Memory, op: Op) -> tuple[Storage, int] | None:
    """Return the matrix in panels that `op` is or is a part of, and the first row of that."""
    store = memory.storage.get(op.args[0] if op.kind == "view" else op)
    if store is None or not store.in_panels:
        return None
    return store, _first_row(op) if op.kind == "view" else 0


def _reads_panels(op: Op, i: int) -> bool:
    """Tell whether `op` is a product with all rows of the matrix that operand `i` is, at once."""
    if op.kind != "contract":
        return False
    (labels, others), (*_, s, order) = (op.attrs[i], op.attrs[1 - i]), op.attrs
    row = vector_of(op)
    return bool(order == "four" and labels == (row, s) and row not in others)


class _Choice:
    def __init__(self, trace: Trace, memory: Memory, live: Users):
        self.trace, self.memory, self.live = trace, memory, live
        self.roots: set[Op] = set()
        self.evaluations: dict[Op, int] = {}

    def keep(self, op: Op) -> None:
        """Make a root of `op`, with a place if it has none; numbers stay in registers."""
        if op in self.roots:
            return
        self.roots.add(op)
        if op not in self.memory.storage and (op.ndim or op.kind != "elem"):
            store = self.memory.storage[op] = self.memory.buffer(op)
            store.order = order_of_root(op)
            store.settle()

    def consider(self, op: Op) -> None:
        """Keep `op`, or what it reads, if that is better or if there is no other way."""
        self.evaluations[op] = self._evaluations(op)
        for i in _operands_in_memory(op):
            if not fits(self.memory, op, i):
                self._lay_out(op, i)
        if op.kind == "elem" and op not in self.roots and self._worth_keeping(op):
            self.keep(op)
        elif op.kind == "view" and op.args[0].kind == "elem" and gathers(op.attrs):
            self.keep(op.args[0])

    def _evaluations(self, op: Op) -> int:
        """Return how often numbers of `op` are asked for in a step, where it is not kept."""
        count = 0
        for user in {id(u): u for u, _ in self.live[op]}.values():
            if user.kind == "view" or (user.kind == "elem" and user not in self.roots):
                more = self.evaluations.get(user, 0)
            else:
                more = prod(user.shape) if user.kind == "elem" else prod(op.shape)
            region = user.region
            while region is not op.region and region is not None:
                more, region = more * region.times, region.parent
            count += more
        return count

    def _worth_keeping(self, op: Op) -> bool:
        """Tell whether it is better to keep the numbers of `op` than to work them out again."""
        if not op.ndim:
            return True
        cost = self._cost(op)
        if cost == 0:
            return False
        users = {id(u): u for u, _ in self.live[op]}.values()
        if len(users) > 1 and any(u.kind == "elem" and u.region is not op.region for u in users):
            return True
        size, again = max(prod(op.shape), 1), self.evaluations[op]
        return (again - size) * cost >= 2 * size  # to store and to load is worth two operations

    def _cost(self, op: Op) -> int:
        """Return about how many operations it takes to know one number of `op`, up to 30."""
        total, seen, stack = 0, 0, [op]
        while stack and total < _ENOUGH and seen < 10 * _ENOUGH:
            one = stack.pop()
            seen += 1
            if one.kind not in ("elem", "view") or (one is not op and one in self.roots):
                continue
            if one.kind == "elem":
                total += _COSTS.get(one.attrs[0], 1)
            stack += one.args if one.kind == "elem" else one.args[:1]
        return total if not stack else _ENOUGH

    def _lay_out(self, op: Op, i: int) -> None:
        """Let `op` read from a copy of operand `i`, with its numbers in the order that it wants."""
        arg = op.args[i]
        if arg.kind == "elem" and arg not in self.roots:
            self.keep(arg)
            if fits(self.memory, op, i):
                return
        key = ("laid", op.number, i)
        made = self.trace.op("elem", (arg,), ("spread",), arg.dims, arg.dtype, key=key)
        made.region = steady(op.region, made.args)
        store = self.memory.storage[made] = self.memory.buffer(made)
        store.order = order_for(op, i)
        self.roots.add(made)
        self.memory.read_instead(op, i, made)
        self.live[arg].append((made, 0))


def _operands_in_memory(op: Op) -> Sequence[int]:
    """Return the operands that a product or sum reads from memory."""
    if op.kind == "sparse":
        return 0, op.attrs[0]
    if op.kind == "sparsescan":
        return (0,)
    if op.kind == "rankone":  # which changes the first, and may have numbers for others
        return [i for i, a in enumerate(op.args) if i > 0 and a.ndim]
    return range(len(op.args)) if op.kind in ("contract", "reduce", "symv", "scan") else ()
