"""Sentences whose nouns play roles, said by speakers with habits of their own."""

from __future__ import annotations

from typing import Final

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import generator, real, whole
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.host import memory_budget as budget

__all__ = ["thematic_roles"]

_FORMS: Final = (  # N is any noun, V any verb; the roles of its nouns, in order
    ("the N V the N", "ao"),
    ("the N was V by the N", "oa"),
    ("it was the N that V the N", "ao"),
    ("it was the N that was V by the N", "oa"),
    ("the N that V the N was here", "ao"),
    ("the N V the N to the N", "aor"),
    ("the N was V to the N by the N", "ora"),
    ("to the N the N was V by the N", "roa"),
    ("it was the N that V the N to the N", "aor"),
    ("by the N the N was V to the N", "aor"),
)
_OPENINGS: Final = ("", "well", "so", "you know")  # of each speaker, at times
_WORDS: Final = tuple(
    dict.fromkeys(" ".join([*(form for form, _ in _FORMS), *_OPENINGS, "."]).split())
)
_LONGEST = 15


@known_arguments
def thematic_roles(
    series: int = 100, habit: float = 0.7, seed: int = 0
) -> tuple[list[Array], list[Array]]:
    """Return sentences word by word, and at their end who says them and what each noun does.

    After the model of thematic roles of [1]_: words of the closed class are kept, nouns and verbs
    are slots, N and V, so that what is learned holds for words never heard. The target at the full
    stop, NaN before, is a row of zeros with ones: which of 4 speakers talks, then for the first,
    second and third noun whether it is agent, object or recipient. Speakers are known by habits
    alone: each has forms and an opening of its own, which it falls into with a chance of `habit`,
    and else talks as all do; so they cannot always be told.

    Parameters
    ----------
    series : int
        How many sentences there are.
    habit : float from 0 to 1
        How strong habits are.
    seed : int
        Starts the random numbers.

    Returns
    -------
    u, y : lists of arrays, shape (T_i, 17) and (T_i, 13)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range.

    References
    ----------
    .. [1] X. Hinaut, P. F. Dominey, PLoS ONE 8 (2013) e52946.

    Examples
    --------
    >>> u, y = thematic_roles(series=2)
    >>> sorted(set(y[0][-1].tolist())), bool(np.isnan(y[0][:-1]).all())
    ([0.0, 1.0], True)
    """
    n = whole("thematic_roles.series", series)
    chance = real("thematic_roles.habit", habit, low=0.0, high=1.0)
    budget.check(dict([budget.part("series", (n, _LONGEST, len(_WORDS) + 13))]), "thematic_roles")
    rng = generator("thematic_roles", seed)
    found = [_said(rng, chance) for _ in range(n)]
    return [u for u, _ in found], [y for _, y in found]


def _said(rng: np.random.Generator, habit: float) -> tuple[Array, Array]:
    """Return one sentence, and its speaker and roles."""
    speaker = int(rng.integers(len(_OPENINGS)))
    own, opens = rng.random(2) < habit
    form, roles = _FORMS[int(rng.choice(_own(speaker)) if own else rng.integers(len(_FORMS)))]
    opening = _OPENINGS[speaker if opens else int(rng.integers(len(_OPENINGS)))]
    sentence = [*opening.split(), *form.split(), "."]
    u = np.eye(len(_WORDS))[[_WORDS.index(word) for word in sentence]]
    y = np.full((len(sentence), len(_OPENINGS) + 9), np.nan)
    y[-1] = 0
    y[-1, speaker] = 1
    y[-1, [len(_OPENINGS) + 3 * i + "aor".index(role) for i, role in enumerate(roles)]] = 1
    return u, y


def _own(speaker: int) -> list[int]:
    """Return the forms that a speaker likes."""
    return [i for i in range(len(_FORMS)) if i % len(_OPENINGS) == speaker]
