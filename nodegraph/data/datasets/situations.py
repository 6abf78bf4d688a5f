"""Sentences about scenes: learned from the scenes, with no word told apart from another."""

from __future__ import annotations

from typing import Final

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import generator, whole
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.host import memory_budget as budget

__all__ = ["situations"]

_THINGS: Final = (
    "orange glass cup bowl plate spoon fork knife book lamp chair table ball hat shoe clock "
    "bottle key box pen"
).split()
_COLOURS: Final = "orange blue green red yellow white black brown".split()
_PLACES: Final = "left right middle".split()
_CLOSED: Final = "the a is on there and".split()
_FORMS: Final = (
    "the {thing} on the {place} is {colour}",
    "there is a {colour} {thing} on the {place}",
    "on the {place} there is a {colour} {thing}",
    "the {colour} {thing} is on the {place}",
    "on the {place} is a {colour} {thing}",
    "a {colour} {thing} is on the {place}",
)
_LONGEST = 17  # words of two sentences and "and"


@known_arguments
def situations(
    series: int = 100, objects: int = 4, colours: int = 4, seed: int = 0
) -> tuple[list[Array], list[Array]]:
    """Return sentences, word by word, and what is in the scene that each is about.

    Cross-situational learning [1]_. A scene has two things, each of a colour and at a place of its
    own; the sentence tells of one and then of the other, in one of six forms each. The target,
    at the last word, is concepts of the scene, never words: ``[thing, colour, place]`` of the first
    and of the second, each a row of zeros with a one; NaN before. "orange" is a thing, and
    a colour.

    Parameters
    ----------
    series : int
        How many sentences there are.
    objects : int from 2 to 20
        How many things there are in the world.
    colours : int from 2 to 8
        How many colours.
    seed : int
        Starts the random numbers.

    Returns
    -------
    u, y : lists of arrays, shape (T_i, words) and (T_i, 2 (objects + colours + 3))
        A word is a row of zeros with a one.

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range.

    References
    ----------
    .. [1] A. Juven, X. Hinaut, IEEE Int. Joint Conf. on Neural Networks (2020).

    Examples
    --------
    >>> u, y = situations(series=3, objects=2, colours=2)
    >>> u[0].shape[1], float(y[0][-1].sum())
    (12, 6.0)
    """
    n = whole("situations.series", series)
    things = _THINGS[: _count("objects", objects, len(_THINGS))]
    paints = _COLOURS[: _count("colours", colours, len(_COLOURS))]
    words = [*dict.fromkeys([*_CLOSED, *_PLACES, *things, *paints])]
    width = len(words) + 2 * (len(things) + len(paints) + len(_PLACES))
    budget.check(dict([budget.part("series", (n, _LONGEST, width))]), "situations")
    rng = generator("situations", seed)
    found = [_told(rng, things, paints, words) for _ in range(n)]
    return [u for u, _ in found], [y for _, y in found]


def _count(option: str, value: object, most: int) -> int:
    count = whole(f"situations.{option}", value, 2)
    if count > most:
        raise DataError(f"situations.{option}: should be from 2 to {most} (got {count})")
    return count


def _told(
    rng: np.random.Generator, things: list[str], paints: list[str], words: list[str]
) -> tuple[Array, Array]:
    """Return one sentence, and its scene."""
    places = rng.permutation(len(_PLACES))[:2]
    scene = [(rng.integers(len(things)), rng.integers(len(paints)), place) for place in places]
    said = [
        str(rng.choice(_FORMS)).format(thing=things[i], colour=paints[j], place=_PLACES[k])
        for i, j, k in scene
    ]
    sentence = " and ".join(said).split()
    u = np.eye(len(words))[[words.index(word) for word in sentence]]
    parts = zip((len(things), len(paints), len(_PLACES)) * 2, sum(scene, ()), strict=True)
    concepts = np.concatenate([np.eye(size)[place] for size, place in parts])
    y = np.full((len(sentence), len(concepts)), np.nan)
    y[-1] = concepts
    return u, y
