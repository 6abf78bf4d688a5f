"""Who takes what: data and targets by node, whatever they came in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from nodegraph.data.containers import opened
from nodegraph.data.labels import Lesson
from nodegraph.errors import DataError

__all__ = ["Door", "node_name"]


@dataclass(frozen=True)
class Door:
    """Who takes what.

    Parameters
    ----------
    inputs, learners : sequence of str
        The nodes that data and targets go to if they are no dict.
    known : collection of str
        All nodes that a dict of data may name.
    lessons : dict of Lesson
        How learners take their targets, if not as quantities.
    gappy : collection of str
        The nodes whose data may have NaN, since who hears of them fills the gaps.
    """

    inputs: Sequence[str]
    learners: Sequence[str]
    known: Collection[str]
    lessons: Mapping[str, Lesson] = field(default_factory=dict)
    gappy: Collection[str] = ()

    def data(self, x: Any) -> dict[str, Any]:
        """Return data by node, whatever they came in."""
        return _by_name(x, self.inputs, self.known, "input")

    def targets(self, y: Any) -> dict[str, Any]:
        """Return targets by learner."""
        return _by_name(y, self.learners, self.learners, "target")

    def lesson(self, name: str) -> Lesson:
        """Return how a learner takes its targets."""
        return self.lessons.get(name, Lesson())


def node_name(name: str, known: Collection[str], role: str) -> str:
    """Return `name`, or that of the only node of a composite called so.

    Raises
    ------
    DataError
        If there is no such node; the message has the nearest one.
    """
    if name in known:
        return name
    inside = [other for other in known if other.startswith(f"{name}.")]
    if len(inside) == 1:
        return inside[0]
    near = get_close_matches(str(name), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
    raise DataError(f"{role} for {name!r}: no node is named so; {hint}")


def _by_name(value: Any, names: Sequence[str], known: Collection[str], role: str) -> dict[str, Any]:
    said = "{}" if role == "input" else "target of {}"
    found = _given_to(value, names, known, role)
    return {name: opened(part, said.format(name)) for name, part in found.items()}


def _given_to(
    value: Any, names: Sequence[str], known: Collection[str], role: str
) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return {node_name(name, known, role): part for name, part in value.items()}
    if not names:
        raise DataError(
            "an input was given, but an edge reaches every node; write Input() >> before the one "
            "that is meant, or {name: x} for the node of that name"
            if role == "input"
            else "a target was given, but no node learns from one (those that are frozen do not)"
        )
    if role == "input" and len(names) > 1:
        raise DataError(
            f"the graph has {len(names)} inputs: give a dict, "
            f"{{{', '.join(f'{name!r}: ...' for name in names)}}}"
        )
    return dict.fromkeys(names, value)
