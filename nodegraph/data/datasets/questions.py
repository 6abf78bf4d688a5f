"""Short stories and a question about each, that takes one fact, two or three."""

from __future__ import annotations

from typing import Final

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import generator, unasked, whole
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.host import memory_budget as budget

__all__ = ["questions"]

_PEOPLE = ("mary", "john", "sandra", "daniel")
_PLACES = ("kitchen", "garden", "office", "bathroom", "bedroom", "hallway")
_THINGS = ("football", "apple", "milk")
_ANIMALS = ("mouse", "wolf", "sheep", "cat")
_WORDS: Final = (*_PEOPLE, *_PLACES, *_THINGS, *_ANIMALS)
_LEAST: Final = {1: 1, 2: 2, 3: 3, 15: 5}  # facts that a question of each task takes

Told = list[tuple[str, str]]


@known_arguments
def questions(
    series: int = 100, task: int = 2, facts: int = 8, seed: int = 0, gaps: bool = False
) -> tuple[Array, Array]:
    """Return short stories, each with a question at its end, and the answers.

    After the tasks of bAbI [1]_ of these numbers, told as what a fact is about and what it says:

    - 1: "mary kitchen" is Mary going there; asked where she is, the last place counts.
    - 2: "football mary" is Mary taking it, for good; asked where it is, it takes two facts.
    - 3: asked where the football was before the kitchen, it takes three.
    - 15: "mouse wolf" says whom mice fear, "mary mouse" that Mary is one; asked whom she fears.

    A row is ``[about, says, question]``, each as wide as there are words: mary john sandra daniel,
    kitchen garden office bathroom bedroom hallway, football apple milk, mouse wolf sheep cat. The
    last row of a series holds the question alone; its target is the word that answers it, 0 before.

    Parameters
    ----------
    series : int
        How many stories there are.
    task : {1, 2, 3, 15}
        Which of them.
    facts : int
        Facts in each story: at least as many as a question takes, for 15 from 5 to 8.
    seed : int
        Starts the random numbers.
    gaps : bool
        Whether targets are NaN, and so neither learned nor scored, where nothing is asked.

    Returns
    -------
    u, y : arrays, shape (series, facts + 1, 51) and (series, facts + 1, 17)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range.

    References
    ----------
    .. [1] J. Weston et al., arXiv 1502.05698 (2015).

    Examples
    --------
    >>> u, y = questions(series=3, task=1, facts=4)
    >>> u.shape, y.sum(axis=2)[0]
    ((3, 5, 51), array([0., 0., 0., 0., 1.]))
    """
    n, count = whole("questions.series", series), whole("questions.facts", facts)
    if task not in _LEAST or isinstance(task, bool):
        raise DataError(f"questions.task: should be one of 1, 2, 3, 15 (got {task!r})")
    if count < _LEAST[task] or (task == 15 and count > 8):
        span = "from 5 to 8" if task == 15 else f"at least {_LEAST[task]}"
        raise DataError(f"questions.facts: should be {span} for task {task} (got {count})")
    words = len(_WORDS)
    budget.check(dict([budget.part("series", (n, count + 1, 4 * words))]), "questions")
    rng = generator("questions", seed)
    u = np.zeros((n, count + 1, 3 * words))
    y = np.full((n, count + 1, words), unasked("questions", gaps))
    for i in range(n):
        told, question, answer = _fears(rng, count) if task == 15 else _story(rng, count, task)
        for t, (about, says) in enumerate(told):
            u[i, t, [_WORDS.index(about), words + _WORDS.index(says)]] = 1
        u[i, -1, [2 * words + _WORDS.index(word) for word in question]] = 1
        y[i, -1] = np.eye(words)[_WORDS.index(answer)]
    return u, y


def _story(rng: np.random.Generator, count: int, task: int) -> tuple[Told, tuple[str, ...], str]:
    """Return facts of people who go about and take things, a question and its answer."""
    while True:
        told, places = _events(rng, count, _THINGS if task > 1 else ())
        asked = _PEOPLE if task == 1 else _THINGS
        who = str(rng.choice([name for name in asked if name in places] or [""]))
        been = places.get(who, [])
        if task == 3 and len(been) > 1:
            return told, (who, been[-1]), been[-2]
        if task < 3 and been:
            return told, (who,), been[-1]


def _events(
    rng: np.random.Generator, count: int, things: tuple[str, ...]
) -> tuple[Told, dict[str, list[str]]]:
    """Return facts, and where everybody and everything has been."""
    told: Told = []
    places: dict[str, list[str]] = {}
    carried: dict[str, str] = {}
    while len(told) < count:
        person, left = str(rng.choice(_PEOPLE)), [each for each in things if each not in carried]
        if left and rng.random() < 0.4:
            thing = str(rng.choice(left))
            carried[thing] = person
            told.append((thing, person))
            places[thing] = places.get(person, [])[-1:]
            continue
        here = places.setdefault(person, [])
        here.append(str(rng.choice([place for place in _PLACES if place not in here[-1:]])))
        told.append((person, here[-1]))
        for thing in [each for each, by in carried.items() if by == person]:
            places[thing].append(here[-1])
    return told, places


def _fears(rng: np.random.Generator, count: int) -> tuple[Told, tuple[str, ...], str]:
    """Return whom animals fear and who is which, whom somebody fears, and the answer."""
    feared = {
        animal: str(rng.choice([other for other in _ANIMALS if other != animal]))
        for animal in _ANIMALS
    }
    people = rng.permutation(_PEOPLE)[: count - len(_ANIMALS)].tolist()
    kinds = {name: str(rng.choice(_ANIMALS)) for name in people}
    told = [*feared.items(), *kinds.items()]
    who = str(rng.choice(people))
    return [told[i] for i in rng.permutation(len(told))], (who,), feared[kinds[who]]
