"""The actors of one engine, kept by what they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nodegraph.engines.ray.cluster import Cluster
from nodegraph.engines.ray.head import Head
from nodegraph.engines.ray.ray_pool import RayPool
from nodegraph.engines.ray.resources import Resources
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
    """

    def __init__(
        self,
        cluster: Cluster,
        own: Mapping[str, Resources],
        default: Resources,
        elastic: bool,
        timeout: float,
    ):
        self._cluster, self._own, self._default = cluster, own, default
        self._elastic, self._timeout = elastic, timeout
        self._pools: dict[Resources, RayPool] = {}

    def of(self, groups: Sequence[Sequence[str]]) -> RayPool:
        """Return the pool for some groups of nodes, whose actors are as large as they can be."""
        ray, needs = self._cluster.join(), self._default
        if self._elastic:
            needs = shared(ray, groups, self._own, needs)
        if needs not in self._pools:
            head = Head(self._cluster.head())
            self._pools[needs] = RayPool(
                ray, self._own, needs, self._timeout, head, elastic=self._elastic
            )
        return self._pools[needs]

    def pids(self) -> list[int]:
        """Return the processes of the actors that there are."""
        return [pid for pool in list(self._pools.values()) for pid in pool.pids()]

    def close(self) -> None:
        """End all of them."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()
