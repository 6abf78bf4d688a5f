"""How many actors there is room for, and how large they can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nodegraph.engines.ray import room
from nodegraph.engines.ray.ray_pool import free_places
from nodegraph.engines.ray.resources import Resources, needs_of

__all__ = ["fitting", "shared"]

MOST = 1 << 16  # actors


def fitting(ray: Any, need: Resources) -> int:
    """Return how many actors have room beside each other, at least 1.

    Parameters
    ----------
    ray : module
        Connected.
    need : Resources
        Of each; one that needs no CPU counts as one that needs a whole one.
    """
    need = need._replace(num_cpus=need.num_cpus or 1.0)
    return max(1, room.how_many(need, [place.free for place in free_places(ray)], MOST))


def shared(
    ray: Any,
    groups: Sequence[Sequence[str]],
    own: Mapping[str, Resources],
    default: Resources,
) -> Resources:
    """Return `default` with the largest part of a CPU with which there is room for all.

    Parameters
    ----------
    ray : module
    groups : sequence of sequences of str
        The nodes of each actor.
    own : dict of Resources
        What single nodes need, by name: those have what they need.
    default : Resources
        Of actors without such a node.
    """
    fixed = [names for names in groups if any(name in own for name in names)]
    others = [needs_of(names, own, default) for names in fixed]
    free = [place.free for place in free_places(ray)]
    share = room.largest_share(default, len(groups) - len(fixed), others, free)
    return default._replace(num_cpus=share or default.num_cpus)
