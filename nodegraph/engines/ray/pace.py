"""How many chunks go with one call, and how many calls may be under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nodegraph.engines.ray.partition import Partition, depth_of
from nodegraph.engines.ray.placement import Estimate, together_of, window_of
from nodegraph.engines.slot import Slot

__all__ = ["pace_of"]


def pace_of(
    parts: Sequence[Partition],
    costs: Mapping[str, Estimate],
    slots: Mapping[str, Slot],
    rows: int,
    *,
    window: int | None,
    free: bool,
    store: float,
) -> tuple[int, int]:
    """Return the calls under way at the same time, and the chunks of each.

    Parameters
    ----------
    parts : sequence of Partition
    costs : dict of Estimate
    slots : dict of Slot
    rows : int
        Of a chunk.
    window : int, optional
        Chunks under way, if that was said.
    free : bool
        Whether parts take the latest that there is: then each chunk goes by itself.
    store : float
        Bytes of the object store.

    Raises
    ------
    EngineError
        If not even one call fits in the store.
    """
    heaviest = max(sum(costs[name].step for name in part.names) for part in parts)
    together = 1 if free else together_of(len(parts), rows, heaviest)
    pasts = [slots[name].past for part in parts for name in part.sends]
    crossing = rows * sum(past.itemsize * past.shape[1] for past in pasts)
    together = max(1, min(together, int(store / 4 / max(1, crossing))))
    wanted = -(-window // together) if window else 2 * depth_of(parts)
    return window_of(wanted, together * crossing, store), together
