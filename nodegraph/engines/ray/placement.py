"""Which nodes live together: a plan's blocks joined so that each worker has enough to do."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple

from nodegraph.engines.slot import Slot
from nodegraph.errors import EngineError, warn
from nodegraph.graph.plan import Plan
from nodegraph.host.memory_budget import format_bytes

__all__ = ["HOP", "Estimate", "estimates", "group_nodes", "together_of", "window_of"]

HOP = 8000.0  # microseconds that it costs to hand a chunk from worker to worker
WORTH = 0.8  # of the time of one actor, that several must stay below
CALL = 1000.0  # microseconds of the driver for a call
EACH, TOGETHER = 2, 32768  # parts for each chunk of a call, and rows of a call
BASE = 1.0  # microseconds a step that any node takes
PER_NUMBER = 0.4e-3  # microseconds a step for each weight
PER_PAIR = 0.04e-3  # microseconds a step for each pair of inputs that an offline rule sums


class Estimate(NamedTuple):
    """About how long a node takes for a step, in microseconds, and how much it gives out."""

    step: float
    n_out: int


def estimates(
    plan: Plan, slots: Mapping[str, Slot], learn: Sequence[str] | frozenset[str] = ()
) -> dict[str, Estimate]:
    """Return an estimate for each node of `plan`, made of its sizes alone."""
    return {
        name: estimate(plan, name, slots[name].ports.get("x", 0), slots[name].past.shape[1],
                       name in learn)
        for name in plan.reads
    }  # fmt: skip


def estimate(plan: Plan, name: str, n_in: int, n_out: int, learns: bool) -> Estimate:
    """Return the estimate of one node with so many inputs and outputs."""
    node = plan.nodes[name]
    numbers = sum(node.cost(n_in, n_out).values())
    pairs = n_in * n_in if learns else 0
    return Estimate((BASE + PER_NUMBER * numbers + PER_PAIR * pairs) / node.every, n_out)


def group_nodes(
    plan: Plan,
    costs: Mapping[str, Estimate],
    workers: int,
    needs: Mapping[str, Hashable] = MappingProxyType({}),
    placement: str = "block",
    hop: float = HOP / 512,
) -> list[tuple[str, ...]]:
    """Return groups of nodes, each for one worker, in an order in which each can run.

    With ``placement="node"`` each node is alone. Else neighbours in the order of execution stay
    together, whole loops always; they are parted where that makes the slowest group faster by
    more than it costs to hand chunks over, and where nodes need other machines.

    Parameters
    ----------
    plan : Plan
    costs : dict of Estimate
    workers : int
        How many groups may run at the same time.
    needs : dict
        What a node needs of its machine, by name; a warning tells of names of no node.
    placement : {"block", "node"}
    hop : float
        Microseconds a step that it costs to hand chunks on.
    """
    if strangers := needs.keys() - plan.nodes.keys():
        warn(
            f"engine.nodes: no node is named {min(strangers)!r}, so this has no effect; there are "
            f"{', '.join(plan.nodes)}"
        )
    if placement == "node":
        return [(name,) for block in plan.blocks for name in block.names]
    blocks = _wholes(plan)
    weights = [sum(costs[name].step for name in names) for names in blocks]
    kinds = [tuple(dict.fromkeys(needs.get(name) for name in names)) for names in blocks]
    least = 1 + sum(a != b for a, b in pairwise(kinds))
    best: tuple[float, list[int]] | None = None
    for count in range(1, max(workers, least) + 1):
        starts = _even(weights, kinds, count)
        if starts is None:
            continue
        heaviest = max(_sums(weights, starts)) + hop / 2 * (len(starts) - 1 + (len(starts) > 1))
        worth = WORTH if best is not None and len(best[1]) == 1 else 1.0
        if best is None or heaviest < worth * best[0]:
            best = heaviest, starts
    starts = best[1] if best else [0]
    ends = [*starts[1:], len(blocks)]
    return [
        tuple(name for names in blocks[a:b] for name in names)
        for a, b in zip(starts, ends, strict=True)
    ]


def together_of(parts: int, rows: int, heaviest: float) -> int:
    """Return how many chunks go with one call, so that the driver holds nobody up.

    The driver makes a call to each part. Where these take longer than the heaviest part works,
    more parts get more chunks at a time: what a chunk costs the driver does not grow with them.

    Parameters
    ----------
    parts : int
    rows : int
        Of a chunk.
    heaviest : float
        Microseconds a step that the slowest part takes.
    """
    busy = -int(-CALL * parts // max(1.0, rows * heaviest))
    return max(1, min(-(-parts // EACH), busy, TOGETHER // rows))


def window_of(wanted: int, chunk: int, store: float) -> int:
    """Return how many chunks may be under way, so that they take a quarter of the object store.

    Parameters
    ----------
    wanted : int
        At most so many.
    chunk, store : int
        Bytes of what one chunk becomes on its way, and of the store.

    Raises
    ------
    EngineError
        If not even one fits.
    """
    if chunk > store:
        raise EngineError(
            f"a chunk becomes {format_bytes(chunk)} on its way, but Ray's object store has "
            f"{format_bytes(int(store))}: give a smaller chunk=, or a larger object_store="
        )
    return max(1, min(wanted, int(store / 4 / max(1, chunk))))


def _wholes(plan: Plan) -> list[tuple[str, ...]]:
    """Return the blocks of a plan, neighbours from one composite as one: an ESN stays together."""
    found: list[tuple[str, ...]] = []
    for block in plan.blocks:
        before, here = (_owner(names[0]) for names in (found[-1] if found else ("",), block.names))
        if here and here == before:
            found[-1] += block.names
        else:
            found.append(block.names)
    return found


def _owner(name: str) -> str:
    return name.rpartition(".")[0]


def _even(weights: Sequence[float], kinds: Sequence[Any], count: int) -> list[int] | None:
    """Return where at most `count` runs of neighbours begin, so that the heaviest is light."""
    low, high = max(weights, default=0.0), sum(weights)
    found = _fill(weights, kinds, high)
    if len(found) > count:
        return None
    for _ in range(40):
        middle = (low + high) / 2
        starts = _fill(weights, kinds, middle)
        if len(starts) <= count:
            found, high = starts, middle
        else:
            low = middle
    return found


def _fill(weights: Sequence[float], kinds: Sequence[Any], limit: float) -> list[int]:
    starts, held = [0], 0.0
    for i, weight in enumerate(weights):
        if i and (held + weight > limit * (1 + 1e-9) or kinds[i] != kinds[i - 1]):
            starts.append(i)
            held = 0.0
        held += weight
    return starts


def _sums(weights: Sequence[float], starts: Sequence[int]) -> list[float]:
    ends = [*starts[1:], len(weights)]
    return [sum(weights[a:b]) for a, b in zip(starts, ends, strict=True)]
