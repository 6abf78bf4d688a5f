"""What calls refuse: options that are wrong, data that a model cannot take as they come."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import inf
from typing import Any

import numpy as np

from nodegraph.arrays import Array, leaves
from nodegraph.data.binding import BoundData
from nodegraph.data.series import Series
from nodegraph.engines.slot import Slot
from nodegraph.errors import DataError, FieldError, GraphError, NotFittedError, warn
from nodegraph.graph.plan import Plan
from nodegraph.graph.protocols import Windowed
from nodegraph.graph.rule import shortest
from nodegraph.host.machine import usable_cpus

__all__ = [
    "check_in_time",
    "check_long_enough",
    "check_sizes",
    "check_snapshot",
    "check_steps",
    "check_whole",
    "checked_dtype",
    "checked_forcing",
    "checked_seed",
    "checked_steps",
    "checked_warmup",
    "checked_watch",
    "checked_workers",
    "ends_open",
    "refuse_parts",
    "require_noise",
    "rows_like",
    "why_idle",
    "why_not_ready",
    "why_so_many",
]


def _whole(value: Any, name: str, least: int, more: str = "") -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise FieldError(
            f"{name}: expected a whole number of at least {least}{more}, got {value!r}"
        )
    return int(value)


def checked_seed(seed: Any) -> int:
    """Return `seed`, a whole number of at least 0."""
    return _whole(seed, "seed", 0)


def checked_steps(steps: Any) -> int:
    """Return `steps`, a whole number of at least 1."""
    return _whole(steps, "steps", 1)


def checked_dtype(dtype: Any) -> np.dtype[Any]:
    """Return float64 or float32 as a numpy dtype."""
    try:
        found: np.dtype[Any] = np.dtype(dtype)
    except TypeError:
        found = np.dtype(object)
    if found == np.float64 or found == np.float32:
        return found
    raise FieldError(f"dtype: expected 'float64' or 'float32', got {dtype!r}")


def checked_forcing(forcing: Any) -> bool | str:
    """Return `forcing`: True, False or "all"."""
    if forcing is not True and forcing is not False and forcing != "all":
        raise FieldError(f"forcing: expected True, False or 'all', got {forcing!r}")
    return bool(forcing) if forcing != "all" else "all"


def checked_warmup(warmup: Any, bound: BoundData) -> int:
    """Return `warmup`, a whole number that leaves some rows of some series."""
    steps = _whole(warmup, "warmup", 0)
    if bound.n_steps is not None:
        longest = max(one.n_steps for one in bound.series)  # type: ignore[union-attr]
        if steps >= longest:
            raise DataError(f"warmup={steps} leaves nothing: the longest series has {longest} rows")
    return steps


def checked_watch(watch: Any) -> int | None:
    """Return the steps from point to point of learning curves; None for one each chunk."""
    return None if watch is True else _whole(watch, "watch", 1)


def checked_workers(workers: Any, bound: BoundData | None = None) -> int | None:
    """Return a number of workers; -1 is one for each core there is, None as the engine likes.

    A warning says if they are to share one series.
    """
    if workers is None:
        return None
    each = ", or -1 for one on each core"
    count = usable_cpus() if workers == -1 else _whole(workers, "workers", 1, each)
    if count > 1 and bound is not None and bound.own:
        warn("workers: are for a list of independent series, and this is one series; leave it out")
    return count


def check_long_enough(plan: Plan, learners: Iterable[str], bound: BoundData) -> None:
    """Refuse series of which no step could be learned from."""
    longest = bound.longest
    for name in learners:
        needed = shortest(plan.rules[name], plan.nodes[name])
        if longest < needed:
            fields = getattr(plan.rules[name], "looks_by", ())  # of the node, as it was given
            smaller = [f"{f}={getattr(plan.nodes[name], f)}" for f in fields]
            less = f", or write less than {' or '.join(smaller)}" * bool(smaller)
            raise DataError(
                f"{name} cannot learn from series that short: it needs {needed} steps, "
                f"{why_so_many(plan, name)}, and the longest series has {longest}; give longer "
                f"series{less}"
            )


def why_so_many(plan: Plan, name: str) -> str:
    """Return why a learner needs more than one step of a series."""
    node, far = plan.nodes[name], "for how far it looks back and ahead"
    if node.every == 1:
        return far
    clock = f"its clock (every={node.every}, phase={node.phase})"
    return f"{far}, and for {clock}" if isinstance(plan.rules[name], Windowed) else f"for {clock}"


def check_in_time(plan: Plan, learners: Iterable[str], bound: BoundData) -> None:
    """Refuse targets that are delayed past the end of every series, so that only zeros are taught.

    Raises
    ------
    DataError
    """
    lags = _lags(plan, bound.data)
    for name in learners:
        found = [lags[r.source] + r.delay for r in plan.reads[name].get("target", ())]
        late = min(found, default=0)
        if bound.longest <= late < inf:
            raise DataError(
                f"{name}: its target comes {late:.0f} steps late, past the end of the longest "
                f"series, which has {bound.longest:.0f}; shorten the delay, or give longer series"
            )


def _lags(plan: Plan, inputs: Iterable[str]) -> dict[str, float]:
    """Return after how many steps, at least, each node hears of any data; inf: never."""
    lags = {name: inf for name in plan.reads} | dict.fromkeys(inputs, 0.0)
    for _ in plan.reads:
        for name, ports in plan.reads.items():
            heard = [lags[r.source] + r.delay for p, g in ports.items() if p != "target" for r in g]
            lags[name] = min([lags[name], *heard])
    return lags


def require_noise(slots: Mapping[str, Slot]) -> None:
    """Refuse noise, which is asked for, where no node draws any."""
    if all(slot.noise is None for slot in slots.values()):
        raise GraphError(
            "noise=True, but no node here draws noise; leave noise out, or write "
            "Reservoir(noise=0.01), or Noise() where it is wanted"
        )


def rows_like(y: Any, shape: tuple[int, ...], what: str) -> Array:
    """Return numbers of shape (n_steps, n_out); those of one output may lack the second axis."""
    try:
        rows = np.asarray(y, float)
    except (TypeError, ValueError):
        raise DataError(f"{what} should be numbers of shape {shape}, got {y!r}") from None
    flat = rows[:, None] if rows.ndim == 1 and shape[1] == 1 else rows
    if flat.shape != shape:
        raise DataError(f"{what} should have shape {shape}, got {rows.shape}")
    return flat


def ends_open(plan: Plan, learners: Sequence[str], bound: BoundData) -> bool:
    """Tell whether the last row of a series has no target, and no learner is heard by others.

    Then what it says there stands for what would have been taught. A series that has gone by, and
    comes once, cannot tell it.
    """
    one = bound.series[0]
    reads = (read for ports in plan.reads.values() for group in ports.values() for read in group)
    if not bound.again or any(read.source in learners for read in reads):
        return False
    rows = one.targets if isinstance(one, Series) else one.ends
    return any(np.isnan(rows[name][-1:]).any() for name in learners if name in rows)


def check_snapshot(
    snapshot: Any, moving: Collection[str], plan: Plan, slots: Mapping[str, Slot]
) -> None:
    """Refuse what is no snapshot, or one of a model of other nodes or of other sizes."""
    if not isinstance(snapshot, dict) or snapshot.keys() != moving:
        raise DataError("restore takes what model.snapshot() gave")
    taken: Mapping[str, Slot] = snapshot["slots"]
    if strange := sorted(taken.keys() - plan.nodes.keys()):
        raise DataError(
            f"restore: the snapshot is of another model, which has {', '.join(strange)}; this one "
            f"has {', '.join(plan.nodes)}"
        )
    for name in (name for name in slots if name in taken):
        here, there = (_shapes(each[name].params) for each in (slots, taken))
        if here != there:
            raise DataError(
                f"restore: the snapshot is of another model: params of {name} have shapes "
                f"{there}, here {here}"
            )


def _shapes(params: Any) -> list[tuple[int, ...]]:
    return [np.shape(leaf) for _, leaf in leaves(params)]


def refuse_parts(plan: Plan, method: str) -> None:
    """Refuse to go step by step through a series that is read from its end.

    Raises
    ------
    GraphError
        With the node, and what to write instead.
    """
    if plan.from_end:
        raise GraphError(
            f"{plan.from_end[0]} reads a series from its end, which {method} does not know; give "
            "whole series: fit([x], [y]), run([x])"
        )


def check_steps(plan: Plan, bound: BoundData) -> None:
    """Refuse what `Model.steps` cannot go through: several series, or what is read from its end."""
    refuse_parts(plan, "steps")
    if not bound.own:
        raise DataError("steps goes through one series; got a list of them")


def check_whole(plan: Plan, bound: BoundData, time: int = 0) -> None:
    """Refuse data that may go on where they are read from the end.

    Parameters
    ----------
    plan : Plan
    bound : BoundData
    time : int
        How far the model's own stream has gone.

    Raises
    ------
    DataError
        If they are a stream, or one series of a stream that has begun.
    """
    if not plan.from_end or not bound.own:
        return
    name = plan.from_end[0]
    if bound.form == "stream":
        raise DataError(
            f"{name} reads a series from its end, and chunks of a stream do not tell it; give "
            "whole series, as a list of arrays (T, d)"
        )
    if time:
        raise DataError(
            f"{name} reads a series from its end, so this one cannot go on where the model "
            f"stands, at step {time}; write run([x]) for a series of its own, or reset() first"
        )


def why_idle(plan: Plan, frozen: Collection[str], online: bool = False) -> str:
    """Return why no rule learns, or none that is online."""
    rules = {n: rule for n, rule in plan.rules.items() if rule.online or not online}
    if not rules and plan.rules:
        known = ", ".join(plan.rules)
        return f"use fit, then update, or an RLS or LMS readout; rules are {known}"
    if not rules:
        fixed = [n for n, v in plan.nodes.items() if getattr(v, "W_out", None) is not None]
        return f"the weights of {fixed[0]} are given" if fixed else "no node has a rule"
    waiting = [name for name in rules if name not in frozen]
    if not waiting:
        return f"{', '.join(sorted(rules))} frozen; call unfreeze"
    return f"{waiting[0]} has no target to learn from: give y"


def check_sizes(plan: Plan, slots: Mapping[str, Slot], names: Iterable[str]) -> None:
    """Refuse to let nodes learn whose size is not known, or loops of others that never have one.

    Raises
    ------
    NotFittedError
        With the first of them, and the cure.
    """
    for name in names:
        if name not in slots:
            raise NotFittedError(_why_not(plan, slots, name, set(), set(slots)))
    for block in plan.blocks:
        open_ = [name for name in block.names if block.span and name not in slots]
        heard = {source for name in open_ for source in plan.sources(name)}.difference(block.names)
        waits = any(name in plan.rules and plan.rules[name].supervised for name in open_)
        if open_ and heard <= slots.keys() and not waits:
            raise NotFittedError(_why_not(plan, slots, open_[0], set(), set(slots)))


def why_not_ready(plan: Plan, slots: Mapping[str, Slot], name: str) -> str:
    """Return why a node cannot run: it has yet to learn, or its size is not known."""
    known = [n for n, slot in slots.items() if slot.can_run(plan.nodes[n])]
    return _why_not(plan, slots, name, set(), set(plan.supplied(known)))


def _why_not(
    plan: Plan, slots: Mapping[str, Slot], name: str, seen: set[str], able: set[str]
) -> str:
    if name in slots and not slots[name].can_run(plan.nodes[name]):
        given = ", or give its W_out" if hasattr(plan.nodes[name], "W_out") else ""
        return f"{name} has not learned yet: call fit first{given}"
    seen.add(name)
    for source in sorted(plan.sources(name) - seen - able):
        return _why_not(plan, slots, source, seen, able)
    rule = plan.rules.get(name)
    if rule is not None and rule.supervised:
        return f"{name} has not learned yet: its size comes from its target; call fit first"
    if not plan.sources(name) & seen:
        return f"the size of {name} is not known: set units there, or give data"
    sized = "units" in type(plan.nodes[name]).model_fields
    return (
        f"the size of {name} is not known: it follows from what arrives there, its own output "
        f"among it; set units {'there' if sized else 'of a node in that loop'}"
    )
