"""The actors of one engine, kept by what they need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from nodegraph.engines.ray import room
from nodegraph.engines.ray.cluster import Cluster
from nodegraph.engines.ray.partition import title
from nodegraph.engines.ray.ray_pool import RayPool, free_places
from nodegraph.engines.ray.resources import Resources, needs_of
from nodegraph.engines.ray.shares import shared

__all__ = ["Pools"]


class Pools:
    """Pools of actors that have the same needs.

    Parameters
    ----------
    cluster : Cluster
    own : dict of Resources
        What single nodes need, by name.
    default : Resources
        Of all others.
    elastic : bool
        Whether those others may have less, where there is not enough.
    timeout : float
        Seconds after which a chunk that has not come is given up.
    alone : bool
        Whether each actor is for one node.
    """

    def __init__(
        self,
        cluster: Cluster,
        own: Mapping[str, Resources],
        default: Resources,
        elastic: bool,
        timeout: float,
        alone: bool,
    ):
        self._cluster, self._own, self._default = cluster, own, default
        self._elastic, self._timeout, self._alone = elastic, timeout, alone
        self._pools: dict[Resources, RayPool] = {}

    def of(self, groups: Sequence[Sequence[str]]) -> RayPool:
        """Return the pool for some groups of nodes, whose actors are as large as they can be."""
        ray = self._cluster.join()
        needs = self._needs(groups)
        if needs not in self._pools:
            head = self._cluster.head()
            self._pools[needs] = RayPool(
                ray, self._own, needs, self._timeout, head, self._elastic, self._alone
            )
        return self._pools[needs]

    def _needs(self, groups: Sequence[Sequence[str]]) -> Resources:
        if not self._elastic:
            return self._default
        return shared(self._cluster.join(), groups, self._own, self._default)

    def judged(self, groups: Sequence[Sequence[str]]) -> str:
        """Return in words what actors for some groups of nodes take, or why they have no room."""
        needs = [needs_of(names, self._own, self._needs(groups)) for names in groups]
        found = free_places(self._cluster.join())
        if room.packed(needs, [place.free for place in found]) is None:
            return room.refusal([*map(title, groups)], needs, found, self._alone)
        sums: Counter[str] = Counter()
        for one in needs:
            sums.update({name: count for name, count in one.counts().items() if count})
        wanted = " and ".join(f"{count:g} {name}" for name, count in sums.items())
        return f"there is room for it: {len(needs)} actors take {wanted}"

    def pids(self) -> list[int]:
        """Return the processes of the actors that there are."""
        return [pid for pool in list(self._pools.values()) for pid in pool.pids()]

    def count(self) -> tuple[int, int]:
        """Return how many actors there are, and on how many machines."""
        homes = [home for pool in list(self._pools.values()) for home in pool.homes()]
        return len(homes), len(set(homes))

    def close(self) -> None:
        """End all of them."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()
