"""Tasks of recall: pairs by association, copying, questions about stories."""

import numpy as np
import pytest

from nodegraph.datasets import associative_recall, copying, load, questions
from nodegraph.errors import DataError

WORDS = (
    "mary john sandra daniel kitchen garden office bathroom bedroom hallway football apple milk "
    "mouse wolf sheep cat"
).split()


def test_each_key_is_asked_once_for_the_value_that_came_with_it():
    u, y = associative_recall(series=5, pairs=6, width=4, values=3, seed=1)
    for rows, targets in zip(u, y, strict=True):
        queries, keys, values = rows[:, :4], rows[:, 4:8], rows[:, 8:]
        same = queries[6:] @ keys[:6].T > 1 - 1e-12
        np.testing.assert_array_equal(same.sum(axis=0), 1)
        np.testing.assert_array_equal(same @ values[:6], targets[6:])
        assert not targets[:6].any() and not queries[:6].any() and not rows[6:, 4:].any()


def test_of_pairs_whose_key_comes_again_the_last_counts():
    u, y = associative_recall(series=5, pairs=9, width=4, values=3, keys=2, seed=1)
    for rows, targets in zip(u, y, strict=True):
        told = {tuple(row[4:8]): row[8:] for row in rows[:9]}  # later ones overwrite
        assert len(told) == 2
        np.testing.assert_array_equal([told[tuple(row[:4])] for row in rows[9:]], targets[9:])


def test_rows_to_copy_come_again_behind_the_second_mark():
    u, y = copying(series=200, shortest=2, longest=5, bits=3, seed=1)
    lengths = [len(rows) // 2 - 1 for rows in u]
    assert {*lengths} == {2, 3, 4, 5}
    for length, rows, target in zip(lengths, u, y, strict=True):
        np.testing.assert_array_equal(rows[1 : length + 1, :3], target[length + 2 :])
        np.testing.assert_array_equal(np.flatnonzero(rows[:, 3:].any(axis=1)), [0, length + 1])
        assert not target[: length + 2].any() and not rows[length + 2 :].any()


def test_a_blank_keeps_rows_from_the_mark_that_asks_for_them():
    at_once, late = (copying(series=20, longest=4, bits=3, seed=1, blank=n) for n in (0, 7))
    for (u, y), (v, z) in zip(zip(*at_once, strict=True), zip(*late, strict=True), strict=True):
        length = len(u) // 2 - 1
        np.testing.assert_array_equal(np.delete(v, np.s_[length + 1 : length + 8], axis=0), u)
        np.testing.assert_array_equal(np.delete(z, np.s_[length + 1 : length + 8], axis=0), y)
        assert not v[length + 1 : length + 8].any() and len(v) == len(u) + 7
    assert np.mean([target.sum() / target.size for target in y]) == pytest.approx(0.19, abs=0.03)


def read(rows):
    """Return facts and question as words."""
    parts = rows.reshape(len(rows), 3, len(WORDS))
    said = [[[WORDS[i] for i in np.flatnonzero(part)] for part in row] for row in parts]
    assert all(len(a) == len(b) == 1 and not q for a, b, q in said[:-1])
    return [(a[0], b[0]) for a, b, _ in said[:-1]], said[-1][2]


def last(facts, about):
    return next(says for subject, says in facts[::-1] if subject == about)


def before(facts, thing, place):
    """Return where `thing` was before it last came to `place`."""
    taken = [about for about, _ in facts].index(thing)
    carrier = facts[taken][1]
    been = [(t, says) for t, (about, says) in enumerate(facts) if about == carrier]
    arrived = max(t for t, says in been if says == place)
    return max(pair for pair in been if pair[0] < arrived)[1]


@pytest.mark.parametrize("task", [1, 2, 3, 15])
def test_facts_answer_the_question(task):
    u, y = questions(series=200, task=task, facts=8, seed=3)
    answers = set()
    for rows, target in zip(u, y, strict=True):
        facts, question = read(rows)
        answer = WORDS[int(target[-1].argmax())]
        assert target.sum() == 1
        if task == 3:
            thing = next(word for word in question if word in ("football", "apple", "milk"))
            assert before(facts, thing, next(w for w in question if w != thing)) == answer
        else:
            first = last(facts, question[0])
            assert answer == (first if task == 1 else last(facts, first))
        answers.add(answer)
    assert len(answers) == (4 if task == 15 else 6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: associative_recall(width=1), "associative_recall.width: .* at least 2"),
        (lambda: associative_recall(pairs=0), "associative_recall.pairs"),
        (lambda: copying(blank=-1), "copying.blank: should be a whole number of at least 0"),
        (lambda: copying(shortest=30), "copying.shortest: should be at most longest, 20"),
        (lambda: questions(task=4), r"questions.task: should be one of 1, 2, 3, 15 \(got 4\)"),
        (lambda: questions(task=15, facts=9), "should be from 5 to 8 for task 15"),
        (lambda: questions(task=3, facts=2), "should be at least 3 for task 3"),
    ],
)
def test_nonsense_is_refused(call, message):
    with pytest.raises(DataError, match=message):
        call()


@pytest.mark.parametrize("name", ["associative_recall", "copying", "questions"])
def test_gaps_are_where_nothing_is_asked(name):
    (u, y), (same, gappy) = load(name, series=5), load(name, series=5, gaps=True)
    for one, other, whole, some in zip(u, same, y, gappy, strict=True):
        np.testing.assert_array_equal(one, other)
        asked = ~np.isnan(some).any(axis=1)
        assert 0 < asked.sum() < len(some)
        np.testing.assert_array_equal(some[asked], whole[asked])
        assert not whole[~asked].any()
