"""What a worker needs of the machine that it runs on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

from nodegraph.errors import FieldError

__all__ = ["Resources", "needs_of"]

FIELDS = ("num_cpus", "num_gpus", "resources")


class Resources(NamedTuple):
    """CPUs, GPUs and whatever else a cluster counts.

    Parameters
    ----------
    num_cpus, num_gpus : float
    resources : tuple of (str, float)
        Custom resources, sorted by name.
    """

    num_cpus: float = 1.0
    num_gpus: float = 0.0
    resources: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, given: Mapping[str, Any], where: str) -> Resources:
        """Return needs that were written as a mapping.

        Raises
        ------
        FieldError
            With `where`, if a key is unknown or a number negative.

        Examples
        --------
        >>> Resources.of({"num_cpus": 2, "resources": {"fast": 1}}, "nodes.reservoir")
        Resources(num_cpus=2.0, num_gpus=0.0, resources=(('fast', 1.0),))
        """
        odd = set(given) - set(FIELDS)
        if odd:
            raise FieldError(f"{where}: unknown key {min(odd)!r}; there are {', '.join(FIELDS)}")
        resources = dict(given.get("resources") or {})
        counts = {"num_cpus": given.get("num_cpus", 1), "num_gpus": given.get("num_gpus", 0)}
        for name, count in {**counts, **resources}.items():
            if (
                isinstance(count, bool)
                or not isinstance(count, int | float)
                or not 0 <= count < 1e6
            ):
                raise FieldError(f"{where}.{name}: expected a number of at least 0, got {count!r}")
        kinds = tuple(sorted((name, float(count)) for name, count in resources.items()))
        return cls(float(counts["num_cpus"]), float(counts["num_gpus"]), kinds)

    @property
    def threads(self) -> int:
        """How many threads a worker may use."""
        return max(1, int(self.num_cpus))

    def counts(self) -> dict[str, float]:
        """Return all of them, by Ray's names."""
        return {"CPU": self.num_cpus, "GPU": self.num_gpus, **dict(self.resources)}

    def joined(self, other: Resources) -> Resources:
        """Return the needs of one worker that does the work of two."""
        mine, theirs = dict(self.resources), dict(other.resources)
        both = {n: max(mine.get(n, 0.0), theirs.get(n, 0.0)) for n in {**mine, **theirs}}
        cpus, gpus = max(self.num_cpus, other.num_cpus), max(self.num_gpus, other.num_gpus)
        return Resources(cpus, gpus, tuple(sorted(both.items())))


def needs_of(names: Sequence[str], own: Mapping[str, Resources], default: Resources) -> Resources:
    """Return what the worker of some nodes needs: all that they do; `own` is by node."""
    found = [own[name] for name in names if name in own] or [default]
    return reduce(Resources.joined, found)
