"""A graph with its arrays: the one mutable thing a user holds."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from html import escape
from os import PathLike
from typing import Any

from nodegraph.build import Builder
from nodegraph.checkpoints import keeper_of
from nodegraph.checks import (
    checked_dtype,
    checked_forcing,
    checked_seed,
    checked_warmup,
    checked_watch,
    checked_workers,
    known_arguments,
)
from nodegraph.doubts import warn_of_doubts, warn_of_series_passed_over
from nodegraph.engines import choose
from nodegraph.errors import DataError, GraphError, NotFittedError
from nodegraph.feeding import node_name
from nodegraph.graph import Composable
from nodegraph.numerics import Numerics, checked_numerics, using
from nodegraph.plan import Plan
from nodegraph.progress import Progress, Silent
from nodegraph.rack import Rack
from nodegraph.runner import Runner
from nodegraph.training import Course
from nodegraph.watching import Curves, Watch
from nodegraph.work import Work

__all__ = ["Model"]


class Model(Runner):
    """A graph, its params and its state.

    Parameters
    ----------
    graph : Graph, Node or Composite
    seed : int
        Each node draws from a stream of its own, made of this seed and its name, so adding a
        node never changes the weights of another.
    dtype : {"float64", "float32"}
        Of weights, states and outputs. Statistics and solves are in float64.
    engine : "local", "ray" or object
        What executes the graph: this process, Ray actors (`nodegraph.RayEngine` has options), or
        an object with a method ``execute(plan, slots, chunks, work)``.
    numerics : {"exact", "portable", "fast"}
        How exactly results are repeated: the same bits on one type of machine, on any x86-64, or
        right to 1e-9 (1e-4 in single precision) with as many BLAS threads as there are. See
        `nodegraph.numerics`.

    Attributes
    ----------
    params, state : mapping by node name
        The arrays, read-only; assign to change them, as in
        ``model.params["readout"] = params._replace(bias=bias)``.
    report : list of dict
        What each learner says of the last `fit`: solver, condition number ...
    curves : dict of dict of ndarray
        How the nodes that learn online did in watched learning, by node and quantity: ``step``,
        ``change`` of the weights (relative, since the point before), ``error`` of the predictions
        made before each update (root mean square) where there is a target, and what a rule
        measures itself. See `nodegraph.plotting.learning_curves`.

    Raises
    ------
    GraphError
        If the graph cannot be run.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input, Reservoir, Ridge
    >>> u = np.sin(np.arange(500) / 5)[:, None]
    >>> model = ng.Model(Input() >> Reservoir(units=50) >> Ridge(), seed=1)
    >>> y = model.fit(u[:-1], u[1:], warmup=50).run(u[:-1])
    >>> bool(np.abs(y[100:] - u[101:]).max() < 1e-3)
    True
    """

    @known_arguments
    def __init__(
        self,
        graph: Composable,
        seed: int = 0,
        dtype: Any = "float64",
        engine: Any = "local",
        numerics: Numerics = "exact",
    ):
        if not isinstance(graph, Composable):
            said = (
                f"the class {graph.__name__}" if isinstance(graph, type) else type(graph).__name__
            )
            raise GraphError(f"Model takes a graph or a node, got {said}")
        mode = checked_numerics(numerics)
        plan, kind = Plan.of(graph), checked_dtype(dtype)
        builder = Builder(plan, checked_seed(seed), kind, numerics=mode)
        super().__init__(Rack(builder), choose(engine))
        self.report: list[dict[str, Any]] = []
        self.curves: Curves = {}
        self._rack.build_ahead()

    def freeze(self, *names: str) -> Model:
        """Keep the params of these nodes as they are in every method, until `unfreeze`.

        Raises
        ------
        DataError
            If a name is unknown, with the nearest one, or its node has no rule.
        """
        self._rack.frozen |= {self._learner(name) for name in names}
        return self

    def unfreeze(self, *names: str) -> Model:
        """Let these nodes learn again; all of them if none is named."""
        self._rack.frozen -= {self._learner(n) for n in names} if names else self._rack.frozen
        return self

    def _learner(self, name: str) -> str:
        found = node_name(name, list(self.plan.nodes), "freezing")
        if found not in self.plan.rules:
            able = ", ".join(self.plan.rules) or "none"
            raise DataError(f"freezing for {found!r}: it has no rule; nodes that learn are {able}")
        return found

    @known_arguments
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        *,
        warmup: int = 0,
        forcing: bool | str = True,
        workers: int | None = None,
        engine: Any = None,
        progress: Progress | None = None,
        watch: bool | int = False,
        checkpoint: str | PathLike[str] | None = None,
        resume: bool = False,
    ) -> Model:
        """Let every rule in the graph learn, each after those upstream of it.

        Parameters
        ----------
        x, y : array_like (T, d), list of such, dict by node name, or iterable of chunks
            Inputs and targets. One array is one series on the model's own stream: it starts from
            the zero state and `run` goes on from its end. A list is independent series. Rows
            whose target has a NaN are left out of learning. A target of one row for a series
            (a label) is that of its last step.
        warmup : int
            How many steps of each series only drive the states.
        forcing : {True, False, "all"}
            True: while offline rules learn, feedback edges of a supervised node carry its
            target. "all": every edge of it does. False: none.
        workers : int, optional
            Threads over independent series, or replicas on Ray; -1 is one for each core. None:
            one thread, or as many replicas as the cluster has CPUs. The result is the same.
        engine : "local", "ray" or object, optional
            In place of the model's own.
        progress : Progress, optional
        watch : bool or int
            Whether to take learning curves of online rules, into `curves`: one point for each chunk
            that goes through, or for so many steps (at most a chunk).
        checkpoint : path-like, optional
            A ``.safetensors`` file in which it is kept, every minute and when a signal ends the
            work (SIGINT, SIGTERM, SIGUSR1), where learning stands.
        resume : bool
            Whether to go on from that file, if there is one, to the same bits, on any engine.

        Returns
        -------
        Model
            Itself.

        Raises
        ------
        DataError, DivergenceError, BudgetError
            If the data do not fit or a state diverges; the model is then as it was before.
        """
        draft = self._rack.draft()
        fed = draft.feed(x, y)
        learners = draft.learners(fed)
        if not learners:
            raise GraphError(f"nothing learns here: {draft.why_idle()}")
        draft.forget(learners)
        rules = checked_forcing(forcing), checked_warmup(warmup, fed)
        warn_of_doubts(self.plan, learners, fed, y, warmup)
        keeper = keeper_of(
            checkpoint, resume, draft, fed, {"learners": learners, "forcing and warmup": rules}
        )
        course = Course(
            draft.builder,
            self._engine(engine),
            learners,
            *rules,
            workers=checked_workers(workers),
            progress=progress or Silent(),
            watch=self._watch(watch, progress, {}),
            keeper=keeper,
        )
        with using(self.numerics), keeper.keeping() if keeper else nullcontext():
            report, moved = course.run(draft.slots, fed)
        draft.time = moved if fed.own else draft.time
        self._rack, self.report = draft, report
        self.curves = course.watch.curves() if course.watch else {}
        return self

    def _watch(self, watch: bool | int, progress: Progress | None, before: Curves) -> Watch | None:
        if watch is False:
            return None
        return Watch(checked_watch(watch), progress or Silent(), before)

    @known_arguments
    def update(self, x: Any = None, y: Any = None, *, forcing: bool | str = True) -> Model:
        """Let offline rules learn from more data, as if `fit` had seen it too.

        One series goes on where the model's own stream stands, so that ``fit(a).update(b)``
        equals ``fit`` on a then b; a list is further independent series. Online rules rest.

        Raises
        ------
        NotFittedError
            Before `fit`.
        GraphError
            If an offline rule is upstream of another one: then only `fit` is right.
        """
        draft = self._rack.draft(self.plan.rules, noise=True)
        fed = draft.feed(x, y)
        learners = tuple(n for n in draft.learners(fed) if not self.plan.rules[n].online)
        if not learners:
            raise GraphError("nothing here learns offline; partial_fit is for online rules")
        if fresh := [n for n in learners if n not in draft.slots or not draft.slots[n].fitted]:
            raise NotFittedError(f"{fresh[0]} has not learned yet: call fit before update")
        course = Course(
            draft.builder,
            self._own_engine,
            learners,
            forcing=checked_forcing(forcing),
            clock=draft.time if fed.own else 0,
        )
        with using(self.numerics):
            report, moved = course.go_on(draft.slots, fed)
        draft.time += moved
        self._rack, self.report = draft, report
        return self

    @known_arguments
    def partial_fit(
        self,
        x: Any = None,
        y: Any = None,
        *,
        warmup: int = 0,
        outputs: Iterable[str] | None = None,
        engine: Any = None,
        progress: Progress | None = None,
        watch: bool | int = False,
        checkpoint: str | PathLike[str] | None = None,
        resume: bool = False,
    ) -> Any:
        """Let online rules learn at every step; return the outputs made before each update.

        Parameters
        ----------
        x, y : array_like (T, d), list of such, or dict by node name
            One series goes on where the model's own stream stands.
        warmup : int
            How many steps of each series only drive the states.
        outputs : iterable of str, optional
            Nodes whose outputs to return, as in `run`.
        watch : bool or int
            As in `fit`; the curves go on from those that there are.
        checkpoint, resume
            As in `fit`; outputs are those from where it was resumed.

        Returns
        -------
        ndarray (T, n_out), list of such, or dict by node name
        """
        draft = self._rack.draft(self.plan.rules, noise=True)
        fed = draft.feed(x, y)
        learners = frozenset(n for n in draft.learners(fed) if self.plan.rules[n].online)
        if not learners:
            raise GraphError(f"nothing here learns online: {draft.why_idle(online=True)}")
        draft.begin(learners)
        work = Work(draft.names(outputs), learners, draft.time, noise=True)
        watching = self._watch(watch, progress, self.curves)
        how = {"warmup": checked_warmup(warmup, fed), "time": draft.time}
        warn_of_series_passed_over(self.plan, (), fed, warmup)
        keeper = keeper_of(checkpoint, resume, draft, fed, {**how, "online": sorted(learners)})
        rest = {"warmup": warmup, "keeper": keeper, "watch": watching}
        with keeper.keeping() if keeper else nullcontext():
            found = self._through(draft, fed, work, outputs, engine, progress, **rest)
        self.curves = watching.curves() if watching else self.curves
        return found

    def save(self, path: str | PathLike[str], *, memory: bool = True) -> None:
        """Write the model, its graph and where it stands to one ``.safetensors`` file.

        Parameters
        ----------
        path : path-like
            An old file there stays whole until the new one is.
        memory : bool
            Whether what rules remember goes along, so that `update` and `partial_fit` go on with
            the same bits; without it the file is smaller.

        Raises
        ------
        ModelFileError
            If the file cannot be written, or a node holds what is neither array nor number.
        """
        from nodegraph import storage

        storage.save(path, self._rack, self.report, memory=memory)

    @classmethod
    def load(cls, path: str | PathLike[str], engine: Any = "local") -> Model:
        """Return the model that `save` wrote; nothing in the file is executed.

        Raises
        ------
        ModelFileError
            If the file is torn, altered, of another version, or does not fit its own graph.
        """
        from nodegraph import storage

        rack, report = storage.load(path)
        made = rack.builder
        model = cls(rack.plan.graph, made.seed, made.dtype, engine, made.numerics)
        model._rack, model.report = rack, report
        return model

    def __repr__(self) -> str:
        learned = sorted(name for name, slot in self._rack.slots.items() if slot.fitted)
        return (
            f"Model({self.graph!r}, seed={self.seed}, dtype={self.dtype.name}; step {self.time}, "
            f"learned: {', '.join(learned) or 'nothing yet'})"
        )

    def _repr_html_(self) -> str:
        return f"{self.graph._repr_html_()}<pre>{escape(repr(self))}</pre>"
