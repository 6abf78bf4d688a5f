"""Which memory recalls what: the figures of docs/memory.md, and a reservoir beside each."""

from functools import cache

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.datasets import associative_recall, copying, questions
from nodes import EntityMemory, Input, LinearAttention, MemN2N, NTMMemory, Reservoir, Ridge
from nodes.parts.feature_maps import features

D, BITS, WORDS = 16, 8, 17


def recalled(pairs, sharpness=1.0, keys=None, **fields):
    """Return the share of queries answered rightly, keys and queries `sharpness` long."""
    u, y = associative_recall(series=40, pairs=pairs, width=D, keys=keys, seed=1)
    memory = LinearAttention(**fields)
    graph = (Input(name="q") >> memory) & (Input(name="k") >> memory["key"])
    model = ng.Model(graph & (Input(name="v") >> memory["value"]), seed=1)
    parts = {"q": sharpness * u[:, :, :D], "k": sharpness * u[:, :, D : 2 * D]}
    data = {name: [*rows] for name, rows in (parts | {"v": u[:, :, 2 * D :]}).items()}
    if memory.rule is not None:
        model.partial_fit({name: rows[:30] for name, rows in data.items()})
    said = np.array(model.run(data))[:, pairs:].argmax(axis=2)
    return (said == y[:, pairs:].argmax(axis=2)).mean()


def by_reservoir(u, y, asked, learned):
    """Return what a reservoir of 300 says, taught the first rows where it is asked."""
    out = Ridge(name="out", ridge=1e-3)
    graph = Input(name="u") >> Reservoir(units=300, input_scaling=0.1) >> out
    model = ng.Model(graph & (Input(name="asked") >> out["weight"]), seed=3)
    model.fit({"u": [*u[:learned]], "asked": [*asked[:learned]]}, [*y[:learned]])
    return model.run({"u": [*u[learned:]], "asked": [*asked[learned:]]})


def test_the_delta_rule_recalls_more_than_a_sum_once_pairs_exceed_the_width():
    """Keys that come again: what was stored under them gives way."""
    for pairs, delta, sums in ((32, 0.8, 0.55), (64, 0.75, 0.45)):
        assert recalled(pairs, keys=D, update="delta") >= delta
        assert recalled(pairs, keys=D, normalise=False) <= sums


def test_a_sum_recalls_more_than_the_delta_rule_where_no_key_comes_again():
    assert recalled(32, normalise=False) > recalled(32, update="delta") + 0.2


@pytest.mark.parametrize("pairs", [16, 64])
def test_based_and_hedgehog_recall_more_than_elu(pairs):
    elu = recalled(pairs, 4.0, kernel="elu")
    assert elu <= 0.3
    assert recalled(pairs, 4.0, kernel="based") >= 0.95
    assert recalled(pairs, 4.0, kernel="hedgehog", features=64, window=32) >= elu + 0.25


def entropy(kernel, pairs=16):
    """Return how evenly queries attend to keys, as a share of what is most even."""
    u, _ = associative_recall(series=10, pairs=pairs, width=D, seed=1)
    q, k = 4 * u[:, pairs:, :D], 4 * u[:, :pairs, D : 2 * D]
    alike = features(kernel, None, q) @ features(kernel, None, k).swapaxes(1, 2)
    p = alike / alike.sum(axis=2, keepdims=True)
    return -(p * np.log(p)).sum(axis=2).mean() / np.log(pairs)


def test_elu_attends_to_all_keys_almost_alike_and_based_does_not():
    assert entropy("elu") >= 0.98
    assert entropy("based") <= 0.7


def test_a_reservoir_of_300_recalls_few_of_4_pairs():
    u, y = associative_recall(series=400, pairs=4, width=D, seed=1)
    said = np.array(by_reservoir(u, y, u[:, :, :D].any(axis=2, keepdims=True) * 1.0, 300))
    assert (said[:, 4:].argmax(axis=2) == y[300:, 4:].argmax(axis=2)).mean() <= 0.4


def programme(u):
    """Return what a copying machine says to its memory: mark slot 0, write on, go back, read on."""
    n, begin, end = len(u), u[:, BITS], u[:, BITS + 1]
    reads = np.cumsum(end) - end
    writes = np.cumsum(begin) - begin - reads - end
    moves = (writes + reads)[:, None]
    controls = {
        "key": np.tile(np.eye(BITS + 1)[0], (n, 1)),
        "beta": np.full((n, 1), 50.0),
        "gate": end[:, None],
        "shift": np.concatenate([0 * moves, 1 - moves, moves], axis=1),
        "gamma": np.full((n, 1), 50.0),
        "erase": np.zeros((n, BITS + 1)),
    }
    add = np.concatenate([begin[:, None], u[:, :BITS] * writes[:, None]], axis=1)
    return controls | {"add": add}


def bits_right(said, y):
    """Return the share of bits that are right among those to be copied, in the worst series."""
    halves = [len(rows) // 2 + 1 for rows in y]
    pairs = zip(said, y, halves, strict=True)
    return min(((one[n:] > 0.5) == (other[n:] > 0.5)).mean() for one, other, n in pairs)


def test_a_programmed_memory_copies_rows_of_bits_at_any_length():
    lengths = range(1, 61)
    series = [copying(series=1, shortest=n, longest=n, seed=n) for n in lengths]
    controls = [programme(u[0]) for u, _ in series]
    tape = NTMMemory(slots=64, width=BITS + 1)
    graph = Input(name="key") >> tape
    for port in ("beta", "gate", "shift", "gamma", "erase", "add"):
        graph = graph & (Input(name=port) >> tape[port])
    said = ng.Model(graph).run({port: [c[port] for c in controls] for port in controls[0]})
    assert bits_right([rows[:, 1:] for rows in said], [y[0] for _, y in series]) == 1.0


def test_a_reservoir_of_300_copies_hardly_more_than_by_chance():
    taught, asked = copying(series=300, seed=2), copying(series=20, shortest=10, longest=10)
    u, y = taught[0] + asked[0], taught[1] + asked[1]
    weights = [(np.arange(len(rows)) > len(rows) // 2)[:, None] * 1.0 for rows in y]
    said = by_reservoir(u, y, weights, 300)
    bits = [(a[12:] > 0.5) == (b[12:] > 0.5) for a, b in zip(said, asked[1], strict=True)]
    assert 0.45 < np.mean(bits) < 0.7


@cache
def stories(task):
    """Return 600 stories."""
    return questions(series=600, task=task, seed=1)


def answered(task, memory):
    """Return the share of questions answered rightly that were not learned from."""
    u, y = stories(task)
    data = {"facts": u[:, :, : 2 * WORDS], "question": u[:, :, 2 * WORDS :]}
    data["asked"] = data["question"].any(axis=2, keepdims=True) * 1.0
    out = Ridge(name="out", ridge=1e-3)
    graph = (Input(name="facts") >> memory >> out) & (Input(name="asked") >> out["weight"])
    model = ng.Model(graph & (Input(name="question") >> memory["question"]), seed=2)
    model.fit({port: [*rows[:400]] for port, rows in data.items()}, [*y[:400]])
    answers = model.run({port: [*rows[400:]] for port, rows in data.items()})
    said = np.array([rows[-1].argmax() for rows in answers])
    return (said == y[400:, -1].argmax(axis=1)).mean()


@pytest.mark.parametrize(("task", "recency"), [(2, 1.0), (15, 0.0)])
def test_a_question_to_two_facts_takes_two_hops(task, recency):
    assert answered(task, MemN2N(slots=8, hops=1, recency=recency)) <= 0.6
    assert answered(task, MemN2N(slots=8, hops=2, recency=recency)) >= 0.95


def test_the_newest_of_like_facts_counts():
    assert answered(1, MemN2N(slots=8, hops=1)) >= 0.95
    assert answered(1, MemN2N(slots=8, hops=1, recency=0.0)) <= 0.85


@pytest.mark.parametrize(("task", "hops"), [(1, 1), (2, 2), (3, 2), (15, 2)])
def test_slots_of_entities_answer_questions_of_all_tasks(task, hops):
    assert answered(task, EntityMemory(hops=hops)) >= 0.98


def test_what_came_before_takes_two_hops_and_an_order_of_facts():
    assert answered(3, EntityMemory(hops=1)) <= 0.6
    assert answered(3, MemN2N(slots=8, hops=3)) <= 0.8


def test_a_reservoir_of_300_answers_few_questions_to_two_facts():
    u, y = stories(2)
    said = by_reservoir(u, y, u[:, :, 2 * WORDS :].any(axis=2, keepdims=True) * 1.0, 400)
    right = np.array([rows[-1].argmax() for rows in said]) == y[400:, -1].argmax(axis=1)
    assert right.mean() <= 0.5
