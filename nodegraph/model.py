"""A graph with its arrays: the one mutable thing a user holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from os import PathLike
from typing import Any

import numpy as np

from nodegraph.build import Builder
from nodegraph.checks import (
    checked_dtype,
    checked_forcing,
    checked_seed,
    checked_steps,
    checked_warmup,
    checked_workers,
)
from nodegraph.closed_loop import closed_plan
from nodegraph.engines import Execute, choose
from nodegraph.errors import DataError, GraphError, NotFittedError
from nodegraph.feeding import Fed, node_name
from nodegraph.graph import Composable
from nodegraph.intake import to_rows
from nodegraph.plan import Plan
from nodegraph.progress import Progress, Silent
from nodegraph.rack import Rack
from nodegraph.running import Run, shaped
from nodegraph.slot import Work, widths
from nodegraph.training import Course
from nodegraph.views import ArraysView

__all__ = ["Model"]


class Model:
    """A graph, its params and its state.

    Parameters
    ----------
    graph : Graph, Node or Composite
    seed : int
        Each node draws from a stream of its own, made of this seed and its name, so adding a
        node never changes the weights of another.
    dtype : {"float64", "float32"}
        Of weights, states and outputs. Statistics and solves are in float64.
    engine : "local" or object
        What executes the graph; an object has a method ``execute(plan, slots, chunks, work)``.

    Attributes
    ----------
    params, state : mapping by node name
        The arrays; assign to change them, as in ``model.params["readout"] = params``.
    report : list of dict
        What each learner says of the last `fit`: solver, condition number ...

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

    def __init__(
        self, graph: Composable, seed: int = 0, dtype: Any = "float64", engine: Any = "local"
    ):
        if not isinstance(graph, Composable):
            raise GraphError(f"Model takes a graph or a node, got {type(graph).__name__}")
        self.plan = Plan.of(graph)
        self.graph = self.plan.graph
        self.report: list[dict[str, Any]] = []
        self._execute = choose(engine)
        self._rack = Rack(Builder(self.plan, checked_seed(seed), checked_dtype(dtype)))
        self._rack.build_ahead()

    @property
    def seed(self) -> int:
        """The number that all weights are drawn from."""
        return self._rack.builder.seed

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of weights, states and outputs."""
        return self._rack.builder.dtype

    @property
    def time(self) -> int:
        """Steps that the model's own stream has gone since the start."""
        return self._rack.time

    @property
    def params(self) -> ArraysView:
        """Weights by node name, as NamedTuples of arrays."""
        return ArraysView(self._rack, "params")

    @property
    def state(self) -> ArraysView:
        """States by node name, as NamedTuples of arrays."""
        return ArraysView(self._rack, "state")

    def freeze(self, *names: str) -> Model:
        """Keep the params of these nodes as they are in every method, until `unfreeze`."""
        self._rack.frozen |= {self._learner(name) for name in names}
        return self

    def unfreeze(self, *names: str) -> Model:
        """Let these nodes learn again; all of them if none is named."""
        self._rack.frozen -= {self._learner(n) for n in names} if names else self._rack.frozen
        return self

    def _learner(self, name: str) -> str:
        return node_name(name, list(self.plan.rules), "freezing")

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        *,
        warmup: int = 0,
        forcing: bool | str = True,
        workers: int = 1,
        engine: Any = None,
        progress: Progress | None = None,
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
        workers : int
            Threads over independent series; -1 is one for each core. The result is the same.
        engine : "local" or object, optional
            In place of the model's own.
        progress : Progress, optional

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
            raise GraphError("nothing learns here: no node has a rule, or all are frozen")
        draft.forget(learners)
        course = Course(
            builder=draft.builder,
            execute=self._engine(engine),
            learners=learners,
            forcing=checked_forcing(forcing),
            warmup=checked_warmup(warmup, fed),
            workers=checked_workers(workers),
            progress=progress or Silent(),
        )
        report, moved = course.run(draft.slots, fed)
        draft.time = moved if fed.own else draft.time
        self._rack, self.report = draft, report
        return self

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
        draft = self._rack.draft()
        fed = draft.feed(x, y)
        learners = tuple(n for n in draft.learners(fed) if not self.plan.rules[n].online)
        if not learners:
            raise GraphError("nothing here learns offline; partial_fit is for online rules")
        if fresh := [n for n in learners if n not in draft.slots or not draft.slots[n].fitted]:
            raise NotFittedError(f"{fresh[0]} has not learned yet: call fit before update")
        course = Course(draft.builder, self._execute, learners, checked_forcing(forcing))
        report, moved = course.go_on(draft.slots, fed)
        draft.time += moved
        self._rack, self.report = draft, report
        return self

    def partial_fit(
        self,
        x: Any = None,
        y: Any = None,
        *,
        warmup: int = 0,
        outputs: Iterable[str] | None = None,
        engine: Any = None,
        progress: Progress | None = None,
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

        Returns
        -------
        ndarray (T, n_out), list of such, or dict by node name
        """
        draft = self._rack.draft(self.plan.rules, noise=True)
        fed = draft.feed(x, y)
        learners = frozenset(n for n in draft.learners(fed) if self.plan.rules[n].online)
        if not learners:
            raise GraphError(
                "nothing here learns online: use fit, then update, or an RLS or LMS readout; "
                f"rules are {', '.join(self.plan.rules) or 'none'}"
            )
        draft.begin(learners)
        work = Work(draft.names(outputs), learners, draft.time, noise=True)
        checked_warmup(warmup, fed)
        return self._through(draft, fed, work, outputs, engine, progress, warmup=warmup)

    def run(
        self,
        x: Any = None,
        *,
        steps: int | None = None,
        outputs: Iterable[str] | None = None,
        noise: bool = False,
        workers: int = 1,
        engine: Any = None,
        progress: Progress | None = None,
    ) -> Any:
        """Return the outputs of the graph for `x`.

        Parameters
        ----------
        x : array_like (T, d), list of such, dict by node name, or iterable of chunks
            One array goes on where the model's own stream stands. A list is independent series,
            each from the zero state; the model's own stream is then untouched.
        steps : int, optional
            How long to run a graph without inputs.
        outputs : iterable of str, optional
            Nodes whose outputs to return as a dict; else those of the output ends.
        noise : bool
            Whether nodes with noise are noisy, as they are while learning.
        workers : int
            Threads over independent series; -1 is one for each core.

        Returns
        -------
        ndarray (T, n_out), list of such, or dict by node name
        """
        draft = self._rack.draft(noise=noise)
        fed = draft.feed(x, None, steps)
        work = Work(draft.names(outputs), clock=draft.time, noise=noise)
        threads = checked_workers(workers)
        return self._through(draft, fed, work, outputs, engine, progress, workers=threads)

    def _through(
        self,
        draft: Rack,
        fed: Fed,
        work: Work,
        outputs: Iterable[str] | None,
        engine: Any = None,
        progress: Progress | None = None,
        **options: Any,
    ) -> Any:
        """Go through data on a draft, and keep the draft if all went well."""
        draft.require(work.wanted)
        run = Run(draft, self._engine(engine), work, progress or Silent(), **options)
        results = run.through(fed)
        self._rack = draft
        return shaped(results, fed.form, outputs is not None or len(work.wanted) > 1)

    def _engine(self, engine: Any) -> Execute:
        return self._execute if engine is None else choose(engine)

    def step(self, x: Any = None) -> Any:
        """Return the outputs one step later.

        Parameters
        ----------
        x : array_like (d,), or dict by node name

        Returns
        -------
        ndarray (n_out,), or dict by node name
        """
        if isinstance(x, Mapping):
            rows: Any = {name: _one_row(value, name) for name, value in x.items()}
        else:
            rows = None if x is None else _one_row(x, "x")
        result = self.run(rows, steps=1)
        return {n: y[0] for n, y in result.items()} if isinstance(result, dict) else result[0]

    def steps(self, x: Any = None, *, steps: int | None = None) -> Iterator[tuple[int, Any]]:
        """Yield ``(t, frame)`` step by step; `frame` has every node's output by name.

        The numbers are those of `run`. The model moves on with each step that is taken.
        """
        fed = self._rack.draft().feed(x, None, steps)
        if not fed.own:
            raise DataError("steps goes through one series; got a list of them")
        for chunk in fed.series[0].chunks(1, 0, self.dtype):
            draft = self._rack.draft()
            row = draft.feed(chunk.data or None, None, 1)
            names = draft.ready()
            frame = self._through(draft, row, Work(names, clock=draft.time), names)
            yield self.time - 1, {name: rows[0] for name, rows in frame.items()}

    def generate(
        self,
        steps: int,
        *,
        prompt: Any = None,
        x: Any = None,
        loop: Mapping[str, str] | None = None,
        outputs: Iterable[str] | None = None,
    ) -> Any:
        """Drive the model with `prompt`, then let its output be its input for `steps` steps.

        ``u[t] = y[t-1]`` from the end of the prompt on. For a model that was trained one step
        ahead, ``run(prompt)[-1]`` is its forecast of the step after the prompt, and the first
        generated value that of the step after that.

        Parameters
        ----------
        steps : int
        prompt : array_like (T, d), optional
            What the model sees before; without it, the loop is closed where the model stands,
            as after `fit`, whose last target is then the first input.
        x : dict by node name, optional
            Data for inputs that stay outside the loop, `steps` rows each.
        loop : dict, optional
            Which node's output becomes which node's input, ``{"input": "readout"}``; needed
            where there is more than one of either.
        outputs : iterable of str, optional
            Nodes whose outputs to return, as in `run`.

        Returns
        -------
        ndarray (steps, n_out)
            The generated values alone.
        """
        n_steps, before = checked_steps(steps), self._rack
        if prompt is not None:
            self._prompt(prompt)
        try:
            return self._generate(n_steps, x, loop, outputs)
        except BaseException:
            self._rack = before
            raise

    def _prompt(self, prompt: Any) -> None:
        if not self._rack.draft().feed(prompt, None).own:
            raise DataError("prompt: one series of shape (T, d); got a list of them")
        self.run(prompt)

    def _generate(
        self,
        steps: int,
        x: Any,
        loop: Mapping[str, str] | None,
        outputs: Iterable[str] | None,
    ) -> Any:
        draft = self._rack.draft()
        draft.require(draft.names(outputs))
        plan = closed_plan(draft.runnable(draft.ready()), widths(draft.slots), loop)
        fed = draft.feed_outside(x, steps, plan)
        work = Work(draft.names(outputs), clock=draft.time)
        return self._through(draft, fed, work, outputs, plan=plan)

    def reset(self) -> Model:
        """Put every state and delay line back to the start; weights stay as they are."""
        self._rack = self._rack.draft()
        self._rack.restart()
        return self

    def snapshot(self) -> Any:
        """Return all that learning and running change, to be given to `restore` later."""
        return deepcopy((self._rack.slots, self._rack.frozen, self._rack.time))

    def restore(self, snapshot: Any) -> Model:
        """Put the model back to where `snapshot` was taken."""
        self._rack = self._rack.draft()
        self._rack.slots, self._rack.frozen, self._rack.time = deepcopy(snapshot)
        return self


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
        model = cls(rack.plan.graph, rack.builder.seed, rack.builder.dtype, engine)
        model.plan, model._rack, model.report = rack.plan, rack, report
        return model


def _one_row(value: Any, where: str) -> Any:
    """Return one step of data as a series of one row."""
    if np.ndim(value) > 1:
        raise DataError(
            f"{where}: step takes one step of shape (d,), got {np.shape(value)}; "
            "write model.run(x) for a series"
        )
    return np.reshape(to_rows(np.atleast_1d(value), where), (1, -1))
