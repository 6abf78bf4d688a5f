"""What can be done with a model that does not change what it has learned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from nodegraph.data.binding import BoundData, shaped
from nodegraph.data.series import one_row
from nodegraph.engines import LOCAL, Engine, choose
from nodegraph.engines.request import Request
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.strangers import refuse_target
from nodegraph.host.numerics import using
from nodegraph.host.progress import Progress, checked_progress
from nodegraph.model.checks import (
    check_steps,
    check_whole,
    checked_steps,
    checked_workers,
    refuse_parts,
    require_noise,
)
from nodegraph.model.generating import Generation
from nodegraph.model.holder import Holder
from nodegraph.model.mover import is_one, taking_turns
from nodegraph.model.passes import Hooks, Run
from nodegraph.model.state import ModelState

__all__ = ["Inference"]


class Inference(Holder):
    """A model that runs, steps, generates and is put back; see `Holder`."""

    @known_arguments
    def run(
        self,
        x: Any = None,
        *,
        steps: int | None = None,
        outputs: Iterable[str] | None = None,
        noise: bool = False,
        workers: int | None = None,
        engine: Any = None,
        progress: Progress | bool | None = None,
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
            Whether nodes draw noise, as while learning; each of a list its own, same in each call.
        workers : int, optional
            Threads over independent series, or replicas on Ray; -1 is one for each core. None:
            one thread, or as many replicas as the cluster has CPUs.
        engine, progress
            As in `fit`.

        Returns
        -------
        ndarray (T, n_out), list of such, or dict by node name

        Raises
        ------
        NotFittedError
            If a node has to learn first.
        """
        plain = not (noise or progress) and all(o is None for o in (outputs, workers, engine))
        with self._mover.where(is_one(x)):
            if plain and steps is None and (y := self._quickly(x)) is not None:
                return y
            draft = self._settle().draft(noise=noise)
            names = draft.names(outputs)
            bound = draft.bind(x, None, steps, wanted=names)
            draft.compare(bound)
            draft.follow(bound)
            if self.plan.from_end:
                check_whole(self.plan, bound, draft.stream.time)
            request = Request(names, clock=draft.stream.time, noise=noise)
            threads = None if workers is None else checked_workers(workers, bound)
            hooks = Hooks(checked_progress(progress))
            found = self._through(draft, bound, request, outputs, engine, hooks, workers=threads)
            if plain:
                self._went(bound)
        return found

    def _through(
        self,
        draft: ModelState,
        bound: BoundData,
        request: Request,
        outputs: Iterable[str] | None,
        engine: Any = None,
        hooks: Hooks | None = None,
        **options: Any,
    ) -> Any:
        """Go through data on a draft, and keep the draft if all went well."""
        draft.require(request.wanted)
        if request.noise and not request.learn:
            require_noise(draft.slots)
        run = Run(
            initializer=draft.initializer,
            engine=self._engine(engine),
            hooks=hooks or Hooks(),
            state=draft,
            request=request,
            **options,
        )
        moved = bound.own or bool(request.learn)
        with self._mover.where(moved), using(self.numerics):
            self._check_still(draft, moved)
            results = run.through(bound)
            self._hold(draft, moved)
        return shaped(results, request.wanted, bound.form, outputs is not None)

    def _engine(self, engine: Any) -> Engine:
        return self._own_engine if engine is None else choose(engine)

    def step(self, x: Any = None, y: Any = None, *, noise: bool = False) -> Any:
        """Return the outputs one step later.

        Parameters
        ----------
        x : array_like (d,), or dict by node name
            None is a day without data: a row of NaN, where all who hear of it fill gaps.
        y : refused, since a step does not learn
        noise : bool
            Whether nodes with noise are noisy, as in `run`.

        Returns
        -------
        ndarray (n_out,), or dict by node name
        """
        if y is not None:
            refuse_target()
        mover = self._mover  # spelled out, since `with` takes as long as half a step
        if not mover.claim(False):
            mover.wait()
        try:
            stepper = None if noise else self._stepper
            if stepper is not None and not stepper.learns and (y := stepper.step(x)) is not None:
                return y
            found = self._slow_step(x, noise)
            if self._own_engine is not LOCAL:
                self._compile()
            return found
        finally:
            mover.free()

    def _slow_step(self, x: Any, noise: bool) -> Any:
        """Return what `step` does, by a run of one step."""
        refuse_parts(self.plan, "step")
        rows: Any = self._settle().missing() if x is None else one_row(x, "x")
        result = self.run(rows, steps=1 if rows is None else None, noise=noise)
        return {n: y[0] for n, y in result.items()} if isinstance(result, dict) else result[0]

    @known_arguments
    def steps(self, x: Any = None, *, steps: int | None = None) -> Iterator[tuple[int, Any]]:
        """Yield ``(t, frame)`` step by step; `frame` has every node's output by name.

        The numbers are those of `run`. The model moves on with each step that is taken.
        """
        bound = self._settle().draft().bind(x, None, steps, wanted=self.plan.outputs)
        check_steps(self.plan, bound)
        for chunk in bound.series[0].chunks(1, 0, self.dtype):
            draft = self._settle().draft()
            row = draft.bind(chunk.data or None, None, 1)
            names = draft.ready()
            frame = self._through(draft, row, Request(names, clock=draft.stream.time), names)
            yield self.time - 1, {name: rows[0] for name, rows in frame.items()}

    @known_arguments
    def generate(
        self,
        steps: int,
        *,
        prompt: Any = None,
        x: Any = None,
        loop: Mapping[str, str] | None = None,
        outputs: Iterable[str] | None = None,
        noise: bool = False,
    ) -> Any:
        """Return what the model says comes next, each output taken as the input that follows.

        With a prompt, the first value is the forecast of the step right after it, that is
        ``run(prompt)[-1]``; then ``y[i+1] = step(y[i])``. Without one, the model goes on where it
        stands: the last output of its own stream is the first input. After `fit` that is the last
        target; if that was unknown, as for ``ahead=1``, its forecast is the first value. So that is
        of the first step that was never seen.
        ``generate(a)`` and then ``generate(b)`` is ``generate(a + b)``.

        Parameters
        ----------
        steps : int
            How many values.
        prompt : array_like (T, d), list of such, or dict by node name, optional
            What the model sees before, on its own stream. A list is independent series: each
            starts from the zero state, and the model's own stream is untouched.
        x : dict by node name, optional
            Data for inputs that stay outside the loop, in the form of the prompt: a row for each
            step at which the model takes its own output: ``steps - 1`` behind a prompt or an open
            end of `fit`, row i with value i (one more may be there); else `steps`.
        loop : dict, optional
            Which node's output becomes which node's input, ``{"input": "readout"}``; needed
            where there is more than one of either.
        outputs : iterable of str, optional
            Nodes whose outputs to return, as in `run`.
        noise : bool
            Whether nodes with noise are noisy, as in `run`: each of several prompts on its own way.

        Returns
        -------
        ndarray (steps, n_out), list of such, or dict by node name

        Warns
        -----
        DataWarning
            If the data of `fit` show that the output was not taught its input one step ahead, or
            if there is no prompt and the own stream of a model that has learned is at its start.
        """
        with self._mover.where(is_one(prompt)):
            draft = self._settle().draft(noise=noise)
            names = draft.names(outputs)
            bound = None if prompt is None else draft.bind(prompt, None, wanted=names)
            if bound is not None:
                draft.compare(bound)
                draft.follow(bound)
            wish = Generation(self._own_engine, checked_steps(steps), x, loop, names, noise)
            moved = bound is None or bound.own
            with self._mover.where(moved), using(self.numerics):
                self._check_still(draft, moved)
                found = wish.after(draft, bound)
                self._hold(draft, moved)
        form = "one" if bound is None else bound.form
        return shaped(found, names, form, outputs is not None)

    @taking_turns
    @known_arguments
    def reset(self) -> Self:
        """Put every state and delay line back to the start; weights stay as they are."""
        draft = self._settle().draft()
        draft.restart()
        self._hold(draft)
        return self
