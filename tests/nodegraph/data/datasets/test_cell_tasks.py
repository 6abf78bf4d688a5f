"""Movements, words without blanks, scenes and speakers."""

import numpy as np
import pytest

from nodegraph.datasets import primitives, situations, thematic_roles, word_boundaries
from nodegraph.errors import DataError

CONCEPTS = ["orange", "glass", "cup", "orange", "blue", "green", "left", "right", "middle"]
WORDS = "the a is on there and left right middle orange glass cup blue green".split()


def test_loops_come_in_their_order_and_end_where_they_begin():
    u = primitives(8 * 20, length=8, order="AAB", seed=3)
    loops = u.reshape(20, 8, 2)
    np.testing.assert_allclose(loops[:, 0], 0, atol=1e-12)
    for i, loop in enumerate(loops):
        first = loops[2 if i % 3 == 2 else 0]
        np.testing.assert_allclose(loop, first, atol=1e-12)
    assert np.abs(loops[0] - loops[2]).max() > 0.5


def test_the_third_loop_alone_does_not_tell_the_next():
    u = primitives(16 * 10)
    np.testing.assert_allclose(u[16:48], u[0:32], atol=1e-12)  # A A again,
    assert np.abs(u[48:64] - u[64:80]).max() > 0.5  # then A, then B


def test_letters_and_the_beginnings_of_words_give_back_a_text():
    u, y = word_boundaries(3000)
    text = "".join("abcdefghijklmnopqrstuvwxyz"[i] for i in u.argmax(axis=1))
    words = "".join(" " * int(begin) + letter for letter, begin in zip(text, y[:, 0], strict=True))
    common = words.split()
    assert {"the", "statement", "of", "in"} <= {*common}
    assert 4 < np.mean([len(word) for word in common]) < 6
    later = word_boundaries(100, discard=200)
    np.testing.assert_array_equal(later[0], u[200:300])


def scene(words):
    """Return thing, colour and place that one sentence is about, by its grammar alone."""
    place = words[words.index("on") + 2]
    rest = [w for w in words if w in CONCEPTS and w != place]
    thing, colour = rest if words[-2] == "is" else rest[::-1]
    return thing, colour, place


def test_a_sentence_tells_of_two_things_and_the_target_is_their_scene():
    u, y = situations(series=200, objects=3, colours=3, seed=2)
    places = set()
    for rows, target in zip(u, y, strict=True):
        said = [WORDS[i] for i in rows.argmax(axis=1)]
        cut = said.index("and")
        assert np.isnan(target[:-1]).all()
        first, second = target[-1].reshape(2, 9)
        for words, concepts in ((said[:cut], first), (said[cut + 1 :], second)):
            there = np.flatnonzero(concepts)
            assert tuple(CONCEPTS[i] for i in there) == scene(words)
            assert [i // 3 for i in there] == [0, 1, 2]
        places |= {(int(first[6:].argmax()), int(second[6:].argmax()))}
    assert len(places) == 6 and all(one != other for one, other in places)


def test_roles_follow_the_verb_and_speakers_their_habits():
    u, y = thematic_roles(series=400, seed=1)
    ends = np.array([target[-1] for target in y])
    np.testing.assert_array_equal(ends[:, :4].sum(axis=1), 1)
    roles = ends[:, 4:].reshape(-1, 3, 3)
    nouns = np.array([rows[:, 1].sum() for rows in u])  # "the N V the N" are the first words
    np.testing.assert_array_equal(roles.sum(axis=(1, 2)), nouns)
    assert (roles.sum(axis=1) <= 1).all() and {*nouns} == {2.0, 3.0}
    by_speaker = [np.mean([len(u[i]) for i in np.flatnonzero(ends[:, k])]) for k in range(4)]
    assert np.ptp(by_speaker) > 1  # who says "you know" says more


def test_without_habits_all_speak_alike():
    u, y = thematic_roles(series=2000, habit=0.0)
    speaker = np.array([target[-1, :4].argmax() for target in y])
    lengths = np.array([len(rows) for rows in u])
    means = [lengths[speaker == k].mean() for k in range(4)]
    assert np.ptp(means) < 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: primitives(9, order="AX"), "primitives.order: should be letters from A to F"),
        (lambda: primitives(9, order=3), "primitives.order"),
        (lambda: primitives(9, length=3), "primitives.length"),
        (lambda: word_boundaries(10**6), "but the text has"),
        (lambda: situations(objects=21), r"situations.objects: should be from 2 to 20 \(got 21\)"),
        (lambda: situations(colours=1), "situations.colours"),
        (lambda: thematic_roles(habit=2.0), "thematic_roles.habit: should be from 0 to 1"),
    ],
)
def test_nonsense_is_refused(call, message):
    with pytest.raises(DataError, match=message):
        call()
