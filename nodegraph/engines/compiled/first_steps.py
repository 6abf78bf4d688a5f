"""The first steps of a compiled program beside the same steps in numpy: what tracing cannot see."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np

from nodegraph.arrays import Array, is_sparse, leaves, read_only
from nodegraph.compiling.layout import mapped
from nodegraph.compiling.program import Frame, Program
from nodegraph.compiling.sparse import sliced
from nodegraph.compiling.words import by_numpy
from nodegraph.graph.rule import Seen

__all__ = ["difference"]

STEPS = 3
NEAR = {8: 1e-6, 4: 1e-3}  # of the largest number of an array, by bytes of the precision
ROUNDING = 16  # units in the last place of the largest number heard: what cancels leaves no more


def difference(
    program: Program,
    node: Any,
    params: Any,
    state: Any,
    widths: Any,
    rule: Any = None,
    memory: Any = (),
    taught: bool = False,
) -> tuple[str, str] | None:
    """Return which method has other numbers compiled than in numpy, and which numbers; or None.

    Inputs are drawn, always the same. A step that raises in numpy is not compared. Words of
    `nodegraph.maths` go by numpy first; where a last bit decides, as in ``a != b``, by themselves.
    """
    rows = _rows(program, widths, taught)
    limits = {port: bound for port, bound in node.limits.items() if port in rows}
    rows |= {port: bound.brought_in(rows[port]) for port, bound in limits.items()}
    found = None
    for words in (by_numpy, nullcontext):
        frame = _frame(program, params, state, memory)
        with words():
            found = _first_difference(frame, node, rule, (params, state, memory), rows)
        if found is None:
            return None
    return found


def _first_difference(
    frame: Frame, node: Any, rule: Any, before: Any, rows: dict[str, Array]
) -> tuple[str, str] | None:
    y = np.empty((1, frame.program.n_out), frame.program.dtype)
    for t in range(STEPS):
        heard = [before[1], *(array[t] for array in rows.values())]
        least = ROUNDING * np.finfo(frame.program.dtype).eps * _largest(heard)
        try:
            with np.errstate(all="ignore"):
                before, expected = _step(node, rule, read_only(before), rows, t)
        except Exception:
            return None
        frame.run({"y": y, **{port: array[t : t + 1] for port, array in rows.items()}}, 1)
        if not _is_near(y[0], expected, least):
            return "step", f"y is {_said(y[0], expected)}"
        for name, tree in zip(("params", "state", "memory"), before, strict=True):
            for where, found, wanted in _moved(frame, name[0], tree):
                if not _is_near(found, wanted, least):
                    label = ".".join((name, *map(str, where[1:])))
                    method = "step" if name == "state" else "update"
                    return method, f"{label} is {_said(found, wanted)}"
    return None


def _rows(program: Program, widths: Any, taught: bool) -> dict[str, Array]:
    rng = np.random.default_rng(0)
    sizes = {**widths, "target": program.n_out} if taught else dict(widths)
    return {
        port: rng.standard_normal((STEPS, n)).astype(program.dtype) for port, n in sizes.items()
    }


def _step(node: Any, rule: Any, before: Any, rows: dict[str, Array], t: int) -> Any:
    """Return ``((params, state, memory), y)`` one step later, in plain numpy."""
    params, state, memory = before
    now = {port: array[t].copy() for port, array in rows.items()}
    x, target = now.pop("x"), now.pop("target", None)
    own = () if rule is None else rule.ports
    heard = {p: row for p, row in now.items() if p not in own}
    first, (state, y) = state, node.step(params, state, x, **heard)
    if rule is not None:
        params, memory = rule.update(params, memory, Seen(x, y, state, target, now, before=first))
    return (params, state, memory), y


def _frame(program: Program, params: Any, state: Any, memory: Any) -> Frame:
    arrays: dict[Any, Array] = {}
    for letter, tree in (("p", params), ("s", state), ("m", memory)):
        laid = program.lay(tree, (letter,))
        arrays |= {path: a.copy() if path in program.moving else a for path, a in laid.items()}
    arrays["learn",] = np.ones((), np.uint8)
    frame = Frame(program, arrays, state)
    frame.put(state)
    return frame


def _moved(frame: Frame, letter: str, tree: Any) -> list[tuple[Any, Any, Any]]:
    """Return path, compiled and plain numbers of what a step changes."""
    found: list[Any] = []

    def one(where: Any, array: Any) -> None:
        data = *where, "data"
        if is_sparse(array) and data in frame.program.moving:
            found.append((where, frame.arrays[data], sliced(array)["data"]))
        elif where in frame.program.moving and where in frame.arrays:
            kept = frame.program.seen(where, frame.arrays[where], np.asarray(array).dtype)
            found.append((where, kept, array))

    mapped(tree, (letter,), one)
    return found


def _largest(heard: list[Any]) -> float:
    """Return the largest size of a number in trees of arrays."""
    arrays = [leaf for _, leaf in leaves(tuple(heard)) if not is_sparse(leaf) and np.size(leaf)]
    sizes = [float(np.abs(array).max()) for array in arrays if np.asarray(array).dtype.kind == "f"]
    return max((size for size in sizes if np.isfinite(size)), default=0.0)


def _is_near(found: Any, wanted: Any, least: float) -> bool:
    """Tell whether numbers are near each other, or floats no further apart than `least`."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    finite = np.isfinite(wanted)
    if found.shape != wanted.shape or not finite.any():
        return bool(found.shape == wanted.shape)
    near = NEAR.get(wanted.dtype.itemsize, 1e-6) if wanted.dtype.kind == "f" else 0
    largest = max(float(np.abs(wanted[finite].astype(float)).max()), 1e-30)
    gap = np.abs(found[finite].astype(float) - wanted[finite].astype(float))
    least *= wanted.dtype.kind == "f"
    return bool((gap <= max(near * largest, least)).all())


def _said(found: Any, wanted: Any) -> str:
    found, wanted = np.ravel(found), np.ravel(wanted)
    with np.errstate(invalid="ignore"):
        gap = np.abs(found.astype(float) - wanted.astype(float))
    worst = int(np.where(np.isfinite(wanted), np.nan_to_num(gap, nan=np.inf), -1).argmax())
    return f"{found[worst]:.6g} compiled and {wanted[worst]:.6g} in Python"
