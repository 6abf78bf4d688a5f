"""Metrics by name, for YAML."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from nodegraph.data.metrics.accuracy import accuracy
from nodegraph.data.metrics.capacity import capacity
from nodegraph.data.metrics.deviation import mae, mse, nrmse, r2, rmse
from nodegraph.data.metrics.deviation_at_end import nrmse_at_end
from nodegraph.data.metrics.prediction_time import valid_prediction_time
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.messages.phrases import nearest, shown

__all__ = ["HIGHER_IS_BETTER", "names", "score", "score_columns"]

HIGHER_IS_BETTER = {"r2", "accuracy", "capacity", "valid_prediction_time"}

_METRICS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        each.__name__: each
        for each in (
            accuracy,
            capacity,
            mae,
            mse,
            nrmse,
            nrmse_at_end,
            r2,
            rmse,
            valid_prediction_time,
        )
    }
)

_INTERVALS = (
    "compares a target with the ends of an interval, and a metric here compares it with one "
    "prediction; a task shows it for readouts with intervals: [0.05, 0.95]; in Python "
)
_ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "coverage": f"{_INTERVALS}ng.metrics.coverage(y, low, high)",
        "interval_score": f"{_INTERVALS}ng.metrics.interval_score(y, low, high)",
        "crps": "compares a target with what all members of an ensemble say, and a task has one "
        "model; in Python ng.metrics.crps(y, ensemble.samples(x))",
    }
)


@known_arguments
def names() -> list[str]:
    """Return the names of the metrics that compare a prediction with a target.

    Examples
    --------
    >>> names()[:4]
    ['accuracy', 'capacity', 'mae', 'mse']
    """
    return sorted(_METRICS)


@known_arguments
def score(
    metrics: str
    | Iterable[str | Mapping[str, Mapping[str, Any]]]
    | Mapping[str, Mapping[str, Any]],
    y: Any,
    y_hat: Any,
) -> dict[str, Any]:
    """Return the value of each of `metrics`, in their order.

    Parameters
    ----------
    metrics : str, or list of str or ``{name: {option: value}}``, or dict of such
        Which metrics, as YAML names them.
    y, y_hat : array_like, shape (T, d), or lists of such
        Targets and predictions.

    Returns
    -------
    dict
        Value by name.

    Raises
    ------
    DataError
        If there is no such metric or option, or the data do not fit together.

    Examples
    --------
    >>> score(["rmse", {"nrmse": {"norm": "range"}}], [0.0, 4.0], [1.0, 3.0])
    {'rmse': 1.0, 'nrmse': 0.25}
    """
    return {name: _metric(name, given)(y, y_hat, **given) for name, given in _entries(metrics)}


def score_columns(metrics: Any, y: Any, y_hat: Any) -> dict[str, Any]:
    """Return, for each of `metrics` that is a mean over columns, its value for each column.

    Parameters are those of `score`; metrics of whole rows, such as accuracy, are left out.

    Examples
    --------
    >>> score_columns(["rmse", "accuracy"], [[0.0, 4.0]], [[1.0, 4.0]])
    {'rmse': array([1., 0.])}
    """
    scores = {}
    for name, given in _entries(metrics):
        metric = _metric(name, given)
        known = inspect.signature(metric).parameters
        if "multioutput" in known:
            skip = {"dead": "skip"} if "dead" in known else {}
            scores[name] = metric(y, y_hat, **{**skip, **given, "multioutput": "raw"})
    return scores


def _entries(metrics: Any) -> list[tuple[Any, Mapping[str, Any]]]:
    if isinstance(metrics, Mapping):
        return [(name, given or {}) for name, given in metrics.items()]
    if isinstance(metrics, str):
        return [(metrics, {})]
    entries = []
    for each in metrics:
        entries += _entries(each) if isinstance(each, Mapping) else [(each, {})]
    return entries


def _metric(name: Any, given: Mapping[str, Any]) -> Callable[..., Any]:
    if isinstance(name, str) and name in _ELSEWHERE:
        raise DataError(f"metrics: {name} {_ELSEWHERE[name]}")
    if not isinstance(name, str) or name not in _METRICS:
        raise DataError(f"metrics: there is none called {shown(name)}; {_hint(name, names())}")
    known = list(inspect.signature(_METRICS[name]).parameters)[2:]
    for option in given:
        if option not in known:
            raise DataError(f"{name}: unknown option {shown(option)}; {_hint(option, known)}")
    return _METRICS[name]


def _hint(word: Any, known: list[str]) -> str:
    guess = nearest(str(word), known)
    return f"did you mean {guess}?" if guess else f"known are {', '.join(known)}"
