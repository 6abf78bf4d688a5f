"""Learning curves: how each node that learns online does, point by point, while it does."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from nodegraph.arrays import Array, is_sparse
from nodegraph.engines import Engine
from nodegraph.plan import Plan
from nodegraph.progress import Progress
from nodegraph.rule import Rule
from nodegraph.slot import Chunk, Slot, Work

__all__ = ["Curves", "Watch"]

Curves = dict[str, dict[str, Array]]
SHOWN = 4  # nodes on the progress line


class Watch:
    """Looks at the nodes that learn online each time that some steps are over.

    Parameters
    ----------
    every : int, optional
        Steps from point to point; without it one for each chunk.
    progress : Progress
        Who is told of the newest points.
    before : dict
        Curves to go on from.
    """

    def __init__(self, every: int | None, progress: Progress, before: Curves | None = None):
        self.every, self.progress = every, progress
        self._points: dict[str, dict[str, list[float]]] = {
            name: {what: values.tolist() for what, values in curve.items()}
            for name, curve in (before or {}).items()
        }

    def rows(self, most: int) -> int:
        """Return how many steps go through at a time, of `most` that might."""
        return most if self.every is None else min(most, self.every)

    def execute(
        self,
        engine: Engine,
        plan: Plan,
        slots: dict[str, Slot],
        chunks: Iterable[Chunk],
        work: Work,
    ) -> Iterator[dict[str, Array]]:
        """Let `engine` execute `plan`, and take a point of each curve after each chunk."""
        names = [n for n in plan.reads if n in work.learn and plan.rules[n].online]
        passing: deque[Chunk] = deque()
        before = {name: _weights(plan.rules[name], slots[name]) for name in names}
        wanted = (*work.wanted, *(name for name in names if name not in work.wanted))
        watched = work._replace(wanted=wanted)
        for outputs in engine.execute(plan, slots, _noted(chunks, passing), watched):
            chunk = passing.popleft()
            for name in names:
                rule, slot = plan.rules[name], slots[name]
                now = _weights(rule, slot)
                found = {
                    "change": _change(before[name], now),
                    **_error(chunk, name, outputs[name]),
                    **rule.measure(slot.params, slot.memory),
                }
                self._add(name, chunk.n_steps, found)
                before[name] = now
            self.progress.note(self.line())
            yield {name: outputs[name] for name in work.wanted}

    def _add(self, name: str, n_steps: int, found: Mapping[str, float]) -> None:
        curve = self._points.setdefault(name, {"step": []})
        so_far = len(curve["step"])
        curve["step"].append((curve["step"][-1] if so_far else 0) + n_steps)
        for what, value in found.items():
            curve.setdefault(what, [np.nan] * so_far).append(float(value))
        for values in curve.values():
            values += [np.nan] * (so_far + 1 - len(values))

    def line(self) -> str:
        """Return the newest point of the first nodes, in a few words."""
        parts = []
        for name, curve in list(self._points.items())[:SHOWN]:
            what = "error" if "error" in curve else "change"
            parts.append(f"{name} {what} {curve[what][-1]:.3g}")
        more = len(self._points) - SHOWN
        return ", ".join(parts) + (f" and {more} more" if more > 0 else "")

    def curves(self) -> Curves:
        """Return the curves as arrays of equal length, by node and by what was measured."""
        return {
            name: {what: np.array(values) for what, values in curve.items()}
            for name, curve in self._points.items()
        }


def _noted(chunks: Iterable[Chunk], passing: deque[Chunk]) -> Iterator[Chunk]:
    for chunk in chunks:
        passing.append(chunk)
        yield chunk


def _weights(rule: Rule, slot: Slot) -> list[Array]:
    """Return copies of what a rule changes."""
    found = [getattr(slot.params, name) for name in rule.modifies]
    return [np.array(W.data if is_sparse(W) else W, float) for W in found]


def _change(before: list[Array], now: list[Array]) -> float:
    """Return how far weights have moved, over how large they are; 0 where they are all 0."""
    moved = _size([b - a for a, b in zip(before, now, strict=True)])
    size = max(_size(before), _size(now))
    return moved / size if size else 0.0


def _size(arrays: list[Array]) -> float:
    return float(np.sqrt(sum(np.vdot(a, a) for a in arrays)))


def _error(chunk: Chunk, name: str, ys: Array) -> dict[str, float]:
    """Return the root of the mean squared error of what was predicted before each update."""
    target = chunk.targets.get(name)
    if target is None:
        return {}
    rows = np.isfinite(target).all(axis=1) & (np.arange(len(target)) >= chunk.learn_from)
    wrong = ys[rows] - target[rows]
    return {"error": float(np.sqrt((wrong**2).mean())) if rows.any() else np.nan}
