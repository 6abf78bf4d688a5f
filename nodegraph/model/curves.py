"""Learning curves: how each node that learns online does, point by point, while it does."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.series import Chunk
from nodegraph.engines import Engine
from nodegraph.engines.meter import Meter, Point
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot, widths
from nodegraph.graph.plan import Plan
from nodegraph.host.progress import Progress
from nodegraph.model.checks import checked_watch

__all__ = ["Curves", "Recorder", "recorder_of"]

Curves = dict[str, dict[str, Array]]
SHOWN = 4  # nodes on the progress line


def recorder_of(
    watch: bool | int, progress: Progress | None, before: Curves | None = None
) -> Recorder | None:
    """Return who takes the curves that are asked for, going on from those before; None for none."""
    return None if watch is False else Recorder(checked_watch(watch), progress, before)


class Recorder:
    """Has points taken of the curve of each node that learns online, each time after some steps.

    Points come after as many steps on any engine that takes them where the weights are; on others
    (and on the local one, for which that is the same) after each chunk.

    Parameters
    ----------
    every : int, optional
        Steps from point to point; without it one for each chunk.
    progress : Progress, optional
        Who is told of the newest points.
    before : dict
        Curves to go on from.
    """

    def __init__(self, every: int | None, progress: Progress | None, before: Curves | None = None):
        self.every, self.progress = every, progress
        self._points = _listed(before or {})
        self._elsewhere = False  # whether a part of the next point is in workers

    def rows(self, engine: Engine, plan: Plan, sizes: Mapping[str, int]) -> int:
        """Return how many steps go through `engine` at a time."""
        most = engine.rows(plan, sizes)
        return most if engine.remote or self.every is None else min(most, self.every)

    def execute(
        self,
        engine: Engine,
        plan: Plan,
        slots: dict[str, Slot],
        chunks: Iterable[Chunk],
        request: Request,
    ) -> Iterator[dict[str, Array]]:
        """Let `engine` execute `plan`; take points of the curves of those that learn online."""
        rules = {
            n: plan.rules[n] for n in plan.reads if n in request.learn and plan.rules[n].online
        }
        if not rules:
            return engine.execute(plan, slots, chunks, request)
        if not engine.remote:
            return self._look(Meter(rules, slots), engine, plan, slots, chunks, request)
        self._elsewhere = True
        most = plan.chunk_rows(widths(slots))
        every = most if self.every is None else min(most, self.every)

        def tell(point: Point) -> None:
            self._take(Point(point.n_steps, {name: point.found[name] for name in rules}))

        return engine.execute(plan, slots, chunks, request._replace(every=every, tell=tell))

    def _look(
        self,
        meter: Meter,
        engine: Engine,
        plan: Plan,
        slots: dict[str, Slot],
        chunks: Iterable[Chunk],
        request: Request,
    ) -> Iterator[dict[str, Array]]:
        """Look at the slots after each chunk."""
        passing: deque[Chunk] = deque()
        wanted = tuple(dict.fromkeys((*request.wanted, *meter.rules)))
        watched = request._replace(wanted=wanted)
        for outputs in engine.execute(plan, slots, _noted(chunks, passing), watched):
            meter.add(passing.popleft(), outputs)
            self._take(meter.point(slots))
            yield {name: outputs[name] for name in request.wanted}

    def _take(self, point: Point) -> None:
        for name, found in point.found.items():
            self._add(name, point.n_steps, found)
        if self.progress is not None:
            self.progress.note(self.line())

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

    def kept(self) -> tuple[dict[str, list[str]], dict[str, Array]]:
        """Return what a checkpoint keeps: what was measured of whom, and all points as arrays.

        That is nothing where a part of the next point is elsewhere.
        """
        found = {} if self._elsewhere else self.curves()
        rows = (np.array([*map(np.asarray, curve.values())], float) for curve in found.values())
        told = {name: list(curve) for name, curve in found.items()}
        return told, {f"curves/{i}": points for i, points in enumerate(rows)}

    def go_on(self, told: Mapping[str, Sequence[str]], arrays: Mapping[str, Array]) -> None:
        """Take up the curves that a checkpoint kept."""
        for i, (name, words) in enumerate(told.items()):
            curve = dict(zip(words, arrays[f"curves/{i}"], strict=True))
            curve["step"] = curve["step"].astype(int)
            self._points |= _listed({name: curve})

    def curves(self) -> Curves:
        """Return the curves as arrays of equal length, by node and by what was measured."""
        return {
            name: {what: np.array(values) for what, values in curve.items()}
            for name, curve in self._points.items()
        }


def _listed(curves: Curves) -> dict[str, dict[str, list[float]]]:
    """Return curves that points can be added to."""
    return {
        name: {what: values.tolist() for what, values in curve.items()}
        for name, curve in curves.items()
    }


def _noted(chunks: Iterable[Chunk], passing: deque[Chunk]) -> Iterator[Chunk]:
    for chunk in chunks:
        passing.append(chunk)
        yield chunk
