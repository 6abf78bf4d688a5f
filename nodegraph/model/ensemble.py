"""Models of one graph that differ by their seeds, or by the series that they have seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any, Literal, NoReturn, Self

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import ArgumentError, DataError, ModelFileError, warn
from nodegraph.graph import Composable
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.registry import load_plugin
from nodegraph.graph.strangers import refuse_name
from nodegraph.model import ensemble_file
from nodegraph.model.checks import checked_seed
from nodegraph.model.ensemble_samples import (
    ALIKE,
    TOGETHER,
    alike,
    by_series,
    checked_forecasts,
    checked_levels,
    checked_pair,
    checked_samples,
    factors,
    of_each,
    warn_of_other_factors,
)
from nodegraph.model.model import Model, checked_file

__all__ = ["Ensemble"]

Kind = Literal["mean", "median", "trimmed"]


class Ensemble:
    """Members that each learn and run alone; what they say together is a mean with a spread.

    Member i is ``Model(graph, seed + i)``. With `bagged` each learns from as many series as were
    given, drawn from them with replacement [1]_.

    Parameters
    ----------
    graph : Graph, Node or Composite
        It has one output.
    members : int
        2 or more.
    seed : int
    bagged : bool
        Whether members learn from other series; `fit` then wants a list of them.
    kind : {"mean", "median", "trimmed"}
        What `run` and `generate` make of the members: "trimmed" is the mean without the largest and
        the smallest fifth, so that a member that has left the attractor does not count.
    options : dict
        What else `Model` takes: ``dtype``, ``engine``, ``numerics``.

    References
    ----------
    .. [1] L. Breiman, Machine Learning 24 (1996) 123-140.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input, Reservoir, Ridge
    >>> u = np.sin(np.arange(400) / 5)[:, None]
    >>> graph = Input() >> Reservoir(units=30) >> Ridge()
    >>> ensemble = ng.Ensemble(graph, members=5).fit(u[:-1], u[1:], warmup=50)
    >>> ensemble.run(u[:100]).shape, ensemble.samples(u[:100]).shape
    ((100, 1), (5, 100, 1))
    """

    @known_arguments
    def __init__(
        self,
        graph: Composable,
        *,
        members: int = 10,
        seed: int = 0,
        bagged: bool = False,
        kind: Kind = "mean",
        **options: Any,
    ):
        if not isinstance(members, int) or members < 2:
            raise ArgumentError(f"Ensemble: members should be 2 or more, got {members!r}")
        if kind not in TOGETHER:
            raise ArgumentError(
                f"Ensemble: kind should be one of {', '.join(TOGETHER)}, got {kind!r}"
            )
        self.seed, self.bagged, self.kind = checked_seed(seed), bagged, kind
        graph = graph.as_graph()
        self.widening: Array | None = None
        self._calibrated: tuple[float, float] = (0.05, 0.95)  # the levels that it holds for
        self._told = False  # that all members say the same
        self.members = tuple(Model(graph, seed=seed + i, **options) for i in range(members))

    @known_arguments
    def fit(self, x: Any = None, y: Any = None, **options: Any) -> Self:
        """Let each member learn as `Model.fit` does; return the ensemble.

        What `calibrate` found is forgotten.

        Raises
        ------
        DataError
            If members are to have other series, and there is no list of them.
        ArgumentError
            If all are to keep their checkpoints in one file.
        """
        if options.get("checkpoint") is not None:
            raise ArgumentError(
                "Ensemble.fit: members would write over each other's checkpoint; let each learn by "
                'itself: for i, m in enumerate(ensemble.members): m.fit(x, y, checkpoint=f"{i}.'
                'safetensors")'
            )

        def learn(i: int, member: Model) -> Model:
            own = self._bag(i, x, y) if self.bagged else (x, y)
            return member.fit(*own, **options)

        of_each(self.members, learn)
        self.widening = None  # it was that of other members
        return self

    def _bag(self, i: int, x: Any, y: Any) -> tuple[Any, Any]:
        """Return the series that member i learns from."""
        several = all(isinstance(part, list | tuple) and len(part) > 1 for part in (x, y))
        if not several or len(x) != len(y):
            raise DataError(
                "a bagged ensemble draws among series: give x and y as lists of them, or write "
                "bagged=False, where members differ by their seeds"
            )
        drawn = np.random.default_rng([self.seed, i]).integers(len(x), size=len(x))
        return [x[k] for k in drawn], [y[k] for k in drawn]

    def _each(self, what: Callable[[Model], Any]) -> Any:
        """Return what each member says, (n_members, n_steps, n_out), or a list of such."""
        said = of_each(self.members, lambda _, member: what(member))
        if isinstance(said[0], dict):
            raise ArgumentError("an ensemble has one output; end the graph in one")
        if isinstance(said[0], list):
            return [np.stack(rows) for rows in zip(*said, strict=True)]
        return np.stack(said)

    def _together(self, samples: Any) -> Any:
        made = TOGETHER[self.kind]
        return [made(rows) for rows in samples] if isinstance(samples, list) else made(samples)

    @known_arguments
    def samples(self, x: Any = None, **options: Any) -> Any:
        """Return what each member says of `x`, (n_members, n_steps, n_out), or a list of such."""
        return self._each(lambda member: member.run(x, **options))

    @known_arguments
    def run(self, x: Any = None, **options: Any) -> Any:
        """Return what the members say together, in the form of `Model.run`."""
        return self._together(self.samples(x, **options))

    @known_arguments
    def predict(self, x: Any) -> Any:
        """Return what the members say together, in the form of `Model.predict`; none moves on."""
        return self._together(self._each(lambda member: member.predict(x)))

    @known_arguments
    def score(self, x: Any, y: Any) -> float:
        """Return how good ``predict(x)`` is, as `Model.score` does of one model."""
        first = self.members[0]
        first._check_tables(x, y)
        return first._score(x, y, self.predict(x))

    @known_arguments
    def generated(self, steps: int, **options: Any) -> Any:
        """Return how each member goes on by itself, (n_members, steps, n_out), or a list of such.

        Parameters
        ----------
        steps : int
        options : dict
            As `Model.generate` takes them, such as ``prompt``.
        """
        return self._each(lambda member: member.generate(steps, **options))

    @known_arguments
    def generate(self, steps: int, **options: Any) -> Any:
        """Return what the members say together of how it goes on; each closes its own loop."""
        return self._together(self.generated(steps, **options))

    @known_arguments
    def intervals(self, samples: Any, levels: Sequence[float] = (0.05, 0.95)) -> Any:
        """Return quantiles of what members said, (n_steps, n_out, n_levels), or a list of such.

        About the mean, median or trimmed mean they are as many times wider as `calibrate` has found
        at each step; without it they tell how the members differ, and not how far all are off.

        Parameters
        ----------
        samples : ndarray (n_members, n_steps, n_out), or list of such
            From `samples` or `generated`: ``ensemble.intervals(ensemble.samples(x))``.
        levels : sequence of float in (0, 1)

        Warns
        -----
        DataWarning
            Once, if all members say the same; if levels are others than `calibrate` was given, or
            there are more steps.
        """
        shares = checked_levels(levels, "intervals")
        if isinstance(samples, np.ndarray) and samples.ndim == 4:  # of a stack of series
            return np.stack(self.intervals(by_series(samples), levels))
        apart = isinstance(samples, list | tuple)
        each = samples if apart else [samples]
        said = [checked_samples(one, len(self), "intervals") for one in each]
        if said and not self._told and all(alike(one) for one in said):
            self._told = True
            warn(f"Ensemble.intervals: {ALIKE}; intervals have width 0")
        if self.widening is not None:
            longest = max((one.shape[1] for one in said), default=0)
            warn_of_other_factors(shares, self._calibrated, longest, len(self.widening))
        told = [self._bounds(one, shares) for one in said]
        return told if apart else told[0]

    def _bounds(self, samples: Array, levels: Sequence[float]) -> Array:
        centre = self._together(samples)[..., None]
        bounds = np.moveaxis(np.quantile(samples, levels, axis=0), 0, -1)
        wider = np.ones(1) if self.widening is None else self.widening
        steps = np.minimum(np.arange(len(centre)), len(wider) - 1)  # the last factor goes on
        found: Array = centre + (bounds - centre) * wider[steps, None, None]
        return found

    @known_arguments
    def calibrate(
        self,
        samples: Sequence[Array],
        truths: Sequence[Any],
        levels: Sequence[float] = (0.05, 0.95),
    ) -> Self:
        """Widen intervals until they hold what they say on forecasts whose end is known [1]_.

        At each step it is the factor by which as many values lie inside as the levels say, over
        all forecasts and outputs and 2 steps on both sides. Factors hold for such forecasts, at
        these levels, and for as many steps: those of `generated` not for `samples`, which is of one
        step in every row.

        Parameters
        ----------
        samples : list of ndarray (n_members, n_steps, n_out)
            Forecasts behind prompts from the training data, of one length.
        truths : list of ndarray (n_steps, n_out)
            What came.
        levels : sequence of two floats in (0, 1)

        Raises
        ------
        DataError, FieldError
            If samples, truths or levels are not such, or all members say the same.

        References
        ----------
        .. [1] K. Stankeviciute, A. M. Alaa, M. van der Schaar, Advances in Neural Information
           Processing Systems 34 (2021).
        """
        low, high = checked_pair(levels)
        forecasts, came = checked_forecasts(by_series(samples), truths, len(self))
        self.widening, together = None, TOGETHER[self.kind]
        told = [(together(said), self._bounds(said, [low, high])) for said in forecasts]
        self.widening = factors(told, came, high - low)
        self._calibrated = low, high
        return self

    @known_arguments
    def reset(self) -> Self:
        """Put every member back to the start of its own stream; weights stay as they are."""
        for member in self.members:
            member.reset()
        return self

    @known_arguments
    def save(self, path: str | PathLike[str], *, memory: bool = True) -> None:
        """Write all members, and what `calibrate` found, to one file, as `Model.save` does."""
        told = {name: getattr(self, name) for name in ("kind", "seed", "bagged")}
        about = told | {"levels": self._calibrated}
        members = [(member._settle(), member.report) for member in self.members]
        path = checked_file(path, "ensemble.save")
        ensemble_file.save(path, about, members, self.widening, memory)

    @classmethod
    @known_arguments
    def load(
        cls,
        path: str | PathLike[str],
        engine: Any = "local",
        *,
        plugin: str | PathLike[str] | None = None,
    ) -> Ensemble:
        """Return the ensemble that `save` wrote; `engine` and `plugin` are as in `ng.load`."""
        if plugin is not None:
            load_plugin(str(plugin))
        about, members, widening = ensemble_file.load(checked_file(path, "Ensemble.load"))
        if about["kind"] not in TOGETHER:
            raise ModelFileError(f"{path}: the file tells of no kind of ensemble known here")
        self = cls.__new__(cls)
        self.seed, self.bagged, self.kind = about["seed"], about["bagged"], about["kind"]
        self.members = tuple(Model._of(*member, engine) for member in members)
        low, high = about["levels"]
        self.widening, self._calibrated, self._told = widening, (low, high), False
        return self

    def __getattr__(self, name: str) -> NoReturn:
        refuse_name("an Ensemble", name, [word for word in dir(self) if word[0] != "_"])

    def __len__(self) -> int:
        return len(self.members)

    def __repr__(self) -> str:
        return f"Ensemble({self.members[0].graph!r}, members={len(self)}, kind={self.kind!r})"
