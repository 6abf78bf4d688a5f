"""What becomes of each leaf, and what counts for it."""

from __future__ import annotations

from typing import Any

from nodegraph.compiling.arrays import Var
from nodegraph.compiling.ir import Op, Trace, TraceError
from nodegraph.compiling.operands import cast, lift, spread
from nodegraph.compiling.planning.storage import REGIONS

__all__ = ["Users", "finals_of", "users_of"]

Users = dict[Op, list[tuple[Op, int]]]


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
    elsewhere = op.kind in ("leaf", "const", "view", "reshape", *REGIONS)  # or in another order
    if (elsewhere and op is not leaf) and (op.kind != "condout" or path == "y"):
        op = spread(op, op.dims, key=("copy", path))
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
