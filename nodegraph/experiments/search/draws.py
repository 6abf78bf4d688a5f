"""What `--range FIELD=...` says: which values a trial may have, and whether they can be."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nodegraph.errors import SpecError, warn
from nodegraph.graph.messages.phrases import shown

__all__ = ["Draw", "check_ends", "draws", "is_listable", "unseen"]

COMMA = re.compile(r",(?![^\[{(]*[\]})])")  # none inside of brackets
FORMS = "write low:high, low:high:log (above 0), low:high:int, or choices a,b,c"
LISTED = 100_000  # settings that are gone through for one that was not tried
WIDE = 1000  # times the lowest value, from where on sizes are meant rather than numbers
KINDS = ({""}, {"log"}, {"int"}, {"int", "log"})
FIXED = {
    "seed": "draws the weights, and the luckiest is no setting; write --seeds 5 for the mean of "
    "five of them",
    "task.data": "is what is learned from and scored",
    "task.target": "is what is learned and scored",
    "task.targets": "is what is learned and scored",
    "task.metrics": "is how trials are scored",
    "task.baselines": "changes no score of the model",
    "task.split.train": "is what the search holds rows back from",
    "task.split.test": "is what the search does not look at",
    "engine": "changes no score",
    "nodegraph": "changes no score",
    "name": "changes no score",
    "description": "changes no score",
}


@dataclass(frozen=True)
class Draw:
    """The values that one field may have.

    Parameters
    ----------
    field : str
        Such as ``nodes.reservoir.leak_rate``.
    text : str
        The range as it was written.
    ends : tuple of str
        The lowest and the highest value, or all choices.
    suggest : callable
        Given a trial of Optuna, draws a value.
    values : sequence or None
        All values that there are; None of real numbers.
    """

    field: str
    text: str
    ends: tuple[str, ...]
    suggest: Callable[[Any], Any]
    values: Sequence[Any] | None = None


def draws(ranges: Mapping[str, str]) -> tuple[Draw, ...]:
    """Return what `ranges` say.

    Raises
    ------
    SpecError
        If there is none, or one cannot be read or would change what trials are compared by.
    """
    if not ranges:
        raise SpecError("search: no range given; write --range nodes.reservoir.leak_rate=0.1:1")
    for field in ranges:
        for fixed, why in FIXED.items():
            if field == fixed or field.startswith((f"{fixed}.", f"{fixed}[")):
                raise SpecError(f"--range {field}: {fixed} {why}; leave it out of the ranges")
    return tuple(_draw(field, text) for field, text in ranges.items())


def _draw(field: str, text: str) -> Draw:
    words = [word.strip() for word in COMMA.split(text)]
    if len(words) > 1:
        if "" in words or len(set(words)) < len(words):
            raise SpecError(f"--range {field}={text}: each choice should stand there once")
        choices = tuple(words)
        return Draw(
            field, text, choices, lambda t: t.suggest_categorical(field, words), values=choices
        )
    low, _, rest = text.partition(":")
    high, *kind = rest.split(":")
    log = "log" in kind
    try:
        if set(kind or [""]) not in KINDS or len(set(kind)) < len(kind):
            raise ValueError
        number = int if "int" in kind else float
        least, most = number(low), number(high)
        if not (least < most and abs(least) + abs(most) < float("inf")) or (log and least <= 0):
            raise ValueError
    except ValueError:
        raise SpecError(f"--range {field}={text}: {FORMS}") from None
    if not log and 0 < WIDE * least <= most:
        warn(
            f"--range {field}={text}: nine of ten values drawn evenly lie above {most / 10:g}; "
            f"write {text}:log for as many of each size"
        )
    name = "suggest_int" if number is int else "suggest_float"
    return Draw(
        field,
        text,
        (str(least), str(most)),
        lambda trial: getattr(trial, name)(field, least, most, log=log),
        values=range(int(least), int(most) + 1) if number is int else None,
    )


def unseen(
    found: Sequence[Draw], seen: Sequence[Mapping[str, Any]], rng: np.random.Generator
) -> dict[str, Any] | None:
    """Return settings that are none of those `seen`, drawn by `rng`; None if there are no others.

    There must be few enough to be listed: no real numbers, and `LISTED` settings at the most.
    """
    known = {tuple(settings[draw.field] for draw in found) for settings in seen}
    rest = [s for s in itertools.product(*(draw.values or () for draw in found)) if s not in known]
    if not rest:
        return None
    return dict(zip((draw.field for draw in found), rest[rng.integers(len(rest))], strict=True))


def is_listable(found: Sequence[Draw]) -> bool:
    """Tell whether all settings that there are can be gone through."""
    sizes = [math.inf if draw.values is None else len(draw.values) for draw in found]
    return math.prod(sizes) <= LISTED


def check_ends(found: Sequence[Draw], read: Callable[[str], object]) -> None:
    """Refuse a field that is not there, or that does not take both ends of its range.

    Parameters
    ----------
    found : sequence of Draw
    read : callable
        Makes the graph with one change such as ``nodes.reservoir.units=50``.

    Raises
    ------
    SpecError
    """
    for draw in found:
        for end in draw.ends:
            try:
                read(f"{draw.field}={end}")
            except SpecError as error:
                hint = ""
                if "." in end and end.rstrip("0").endswith(".") and "whole" in str(error):
                    hint = f"; write {draw.text}:int"
                raise SpecError(
                    f"--range {draw.field}={shown(draw.text)}: cannot be {end}: {error}{hint}"
                ) from error
