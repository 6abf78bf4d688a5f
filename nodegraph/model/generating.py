"""A model that goes on by itself: its output becomes its input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.assembly import Door
from nodegraph.data.binding import BoundData, bind, teaching_only, zeros
from nodegraph.data.series import Series
from nodegraph.engines import Engine
from nodegraph.engines.batches import batched
from nodegraph.engines.request import Request
from nodegraph.engines.slot import widths
from nodegraph.errors import DataError, warn
from nodegraph.graph.plan import Plan
from nodegraph.model.checks import refuse_parts, require_noise
from nodegraph.model.closed_loop import Lineup, closed_plan, find_loop
from nodegraph.model.horizon_warnings import warn_of_a_far_horizon, warn_of_no_past
from nodegraph.model.passes import Run
from nodegraph.model.state import ModelState
from nodegraph.model.stream_place import StreamPlace

__all__ = ["Generation"]

Outputs = dict[str, Array]
MANY = 32  # prompts at a time


@dataclass(frozen=True)
class Generation:
    """What is to be generated.

    Parameters
    ----------
    engine : Engine
    steps : int
        How many values.
    x : dict by node name, or array_like, optional
        Data of the inputs that stay outside the loop.
    loop : dict, optional
        Output node by input node.
    outputs : iterable of str, optional
        Nodes whose outputs to return.
    noise : bool
        Whether nodes with noise are noisy.
    """

    engine: Engine
    steps: int
    x: Any = None
    loop: Mapping[str, str] | None = None
    outputs: Iterable[str] | None = None
    noise: bool = False

    def after(self, state: ModelState, prompt: BoundData | None) -> list[Outputs]:
        """Return what is generated behind each prompt; a state whose own stream goes on moves."""
        if self.noise:
            require_noise(state.slots)
        names, loop = state.names(self.outputs), self._loop(state)
        series: list[Any] = [None] if prompt is None else list(prompt.series)
        unsaid = bool(loop) and prompt is None and state.stream.unsaid == state.stream.time
        outside = self._outside(state, loop, prompt, self.steps - (unsaid or prompt is not None))
        self._warn(state, loop, prompt)
        done: dict[int, Outputs] = {}
        if prompt is not None and not prompt.own:
            done = self._side_by_side(state, names, loop, series, outside)
        found = []
        for i, (shown, given) in enumerate(zip(series, outside, strict=True)):
            if i in done:
                found.append(done[i])
                continue
            place = state if prompt is None or prompt.own else _apart(state, i)
            first = [] if shown is None else [self._last(place, names, shown)]
            if unsaid:
                first = [{name: place.slots[name].past[-1:] for name in names}]
                place.stream = place.stream._replace(unsaid=None)
            elif told := self._told(state, loop) if prompt is None else {}:
                first = [self._last(place, names, self._given(state, given, 1, told))]
                given = {name: rows[1:] for name, rows in given.items()}
            rest = self._closed(place, names, loop, self.steps - len(first), given)
            found.append({n: np.concatenate([part[n] for part in (*first, *rest)]) for n in names})
        return found

    def _side_by_side(
        self,
        state: ModelState,
        names: tuple[str, ...],
        loop: Mapping[str, str],
        prompts: Sequence[Any],
        outside: Sequence[Mapping[str, Array]],
    ) -> dict[int, Outputs]:
        """Return by number what comes behind prompts of one length, some at a time."""
        lengths: dict[int, list[int]] = {}
        for i, shown in enumerate(prompts):
            if isinstance(shown, Series):
                lengths.setdefault(shown.n_steps, []).append(i)
        base, closed = state.runnable(state.ready()), _plan(state, loop)
        done: dict[int, Outputs] = {}
        for rows, numbers in lengths.items():
            for group in (numbers[k : k + MANY] for k in range(0, len(numbers), MANY)):
                if not batched(self.engine, [(i, prompts[i]) for i in group]):
                    continue
                places = [state.initializer.fresh(state.slots, state.slots, i) for i in group]
                line = Lineup(self.engine, state.initializer.dtype, places, names, self.noise)
                parts = [line.last(base, [prompts[i] for i in group])]
                if self.steps > 1:
                    given = [self._given(state, outside[i], self.steps - 1) for i in group]
                    parts += line.through(closed, given, rows)
                for i, *own in zip(group, *parts, strict=True):
                    done[i] = {n: np.concatenate([part[n] for part in own]) for n in names}
        return done

    def closed(self, state: ModelState, prompt: BoundData | None) -> Plan:
        """Show `state` a prompt and return the plan in which it goes on by itself from there.

        Raises
        ------
        DataError
            If there are several prompts, or an input stays outside the loop.
        """
        loop = self._loop(state)
        inside = {*loop, *teaching_only(state.plan)}
        if outside := [name for name in state.initializer.data if name not in inside]:
            raise DataError(f"{outside[0]} is not in the loop: name it in loop=, or give x")
        if prompt is not None:
            if not prompt.own:
                raise DataError("prompt: expected one array (rows, d), got several series")
            self._last(state, state.names(None), prompt.series[0])
        elif told := self._told(state, loop):
            self._last(state, state.names(None), self._given(state, {}, 1, told))
        return _plan(state, loop)

    def _loop(self, state: ModelState) -> dict[str, str]:
        refuse_parts(state.plan, "generate")
        state.require(state.names(self.outputs))
        base, idle = state.runnable(state.ready()), teaching_only(state.plan)
        takes = {n: width for n, width in state.initializer.data.items() if n not in idle}
        loop = find_loop(base, takes, self.loop)
        _plan(state, loop)
        if not (self.loop and len(takes) == len(base.outputs) == 1):  # else it was said with care
            _check_own_input(state, loop)
        return loop

    def _warn(self, state: ModelState, loop: Mapping[str, str], prompt: BoundData | None) -> None:
        warn_of_a_far_horizon(state.plan, loop, state.ahead.horizons())
        learned = any(state.slots[name].fitted for name in state.plan.rules if name in state.slots)
        if loop and prompt is None and not state.stream.time and learned:
            warn_of_no_past()

    def _last(self, state: ModelState, names: tuple[str, ...], shown: Any) -> Outputs:
        """Show a prompt; return the outputs at its last step."""
        bound = BoundData([shown], "one", {}, {})
        request = Request(names, clock=state.stream.time, noise=self.noise)
        (outputs,) = self._run(state, request).through(bound)
        return {name: rows[-1:] for name, rows in outputs.items()}

    def _closed(
        self,
        state: ModelState,
        names: tuple[str, ...],
        loop: Mapping[str, str],
        steps: int,
        outside: Mapping[str, Array],
    ) -> list[Outputs]:
        """Return what comes in `steps` steps of the closed loop."""
        if not steps:
            return []
        bound = BoundData([self._given(state, outside, steps)], "one", {}, {})
        request = Request(names, clock=state.stream.time, noise=self.noise)
        return self._run(state, request, _plan(state, loop)).through(bound)

    def _given(
        self,
        state: ModelState,
        outside: Mapping[str, Array],
        steps: int,
        told: Mapping[str, Array] = MappingProxyType({}),
    ) -> Series:
        """Return what comes from outside in `steps` steps, with what was `told` to the loop."""
        known, idle = state.initializer.data, teaching_only(state.plan)
        data = zeros(steps, {name: known[name] for name in idle if name in known})
        data |= {name: rows[:steps] for name, rows in outside.items()}
        return Series({**data, **told}, {}, steps)

    def _told(self, state: ModelState, loop: Mapping[str, str]) -> Outputs:
        """Return the last targets, which go in first behind `fit`, where others hear outputs.

        Elsewhere they stand in the lines of those outputs.
        """
        if state.stream.told != state.stream.time or not self.steps:
            return {}
        slots = {taker: state.slots[giver] for taker, giver in loop.items()}
        ends = {n: s.past if s.taught is None else s.taught for n, s in slots.items()}
        if all(np.array_equal(ends[name][-1:], slots[name].past[-1:]) for name in slots):
            return {}
        return {name: rows[-1:] for name, rows in ends.items()}

    def _run(self, state: ModelState, request: Request, plan: Plan | None = None) -> Run:
        made = state.initializer
        return Run(initializer=made, engine=self.engine, state=state, request=request, plan=plan)

    def _outside(
        self, state: ModelState, loop: Mapping[str, str], prompt: BoundData | None, goes: int
    ) -> list[Mapping[str, Array]]:
        """Return the data of the inputs that `loop` leaves outside, for each prompt."""
        left = loop.keys() | teaching_only(state.plan)
        takers = tuple(name for name in state.initializer.data if name not in left)
        count, form = (1, "one") if prompt is None or prompt.own else (len(prompt.series), "list")
        if not goes or (self.x is None and not takers):
            return [{}] * count
        bound = bind(self.x, None, Door(takers, (), list(state.plan.nodes)), self.steps)
        state.check_columns(bound)
        _check_names(bound, takers, loop)
        state.initializer.see(bound.data, {})
        if bound.form == "stream" or bound.own != (form == "one") or len(bound.series) != count:
            wanted = "one array (rows, d)" if form == "one" else f"a list of {count} such arrays"
            raise DataError(f"x: expected {wanted} for each input outside the loop, as the prompt")
        for one in bound.series:
            if isinstance(one, Series):
                self._check_rows(one.n_steps, goes)
        last = state.stream.last
        if form == "one" and bound.times:
            last.then(bound.times, last.stop, self.steps, BEHIND)
        return [one.data for one in bound.series if isinstance(one, Series)]

    def _check_rows(self, rows: int, goes: int) -> None:
        """Refuse other data than a row for each step of the loop, or for each value."""
        if rows in (goes, self.steps):
            return
        why = (
            ""
            if goes == self.steps
            else "; the last row of the prompt, or of fit, gives the first value"
        )
        raise DataError(
            f"x: {rows} rows for {self.steps} steps; give {goes}, those of the steps at which the "
            f"model takes its own output{why}"
        )


BEHIND = "x holds the rows behind the prompt, or behind those of fit, row i with value i"


def _check_names(bound: BoundData, takers: tuple[str, ...], loop: Mapping[str, str]) -> None:
    for name in takers:
        if name not in bound.data:
            raise DataError(
                f"{name} is not in the loop and has no data: give x={{{name!r}: ...}}, or "
                "name it in loop="
            )
    for name in bound.data:
        if name in loop:
            raise DataError(
                f"{name} is in the loop, where {loop[name]} becomes its input: leave it out of x, "
                "or out of loop"
            )
        if name not in takers:
            raise DataError(f"x: {name} takes no data; inputs outside the loop are {takers}")


def _apart(state: ModelState, i: int) -> ModelState:
    """Return a state at the start of independent series number `i`."""
    twin = state.draft()
    twin.slots = twin.initializer.fresh(state.slots, state.slots, i)
    twin.stream = StreamPlace()
    return twin


def _plan(state: ModelState, loop: Mapping[str, str]) -> Plan:
    """Return the plan of what can run with the loop closed."""
    base = state.runnable(state.ready())
    key = ("closed", tuple(loop.items()), tuple(base.reads))
    if key not in state.plans:
        state.plans[key] = closed_plan(base, widths(state.slots), state.initializer.data, loop)
    return state.plans[key]


def _check_own_input(state: ModelState, loop: Mapping[str, str]) -> None:
    """Refuse an output with the columns of its input in another order; warn of another signal.

    Where the data of `fit` showed by how many rows an output is ahead of its input, it is that
    input, whatever its columns are called. Nodes behind a learner may make one of the other.

    Raises
    ------
    DataError
        With the columns of both, and the cure.
    """
    for taker, giver in loop.items():
        if taker in state.ahead.horizons().get(giver, {}):
            continue
        known = state.initializer.columns.get(taker), state.initializer.taught.get(giver)
        takes, gives = (found.names if found and found.firm else () for found in known)
        if takes != gives and sorted(takes) == sorted(gives):
            raise DataError(
                f"{giver} was taught the columns {', '.join(map(repr, gives))}, and {taker} takes "
                f"{', '.join(map(repr, takes))}, so generate would mix them up; teach it "
                f"y[{list(takes)!r}], or write y.to_numpy() if they are in order"
            )
        if (giver, taker) in state.ahead.strange:
            named = f" ({', '.join(gives)} for {', '.join(takes)})" * (takes != gives != ())
            warn(
                f"generate takes each output of {giver} for the next input of {taker}, but "
                f"{giver} was taught other values than those of {taker} one row later{named}; "
                "teach it those, as in fit(u[:-1], u[1:]), or let nodes behind it make them"
                f"; loop={{{taker!r}: {giver!r}}} says that it is meant so"
            )
