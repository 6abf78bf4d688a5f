"""Room for workers as it lies: machine by machine, before anything is started."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nodegraph.engines.ray.resources import Resources

__all__ = ["Place", "how_many", "largest_share", "packed", "places", "refusal"]

GRAIN = 10_000  # Ray counts resources in such parts
BUNDLE = re.compile(r"(.+)_group_(\d+)_([0-9a-f]+)")


class Place(NamedTuple):
    """A machine, or the part of one that a placement group has set aside for this process.

    Parameters
    ----------
    machine : str
        Its number, as Ray has it.
    total, free : dict of float
        CPUs and whatever else there is, by Ray's names.
    """

    machine: str
    total: Mapping[str, float]
    free: Mapping[str, float]

    @property
    def is_free(self) -> bool:
        """Whether no CPU of it is in use."""
        return self.free.get("CPU", 0.0) >= self.total.get("CPU", 0.0)


def places(ray: Any) -> list[Place]:
    """Return what there is where, on a cluster that one is connected to."""
    free, group, found = _free(ray), _own_group(ray), []
    for machine in ray.nodes():
        if not machine["Alive"]:
            continue
        number, total = machine["NodeID"], machine["Resources"]
        left = free.get(number, {}) if free is not None else total
        if group is None:
            found.append(Place(number, total, left))
        else:
            bundles, rests = _bundles(total, group), _bundles(left, group)
            found += [Place(number, own, rests.get(i, {})) for i, own in bundles.items()]
    return found


def _free(ray: Any) -> dict[str, dict[str, float]] | None:
    """Return what is free on each machine; None where that is not told, to a client from afar."""
    if _is_afar(ray):
        return None
    from ray._private import state

    known: Any = state
    return dict(known.available_resources_per_node())


def _is_afar(ray: Any) -> bool:
    return bool(ray.util.client.ray.is_connected())


def _own_group(ray: Any) -> str | None:
    """Return the placement group that takes in what this process starts, if one does."""
    if _is_afar(ray):
        return None
    from ray.util.placement_group import get_current_placement_group

    if not ray.get_runtime_context().should_capture_child_tasks_in_placement_group:
        return None
    group = get_current_placement_group()
    return None if group is None else str(group.id.hex())


def _bundles(resources: Mapping[str, float], group: str) -> dict[int, dict[str, float]]:
    """Return what the bundles of a group have on a machine, by their numbers."""
    found: dict[int, dict[str, float]] = {}
    for name, count in resources.items():
        part = BUNDLE.fullmatch(name)
        if part and part[3] == group:
            found.setdefault(int(part[2]), {})[part[1]] = count
    return found


def packed(needs: Sequence[Resources], free: Sequence[Mapping[str, float]]) -> list[int] | None:
    """Return where each of some workers would be, the largest first; None if there is no room.

    Examples
    --------
    >>> packed([Resources(1.0), Resources(2.0)], [{"CPU": 1}, {"CPU": 2}])
    [0, 1]
    >>> packed([Resources(1.5)] * 2, [{"CPU": 1}, {"CPU": 2}]) is None
    True
    """
    left = [{name: _grains(count) for name, count in one.items()} for one in free]
    found = [0] * len(needs)
    for i in sorted(range(len(needs)), key=lambda i: needs[i].num_cpus, reverse=True):
        wanted = {name: _grains(count) for name, count in needs[i].counts().items() if count}
        home = next((k for k, one in enumerate(left) if _holds(one, wanted)), None)
        if home is None:
            return None
        found[i] = home
        for name, count in wanted.items():
            left[home][name] -= count
    return found


def how_many(need: Resources, free: Sequence[Mapping[str, float]], most: int) -> int:
    """Return how many workers of one kind there is room for, at most so many.

    Examples
    --------
    >>> how_many(Resources(2.0), [{"CPU": 3}, {"CPU": 5}], 99)
    3
    """
    wanted = {name: _grains(count) for name, count in need.counts().items() if count}
    each = [
        min((_grains(one.get(name, 0)) // count for name, count in wanted.items()), default=most)
        for one in free
    ]
    return min(most, sum(each))


def largest_share(
    need: Resources, count: int, others: Sequence[Resources], free: Sequence[Mapping[str, float]]
) -> float | None:
    """Return the largest share of a CPU, 1 at most, with which all have room; None if none has.

    Parameters
    ----------
    need : Resources
        What each of `count` workers needs beside its share.
    count : int
    others : sequence of Resources
        Of workers whose needs are fixed.
    free : sequence of dict of float

    Examples
    --------
    >>> largest_share(Resources(), 11, [], [{"CPU": 1}, {"CPU": 1}])
    0.166
    """

    def fits(thousandths: int) -> bool:
        share = need._replace(num_cpus=thousandths / 1000)
        return packed([*others, *[share] * count], free) is not None

    low, high = 0, 1000
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low / 1000 if low else None


def _grains(count: float) -> int:
    return round(count * GRAIN)


def _holds(one: Mapping[str, int], wanted: Mapping[str, int]) -> bool:
    return all(one.get(name, 0) >= count for name, count in wanted.items())


def refusal(
    who: Sequence[str], needs: Sequence[Resources], found: Sequence[Place], alone: bool = False
) -> str:
    """Return in words why some workers have no room, and what to write instead.

    Of one that no machine is large enough for, the others are not told. Those of
    ``placement="node"`` are `alone`: they cannot be fewer.

    Examples
    --------
    >>> there = [Place("a", {"CPU": 1}, {"CPU": 1}), Place("b", {"CPU": 1}, {"CPU": 1})]
    >>> refusal(["a"] * 11, [Resources()] * 11, there)  # doctest: +NORMALIZE_WHITESPACE
    'a: no room for its worker: 11 workers want 11 CPUs, and there are 2 machines with 1 CPU each;
    write workers: 2, or write num_cpus: 0.166, or add machines'
    """
    free, total = [place.free for place in found], [place.total for place in found]
    for name, need in zip(who, needs, strict=True):
        if len(needs) > 1 and packed([need], total) is None:
            return refusal([name], [need], found)
    count = how_many(needs[0], free, len(needs) - 1)
    share = largest_share(needs[0], len(needs), [], free)
    busy = packed(needs, total) is not None
    fewer = "leave out placement: node" if alone else f"write workers: {count}" * bool(count)
    cures = "wait for what is in use" * busy, fewer, f"write num_cpus: {share}" * bool(share)
    many = f"{len(needs)} workers want" if len(needs) > 1 else "it wants"
    return (
        f"{who[0] or 'a replica'}: no room for its worker: {many} {_wanted(needs)}, and there "
        f"{_told(found, needs)}; " + ", or ".join([*filter(None, cures), "add machines"])
    )


def _wanted(needs: Sequence[Resources]) -> str:
    """Return in words what some workers need together."""
    sums = Counter[str]()
    for one in needs:
        sums.update({name: count for name, count in one.counts().items() if count})
    return " and ".join(_counted(count, name) for name, count in sums.items()) or "nothing"


def _counted(count: float, name: str) -> str:
    return f"{count:g} {name}" + "s" * (count != 1 and name in ("CPU", "GPU"))


def _told(found: Sequence[Place], needs: Sequence[Resources]) -> str:
    """Return in words what there is of what is needed, machines that are alike together."""
    names = list(dict.fromkeys(n for one in needs for n, count in one.counts().items() if count))
    alike = Counter(
        tuple((n, p.total.get(n, 0.0), p.free.get(n, 0.0)) for n in names) for p in found
    )
    parts = []
    for kinds, count in alike.items():
        has = " and ".join(
            _counted(total, name) + f" ({free:g} free)" * (free != total)
            for name, total, free in kinds
        )
        machines = "1 machine" if count == 1 else f"{count} machines"
        parts.append(f"{machines} with {has}" + " each" * (count > 1))
    return ("is " if len(found) < 2 else "are ") + (" and ".join(parts) or "no machine")
