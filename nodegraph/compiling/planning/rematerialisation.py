"""What is kept in memory, and what is worked out again wherever it is needed.

A *root* is an operation whose numbers are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from nodegraph.compiling.indexing import gathers
from nodegraph.compiling.ir import Op, Trace, steady
from nodegraph.compiling.planning.layout import fits, order_for, order_of_root
from nodegraph.compiling.planning.storage import Memory, Users

__all__ = ["roots_of"]

_COSTS = {"spread": 0, "divide": 3, "sqrt": 4, "exp": 8, "tanh": 9, "sigmoid": 9, "expm1": 8,
          "power": 20, "sin": 15, "cos": 15, "log": 15, "softplus": 20, "rest": 4,
          "quotient": 4}  # fmt: skip
_ENOUGH = 30  # dear enough to be kept


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
        op.args = (*op.args[:i], made, *op.args[i + 1 :])
        self.live[made] = [(op, i)]
        self.live[arg] = [(u, k) for u, k in self.live[arg] if not (u is op and k == i)]
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
