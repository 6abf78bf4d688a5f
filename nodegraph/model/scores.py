"""How well each output of a model does, beside what is had for nothing: mean, copy, linear map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from nodegraph.arrays import Array, is_constant
from nodegraph.data.binding import BoundData, teaching_only
from nodegraph.data.horizon import checked_ahead, later
from nodegraph.data.series import Series
from nodegraph.errors import DataError
from nodegraph.graph.blocks import Read
from nodegraph.graph.plan import Plan
from nodegraph.model.checks import checked_warmup
from nodegraph.model.horizon_warnings import warn_of_another_horizon
from nodegraph.model.uncertainty import arriving

__all__ = ["Scores", "scores_of"]

FLAT = 1e-10  # of the mean square of the inputs: strength of ridge of the linear baseline
COLUMNS = ("rows", "mse", "score", "mean", "copy", "linear")


class Scores(dict[str, dict[str, float]]):
    """A row of numbers for each output, by its name; printed as a table."""

    def __repr__(self) -> str:
        rows = [(name, *(_cell(column, row) for column in COLUMNS)) for name, row in self.items()]
        lines = [("", *COLUMNS), *rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if i == 0 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        )

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{word}</th>" for word in ("", *COLUMNS))
        body = "".join(
            f"<tr><th>{name}</th>{''.join(f'<td>{_cell(c, row)}</td>' for c in COLUMNS)}</tr>"
            for name, row in self.items()
        )
        return f"<table><tr>{head}</tr>{body}</table>"


def _cell(column: str, row: Mapping[str, float]) -> str:
    if column not in row:
        return "-"
    return f"{row[column]:.0f}" if column == "rows" else f"{row[column]:.4g}"


def scores_of(model: Any, x: Any, y: Any, train: Any, warmup: int, ahead: Any) -> Scores:
    """Return the scores of `model` and of baselines; see `nodegraph.Model.scores`.

    Raises
    ------
    DataError
        If there is no target, or the data do not fit together.
    """
    wired = _wired(model.plan)
    bound, said = _heard(model, wired, x, y, warmup, ahead)
    learned = None
    if train is not None:  # it came first
        learned, _ = _heard(model._twin().reset(), wired, *_pair(train), warmup, ahead)
    idle, found = teaching_only(model.plan), Scores()
    for name in (*bound.targets, *wired):
        if model.plan.nodes[name].own_head:
            continue  # what it gives out is its units
        parts = [said[name]] if bound.own else list(said[name])
        kept = [_kept(one, name, warmup) for one in bound.series]
        guess = np.concatenate([rows[k] for rows, k in zip(parts, kept, strict=True)])
        heard = [node for node in bound.data if node not in idle]
        rows = _Rows.of(bound, name, heard, warmup)
        before = None if learned is None else _Rows.of(learned, name, heard, warmup)
        measure = _share_right if model.plan.nodes[name].knows_classes else _explained
        found[name] = {
            "rows": float(len(guess)),
            "mse": float(((rows.y - guess) ** 2).mean()),
            "score": measure(rows.y, guess),
            **{word: measure(rows.y, rival) for word, rival in rows.rivals(before).items()},
        }
    if not found:
        raise DataError("scores: no output has a target; those of hidden units are none")
    return found


def _wired(plan: Plan) -> dict[str, tuple[Read, ...]]:
    """Return the learners whose targets come by wires, and from where."""
    taught = [name for name, rule in plan.rules.items() if rule.supervised]
    return {name: reads for name in taught if (reads := plan.reads[name].get("target", ()))}


def _pair(train: Any) -> tuple[Any, Any]:
    if not isinstance(train, tuple) or len(train) != 2:
        raise DataError(
            "scores: train should be the pair that the model learned from, as in train=(x, y), "
            f"got {type(train).__name__}"
        )
    return train


def _heard(
    model: Any, wired: Mapping[str, tuple[Read, ...]], x: Any, y: Any, warmup: int, ahead: Any
) -> tuple[BoundData, Any]:
    """Return data with the targets of all learners, and what the model says; it stays put."""
    state = model._settle().draft()
    bound = state.bind(x, y)
    checked_warmup(warmup, bound)
    shift = checked_ahead(ahead, bound, warmup, wired)
    state.compare(bound, shift)
    bound = later(bound, shift)
    warn_of_another_horizon(model._settle().ahead.horizons(), bound, "scores")
    if not bound.targets and not wired:
        raise DataError("scores: give y, the targets that outputs are to be compared with")
    sources = [read.source for reads in wired.values() for read in reads]
    said = model._twin().run(x, outputs=list(dict.fromkeys([*bound.targets, *wired, *sources])))
    pasts = {source: state.slots[source].past for source in sources if bound.own}
    series = []
    for i, one in enumerate(bound.series):
        rows = {name: parts if bound.own else parts[i] for name, parts in said.items()}
        targets = {
            n: np.hstack([arriving(rows[r.source], r, pasts) for r in g]) for n, g in wired.items()
        }
        series.append(one.changed(partial(_taught, targets)) if isinstance(one, Series) else one)
    return replace(bound, series=series), said


def _taught(targets: Mapping[str, Array], one: Series) -> Series:
    return replace(one, targets={**one.targets, **targets})


def _kept(one: Any, name: str, warmup: int) -> Array:
    """Return which rows of a series are scored: behind the warmup, with a target."""
    if not isinstance(one, Series):
        raise DataError("scores: give arrays or lists of them, not a stream of chunks")
    rows: Array = np.asarray(np.isfinite(one.targets[name]).all(axis=1))
    rows[:warmup] = False
    return rows


class _Rows:
    """All rows of an output that have a target, with what goes in at them."""

    def __init__(self, xs: dict[str, Array], y: Array):
        self.xs, self.y = xs, y

    @classmethod
    def of(cls, bound: BoundData, name: str, heard: Sequence[str], warmup: int) -> _Rows:
        """Return those of all series."""
        kept = [(one, _kept(one, name, warmup)) for one in bound.series]
        xs = {n: np.concatenate([one.data[n][k] for one, k in kept]) for n in heard}  # type: ignore[union-attr]
        y = np.concatenate([one.targets[name][k] for one, k in kept])  # type: ignore[union-attr]
        if not len(y):
            raise DataError(f"scores: no row of {name} has a target")
        return cls(xs, y)

    def rivals(self, train: _Rows | None) -> dict[str, Array]:
        """Return what baselines say; those that learn do so from `train`."""
        found = {"mean": np.broadcast_to((train or self).y.mean(axis=0), self.y.shape)}
        alike = [rows for rows in self.xs.values() if rows.shape[1] == self.y.shape[1]]
        if alike:
            found["copy"] = alike[0]
        if train is not None and self.xs:
            found["linear"] = _linear(train._side_by_side(), train.y, self._side_by_side())
        return found

    def _side_by_side(self) -> Array:
        rows: Array = np.hstack(list(self.xs.values())).astype(float)
        return np.nan_to_num(rows)


def _linear(x: Array, y: Array, x_new: Array) -> Array:
    """Return what a linear map of the row says."""
    centre, offset = x.mean(axis=0), y.mean(axis=0)
    around = x - centre
    gram = around.T @ around
    strength = FLAT * max(np.trace(gram) / len(gram), np.finfo(float).tiny)
    weights = np.linalg.solve(gram + strength * np.eye(len(gram)), around.T @ (y - offset))
    said: Array = (x_new - centre) @ weights + offset
    return said


def _explained(y: Array, y_hat: Array) -> float:
    """Return the pooled share of variance that is explained; NaN of a target that has none."""
    from nodegraph.data.metrics import r2  # with it comes scipy, which takes long

    if is_constant(y.min(axis=0), y.max(axis=0)).all():
        return np.nan
    return float(r2(y, y_hat, multioutput="pooled"))


def _share_right(y: Array, y_hat: Array) -> float:
    return float((y.argmax(axis=1) == np.asarray(y_hat).argmax(axis=1)).mean())
