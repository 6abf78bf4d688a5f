"""How often the data go through a stage of learning, and who wants them again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from nodegraph.data.binding import BoundData
from nodegraph.engines.slot import Slot
from nodegraph.errors import DataError
from nodegraph.graph.protocols import Passes, SecondLook, next_look
from nodegraph.graph.rule import Rule

__all__ = ["epochs", "is_repeated", "wanted_again"]

Slots = Mapping[str, Slot]


def epochs(rules: Mapping[str, Rule], names: Iterable[str]) -> int:
    """Return how many passes some learners ask for before they learn."""
    return max(int(getattr(rules[name], "epochs", 1)) for name in names)


def is_repeated(rules: Mapping[str, Rule], names: Sequence[str], turn: int, slots: Slots) -> bool:
    """Tell whether another pass is to be expected after one: iterations go on as they began."""
    if turn + 1 < epochs(rules, names):
        return True
    return any(_goes_on(rules[name], turn, slots[name]) for name in names)


def _goes_on(rule: Rule, turn: int, slot: Slot) -> bool:
    if not isinstance(rule, Passes):
        return False
    return not rule.merges(slot.params) or (turn > 0 and not isinstance(rule, SecondLook))


def wanted_again(
    rules: Mapping[str, Rule], learning: Sequence[str], slots: Slots, bound: BoundData
) -> list[str]:
    """Return which of those that have learned need another pass over the data."""
    wanted = []
    for name in learning:
        rule, before = rules[name], slots[name].memory
        if bound.again and isinstance(rule, SecondLook) and rule.is_unsure(before):
            closer = next_look(rule, slots[name].params, before)
            if closer is not None:
                slots[name].memory, slots[name].answer = closer, None
                wanted.append(name)
                continue
        if not isinstance(rule, Passes):
            continue
        slots[name].memory, more = rule.after_pass(before)
        if slots[name].memory is not before:
            slots[name].answer = None
        wanted += [name] * more
    if wanted and not bound.again:
        raise DataError(
            f"{', '.join(wanted)} goes through the data many times, but an iterator gives them "
            "once; give a list of chunks in an object that can be iterated again"
        )
    return wanted
