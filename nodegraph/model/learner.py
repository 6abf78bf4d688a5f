"""A runner whose rules learn: all at once, from more data, or at every step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any, Self

import numpy as np

from nodegraph.data.binding import BoundData
from nodegraph.data.horizon import further
from nodegraph.engines import Engine
from nodegraph.engines.request import Request
from nodegraph.engines.vitals import (
    Trickle,
    trickle_of,
    vitals_of,
    warn_in_time,
    warn_of_states,
)
from nodegraph.errors import GraphError, NotFittedError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.host.numerics import using
from nodegraph.host.progress import Progress, checked_progress
from nodegraph.model.around_fit import Asked, gone_free, made_ready, noted, warn_of_params_replaced
from nodegraph.model.checkpoints import checkpointer_of
from nodegraph.model.checks import (
    check_whole,
    checked_forcing,
    checked_warmup,
    refuse_parts,
    why_idle,
)
from nodegraph.model.column_names import warn_of_shared_names
from nodegraph.model.curves import Curves, recorder_of
from nodegraph.model.data_warnings import (
    warn_of_idle_targets,
    warn_of_series_passed_over,
)
from nodegraph.model.fit_memory import Order
from nodegraph.model.horizon_warnings import warn_of_the_future
from nodegraph.model.inference import Inference
from nodegraph.model.mover import taking_turns
from nodegraph.model.passes import Hooks
from nodegraph.model.state import ModelState
from nodegraph.model.update import Update
from nodegraph.model.views import Named

__all__ = ["Learner"]


class Learner(Inference):
    """The state of a model on an engine, with what was said of the last `fit`.

    Parameters
    ----------
    state : ModelState
    engine : Engine
    """

    def __init__(self, state: ModelState, engine: Engine):
        super().__init__(state, engine)
        self.report: list[dict[str, Any]] = []
        self.curves: Curves = {}
        self._trickle: Trickle | None = None

    @property
    def columns(self) -> Named:
        """Names of the columns of the data that were learned from, by input node."""
        named = self._kept.initializer.columns
        return Named("columns", {name: found.names for name, found in named.items()})

    @property
    def target_columns(self) -> Named:
        """Names of the columns of the targets, or of the classes, by node that learned them."""
        taught = {name: found.names for name, found in self._kept.initializer.taught.items()}
        classes = {n: getattr(node, "classes", None) for n, node in self.plan.nodes.items()}
        known = {name: tuple(map(str, each)) for name, each in classes.items() if each}
        return Named("columns", taught | known)

    @taking_turns
    @known_arguments
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        *,
        warmup: int = 0,
        ahead: int | Mapping[str, int] = 0,
        forcing: bool | str = True,
        order: Order | None = None,
        workers: int | None = None,
        engine: Any = None,
        progress: Progress | bool | None = None,
        watch: bool | int = False,
        checkpoint: str | PathLike[str] | None = None,
        resume: bool = False,
    ) -> Self:
        """Let every rule in the graph learn, each after those upstream of it.

        What a rule changes starts anew, as it was drawn or as the node's fields say: an online rule
        from the params that were assigned to ``model.params``, if any were, an offline one from
        nothing, which is said. What it does not change stays, assigned weights as well.

        Parameters
        ----------
        x, y : array_like (T, d), list of such, dict by node name, or iterable of chunks
            Inputs and targets. One array is one series on the model's own stream: it starts from
            the zero state and `run` goes on from its end. A list is independent series. Rows
            whose target has a NaN are left out of learning. A target of one row for a series
            (a label) is that of its last step.
        warmup : int
            How many steps of each series only drive the states.
        ahead : int, or dict by node name
            How many steps later the target of a row stands in `y`: ``y[t + ahead]`` is learned at
            row t of each series, and nothing at its last rows. One series is gone through once more
            in the end, so that the model stands where ``run(x)`` leaves it.
        forcing : {True, False, "all"}
            True: while offline rules learn, feedback edges of a supervised node carry its
            target. "all": every edge of it does. False: none.
        order : {"all at once", "one by one"}, optional
            Whether readouts of a stage learn side by side, or one after the other, to the same
            bits, in the room of one. They then keep nothing for `update`. Left out, it is chosen by
            what is free, and said if it is "one by one".
        workers : int, optional
            Threads over independent series, or replicas on Ray; -1 is one for each core. None:
            one thread, or as many replicas as the cluster has CPUs. The result is the same.
        engine : "local", "ray" or object, optional
            In place of the model's own.
        progress : bool or Progress, optional
            True draws a bar on standard error, in a terminal or a notebook. An object with the
            methods of `nodegraph.host.progress.Progress` is told of every chunk.
        watch : bool or int
            Whether to take learning curves of online rules, into `curves`: one point for each chunk
            that goes through, or for so many steps (at most a chunk).
        checkpoint : path-like, optional
            A ``.safetensors`` file in which it is kept, every ten seconds and when a signal ends
            the work (SIGINT, SIGTERM, SIGUSR1, SIGHUP), where learning stands.
        resume : bool
            Whether to go on from that file, if there is one, to the same bits, on any engine.
            Learning curves go on, too; those that were taken on Ray begin anew.

        Returns
        -------
        Model
            Itself.

        Raises
        ------
        DataError, DivergenceError, BudgetError
            If the data do not fit or a state diverges; the model is then as it was before.
        """
        progress = checked_progress(progress)
        draft, bound, learners = self._to_learn(x, y)
        asked = Asked(warmup, ahead, forcing, order, workers, watch is not False)
        ready = made_ready(draft, learners, bound, y, self._engine(engine), asked)
        history, checkpointer = recorder_of(watch, progress) if asked.watched else None, None
        if checkpoint is not None or resume:
            checkpointer = checkpointer_of(
                checkpoint, resume, draft, ready.bound, ready.options, history
            )
        hooks = Hooks(progress, history, checkpointer, vitals_of(self.plan, ready.bound))
        ready = ready.told(hooks)
        with using(self.numerics), hooks.keeping():
            report, moved = ready.course.run(draft.slots, ready.bound)
            free = gone_free(ready, draft)
        noted(draft, ready, y, moved, free)
        self._hold(draft)
        self.report, self._trickle = report, None
        self.curves = history.curves() if history else {}
        warn_of_states(self.plan, draft.slots, hooks.vitals, bound.ticked(draft.stream.time))
        return self

    def _to_learn(self, x: Any, y: Any) -> tuple[ModelState, BoundData, tuple[str, ...]]:
        """Return a draft, the data by node, and who learns all anew from them."""
        draft = self._settle().draft()
        bound = draft.bind(x, y, anew=True)
        check_whole(self.plan, bound)
        learners = draft.learners(bound)
        if not learners:
            raise GraphError(f"nothing learns here: {why_idle(self.plan, draft.frozen)}")
        warn_of_params_replaced(self.plan, draft.slots, learners)
        draft.forget(learners)
        return draft, bound, learners

    @taking_turns
    @known_arguments
    def update(
        self,
        x: Any = None,
        y: Any = None,
        *,
        forcing: bool | str = True,
        warmup: int = 0,
        ahead: int | Mapping[str, int] = 0,
    ) -> Self:
        """Let offline rules learn from more data, as if `fit` had seen it too.

        One series goes on where the model's own stream stands, so that ``fit(a).update(b)``
        equals ``fit`` on a then b; a list is further independent series, which
        ``ridge="cv"`` leaves out in turn by themselves. Online rules rest.

        Parameters
        ----------
        x, y, forcing, warmup, ahead
            As in `fit`, of which nothing is remembered: give them again. `ahead` is for lists.

        Raises
        ------
        DataError
            If `ahead` is asked for one series: its first targets would be missing.
        NotFittedError
            Before `fit`, or if what was learned from is no longer known: it was not saved, or
            weights were given since.
        GraphError
            If an offline rule is upstream of another one: then only `fit` is right.
        """
        draft = self._settle().draft(self.plan.rules, noise=True)
        bound = draft.bind(x, y, noted=True)
        draft.follow(bound)
        check_whole(self.plan, bound, draft.stream.time)
        learners = draft.learners(bound, online=False)
        if not learners:
            online = self.plan.rules and "partial_fit is for online rules"
            raise GraphError(
                f"nothing here learns offline: {online or why_idle(self.plan, draft.frozen)}"
            )
        if fresh := [n for n in learners if n not in draft.slots or not draft.slots[n].fitted]:
            raise NotFittedError(f"{fresh[0]} has not learned yet: call fit before update")
        draft.require_memory(learners)
        given, bound = bound, further(bound, ahead, warmup)
        draft.compare(
            given, ahead if isinstance(ahead, Mapping) else dict.fromkeys(learners, ahead)
        )
        course = Update(
            initializer=draft.initializer,
            engine=self._own_engine,
            warmup=checked_warmup(warmup, bound),
            learners=learners,
            forcing=checked_forcing(forcing),
            clock=draft.stream.time if bound.own else 0,
            first=draft.series,
        )
        with using(self.numerics):
            behind = bound.own and draft.stream.told == draft.stream.time
            report, moved = course.go_on(draft.slots, bound, behind)
        draft.series += 0 if bound.own else len(bound.series)
        draft.stream = draft.stream.gone(moved)
        if bound.own and forcing:
            draft.stream = draft.stream._replace(told=draft.stream.time)
        self._hold(draft)
        self.report = report
        return self

    @taking_turns
    @known_arguments
    def partial_fit(
        self,
        x: Any = None,
        y: Any = None,
        *,
        warmup: int = 0,
        outputs: Iterable[str] | None = None,
        engine: Any = None,
        progress: Progress | bool | None = None,
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
        engine, progress
            As in `fit`.
        watch : bool or int
            As in `fit`; the curves go on from those that there are.
        checkpoint, resume
            As in `fit`; outputs are those from where it was resumed.

        Returns
        -------
        ndarray (T, n_out), list of such, or dict by node name

        Raises
        ------
        GraphError
            If nothing here learns online.
        """
        plain = all(option is None for option in (outputs, engine, checkpoint))
        plain = plain and type(warmup) is int and not (warmup or progress or watch or resume)
        if plain and (found := self._quickly(x, y, learn=True)) is not None:
            self._trickled(len(found if type(found) is np.ndarray else next(iter(found.values()))))
            return found
        refuse_parts(self.plan, "partial_fit")
        progress = checked_progress(progress)
        draft = self._settle().draft(self.plan.rules, noise=True)
        bound = draft.bind(x, y, noted=True)
        draft.follow(bound)
        draft.compare(bound)
        learners = frozenset(draft.learners(bound, online=True))
        if not learners:
            raise GraphError(
                f"nothing here learns online: {why_idle(self.plan, draft.frozen, online=True)}"
            )
        warn_of_idle_targets(self.plan, learners, bound, y)
        warn_of_shared_names(bound, begun=draft.stream.time > 0)
        draft.begin(learners)
        vitals, time = vitals_of(self.plan, bound), draft.stream.time
        trickle = self._trickle = self._trickle or trickle_of(self.plan)
        taking = vitals or (trickle.now() if trickle else None)
        request = Request(draft.names(outputs), learners, time, noise=True, vitals=taking)
        history = recorder_of(watch, progress, self.curves)
        how = {"warmup": checked_warmup(warmup, bound), "time": time, "online": sorted(learners)}
        warn_of_series_passed_over(self.plan, (), bound, warmup)
        file = (checkpoint, resume, draft, bound, how, history)
        kept = checkpointer_of(*file) if checkpoint is not None or resume else None
        hooks = Hooks(progress, history, kept)
        with hooks.keeping():
            found = self._through(draft, bound, request, outputs, engine, hooks, warmup=warmup)
        told, draft.ahead = draft.ahead.shown, draft.ahead.after(bound, time)
        if outputs is None or not learners.isdisjoint(request.wanted):
            warn_of_the_future(draft.ahead.shown, told)
        self.curves = history.curves() if history else self.curves
        if plain:
            self._went(bound, learners, trickle.vitals if trickle else None)
        warn_of_states(self.plan, draft.slots, vitals, bound.ticked(draft.stream.time))
        if vitals is None:
            self._trickled(bound.n_steps or 0)
        return found

    def _trickled(self, n_rows: int) -> None:
        """Count rows that were learned from a few at a time; look at the nodes in time."""
        if self._trickle is not None and self._trickle.is_due(n_rows):
            state = self._standing()
            warn_in_time(self.plan, state.slots, self._trickle, state.stream.time)
