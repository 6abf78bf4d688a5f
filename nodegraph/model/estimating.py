"""A model among scikit-learn's tools: clone, cross_val_score, GridSearchCV, Pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from nodegraph.arrays import Array, is_plain
from nodegraph.data.containers import axes, opened
from nodegraph.data.instances import called
from nodegraph.data.tables import check_columns, check_order, columns_of, frame_rows, is_frame
from nodegraph.data.targets import Lesson, series_targets
from nodegraph.errors import DataError, FieldError, warn
from nodegraph.graph.graph import Edge, End, Graph
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.model.classifying import classes_by_output, is_classifier, labels_of, share_right
from nodegraph.model.closed_loop import astray
from nodegraph.model.horizon_warnings import warn_of_another_horizon, warn_of_times
from nodegraph.model.learner import Learner
from nodegraph.model.scores import Scores, scores_of

__all__ = ["Estimating"]


class Estimating(Learner):
    """A learner with the methods that scikit-learn asks an estimator for.

    Parameters are those of `Model`, and the fields of nodes as ``reservoir__leak_rate``.
    """

    _estimator_type = "regressor"

    @known_arguments
    def clone(self, seed: int | None = None) -> Self:
        """Return a new model of the same graph, with the same options: nothing learned yet.

        Parameters
        ----------
        seed : int, optional
            Of its weights; None: the same weights as this one drew.
        """
        options = self.get_params(deep=False)
        return type(self)(**options if seed is None else {**options, "seed": seed})

    @known_arguments
    def predict(self, x: Any) -> Any:
        """Return ``run(x)``, and leave the model where it stands.

        If `fit` was given the target of one series in one dimension, (T,), the answer to one series
        has one too, as in scikit-learn, so that ``y - model.predict(x)`` is of shape (T,).

        For one series `x` must be the rows that follow what the model has seen last, as those of
        scikit-learn's ``TimeSeriesSplit`` do, which is looked at where tables have times; a list of
        series has no such bounds.
        """
        found = self._twin().run(x)
        flat = self._kept.flat and isinstance(found, np.ndarray) and found.shape[1:] == (1,)
        return found[:, 0] if flat else found

    @known_arguments
    def classify(self, x: Any = None, **options: Any) -> Any:
        """Return what class each series of `x` is of, or each step of one series.

        It is that of the greatest output at the end of the series, or at the step.

        Parameters
        ----------
        x : array_like (T, d), list of such, dict by node name, or iterable of chunks
            As in `run`, in all that it does to the model.
        **options
            Further arguments of `run`: ``workers``, ``engine``, ``progress``.

        Returns
        -------
        ndarray (n_series,) or (T,), or dict of such by node name
            Labels, as the readout's ``classes`` have them.

        Raises
        ------
        GraphError
            If no output is that of a readout with classes, or of what follows one.
        """
        judges = classes_by_output(self.plan)
        found = self.run(x, **options, outputs=list(judges))
        said = {name: labels_of(found[name], classes) for name, classes in judges.items()}
        return said if len(said) > 1 else next(iter(said.values()))

    @known_arguments
    def score(self, x: Any, y: Any) -> float:
        """Return how good ``predict(x)`` is, 1 at best, by scikit-learn's convention.

        That is the share of the variance of `y` that is explained (R2), or the share of labels `y`
        that are right (accuracy) where the output is of classes.
        """
        self._check_tables(x, y)
        return self._score(x, y, self.predict(x))

    def _score(self, x: Any, y: Any, y_hat: Any) -> float:
        """Return how good predictions `y_hat` of `y` from `x` are."""
        if is_classifier(self.plan):
            return share_right(self.plan, opened(y, "score: y"), y_hat)
        if isinstance(y_hat, list) or y_hat.ndim == 3:
            y = np.concatenate(_of_series(y, self.plan.outputs[0], y_hat))
            y_hat = np.concatenate(y_hat)
        elif all(is_plain(part) or is_frame(part) for part in (x, y)) and len(x) == len(y):
            state, rows = self._settle(), (_numbers(x), _numbers(y))
            warn_of_another_horizon(state.ahead.horizons(), state.draft().bind(*rows), "score")
        y = _numbers(y)
        if y.size != y_hat.size:
            raise DataError(f"score: y has shape {y.shape}, what was predicted {y_hat.shape}")
        from nodegraph.data.metrics import r2  # with it comes scipy, which takes long

        y, y_hat = (np.reshape(rows, (len(y_hat), -1)) for rows in (y, y_hat))
        if odd := astray(self.plan, y, y_hat):
            warn(f"score: {odd}")
        return float(np.mean(r2(y, y_hat)))

    def _check_tables(self, x: Any, y: Any) -> None:
        """Refuse targets in tables whose rows or columns stand in another order.

        Those whose rows do not go together with those of the input are told.
        """
        check_order(x, y)
        x, y = opened(x, "score: x"), opened(y, "score: y")
        warn_of_times(self._kept, x, y, "score: y")
        seen = self._kept.initializer
        if len(seen.targets) != 1:
            return
        known = seen.taught.get(next(iter(seen.targets)))
        for one in y if isinstance(y, list | tuple) else [y]:
            check_columns(known, columns_of(one), "score: y", "the model learned")

    @known_arguments
    def scores(
        self,
        x: Any,
        y: Any = None,
        *,
        train: Any = None,
        warmup: int = 0,
        ahead: int | Mapping[str, int] = 0,
    ) -> Scores:
        """Return how well each output does on data, beside what is had for nothing.

        A row for each output that has a target (a layer taught by its own head gives out units,
        so it has none): how many rows are scored, the mean squared error,
        the `score` (R2 of all columns as of one, ``metrics.r2(multioutput="pooled")``, or the share
        of labels that are right), and the same score of three rivals: the `mean` of the target (or
        the commonest class), a `copy` of the first input that is as wide as the target, and a
        `linear` map of the inputs of the same row. The model stays where it stands.

        Parameters
        ----------
        x, y : as in `fit`
            A target that is led to its learner in the graph is an input, and taken from there.
        train : (x, y), optional
            What the rivals learn from; without it there is no linear map, and the mean is that of
            the data that are scored.
        warmup, ahead
            As in `fit`.

        Returns
        -------
        Scores
            A dict of dicts by output; printed it is a table.

        Examples
        --------
        >>> import numpy as np, nodegraph as ng
        >>> from nodes import NVAR, Input, Ridge
        >>> u = np.sin(np.arange(90) / 5)[:, None]
        >>> graph = Input() >> NVAR(delay=2) >> Ridge(name="next")
        >>> model = ng.Model(graph).fit(u[:60], u[:60], ahead=1, warmup=2)
        >>> found = model.scores(u[60:], u[60:], train=(u[:60], u[:60]), ahead=1)["next"]
        >>> {word: round(found[word], 2) for word in ("score", "copy", "linear")}
        {'score': 1.0, 'copy': 0.96, 'linear': 0.96}
        """
        return scores_of(self, x, y, train, warmup, ahead)

    @known_arguments
    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the options of the model; if `deep`, also the fields of its nodes."""
        made = {"graph": self.graph, "seed": self.seed, "dtype": self.dtype.name}
        made |= {"engine": self._own_engine, "numerics": self.numerics}
        if deep:
            for name, node in self.plan.nodes.items():
                fields = type(node).model_fields
                made |= {f"{name}__{field}": getattr(node, field) for field in fields}
        return made

    @known_arguments
    def set_params(self, **params: Any) -> Self:
        """Change options, or fields of nodes as in ``reservoir__leak_rate=0.5``.

        The model is then a new one: nothing is learned, its stream is at the start.

        Raises
        ------
        FieldError
            If there is no such option, node or field, or a value cannot be.
        """
        options, changes = self.get_params(deep=False), dict[str, dict[str, Any]]()
        for key, value in params.items():
            name, _, field = key.rpartition("__")
            if name in self.plan.nodes:
                changes.setdefault(name, {})[field] = value
            elif key in options:
                options[key] = value
            else:
                nodes = ", ".join(f"{node}__" for node in self.plan.nodes)
                raise FieldError(
                    f"set_params: there is no {key!r}; options are {', '.join(options)}, and "
                    f"fields of nodes, as in reservoir__leak_rate; here they begin with {nodes}"
                )
        if changes:
            options["graph"] = _changed(options["graph"], changes)
        self.__init__(**options)  # type: ignore[misc]
        return self

    def __sklearn_clone__(self) -> Self:
        return self.clone()

    def __sklearn_is_fitted__(self) -> bool:
        return any(slot.fitted for slot in self._kept.slots.values())

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import RegressorTags, Tags, TargetTags

        return Tags("regressor", TargetTags(required=False), regressor_tags=RegressorTags())


def _numbers(y: Any) -> Array:
    rows: Array = frame_rows(y, "score: y") if is_frame(y) else np.asarray(y)
    return rows


def _of_series(y: Any, name: str, y_hat: Sequence[Array]) -> list[Array]:
    """Return the targets of each series, as learners take them; one row is that of the last step.

    Raises
    ------
    DataError
        If they are not of the shapes of what was predicted.
    """
    lengths = [len(rows) for rows in y_hat]
    if isinstance(y, list | tuple) and [axes(rows) == 1 and len(rows) for rows in y] == lengths:
        y = [np.reshape(rows, (-1, 1)) for rows in y]
    y = opened(y, "score: y")
    found = series_targets(y, name, lengths, Lesson())[0]
    for i, (rows, said) in enumerate(zip(found, y_hat, strict=True)):
        if rows.shape != said.shape:
            raise DataError(
                f"score: y ({called(i, y)}) has shape {rows.shape}, what was predicted {said.shape}"
            )
    return found


def _changed(graph: Graph, updates: Mapping[str, Mapping[str, Any]]) -> Graph:
    """Return `graph` with copies in place of the nodes named in `updates`, these fields changed.

    Raises
    ------
    FieldError
        If a field is unknown, of a wrong type or out of range.
    """
    new = {
        node: node.model_copy(update=dict(updates[name])) if name in updates else node
        for node, name in graph.names.items()
    }

    def ends(group: tuple[End, ...]) -> tuple[End, ...]:
        return tuple(end._replace(node=new[end.node]) for end in group)

    edges = tuple(Edge(new[e.source], new[e.target], e.delay, e.port) for e in graph.edges)
    owners = tuple((new[node], whose) for node, whose in graph.owners)
    return Graph(tuple(new.values()), edges, ends(graph.heads), ends(graph.tails), owners)
