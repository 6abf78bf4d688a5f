"""Labels in, labels out."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, GraphError
from nodes import ESN, RLS, Input, Reduce, Reservoir, Ridge

RNG = np.random.default_rng(0)
NAMES = np.array(["fast", "slow", "still"])
LABELS = np.resize(NAMES, 12)
SPEED = {"fast": 1.5, "slow": 0.3, "still": 0.0}
SERIES = [np.sin(SPEED[n] * np.arange(20 + i))[:, None] for i, n in enumerate(LABELS)]


def outputs(labels, *nodes, **options):
    graph = Input() >> Reservoir(units=20)
    for node in nodes:
        graph = graph >> node
    return ng.Model(graph).fit(SERIES, labels, **options)


def test_a_label_of_a_series_is_taught_at_every_row():
    rows = [
        np.tile(row, (len(x), 1))
        for row, x in zip(ng.datasets.one_hot(LABELS), SERIES, strict=True)
    ]
    for x, y in ((outputs(LABELS, Ridge(classes=NAMES)), outputs(rows, Ridge())),):
        assert np.array_equal(x.params["ridge"].W_out, y.params["ridge"].W_out)


def test_behind_a_node_that_sums_up_a_label_is_that_of_the_last_row():
    last = outputs(ng.datasets.one_hot(LABELS), Reduce(kind="mean"), Ridge(ridge=0.1))
    found = outputs(LABELS, Reduce(kind="mean"), Ridge(ridge=0.1, classes=NAMES))
    assert np.array_equal(found.params["ridge"].W_out, last.params["ridge"].W_out)


@pytest.mark.parametrize("numbers", [False, True])
def test_classes_of_series_are_said_by_the_last_row_and_scored(numbers):
    names = np.array([3, 5, 11]) if numbers else NAMES
    labels = np.resize(names, 12)
    model = outputs(labels, Ridge(classes=names), Reduce(kind="mean"))
    run = model.run(SERIES)
    assert np.array_equal(model.classify(SERIES), names[[y[-1].argmax() for y in run]])
    assert ng.metrics.accuracy(labels, run) == np.mean(model.classify(SERIES) == labels) > 0.9
    assert ng.metrics.accuracy(labels[:1], run[:1], classes=names) in (0.0, 1.0)
    with pytest.raises(DataError, match=r"1 classes .* for 3 columns of y_hat; say what"):
        ng.metrics.accuracy(labels[:1], run[:1])


def test_labels_of_steps_come_in_one_series_in_many_and_in_chunks():
    steps = [np.repeat(label, len(x)) for label, x in zip(LABELS, SERIES, strict=True)]
    whole = [outputs(y, Ridge(classes=NAMES)).params["ridge"].W_out for y in (steps, LABELS)]
    assert np.array_equal(*whole)
    x, y = np.vstack(SERIES), np.concatenate(steps)
    graph = Input() >> Reservoir(units=20) >> Ridge(classes=NAMES)
    one, flow = ng.Model(graph).fit(x, y), ng.Model(graph).fit(zip(SERIES, steps, strict=True))
    assert np.allclose(one.params["ridge"].W_out, flow.params["ridge"].W_out, rtol=1e-6)
    assert one.classify(x).shape == (len(x),)
    right = np.mean(NAMES[np.vstack(one.run(SERIES)).argmax(axis=1)] == y)
    assert ng.metrics.accuracy(steps, one.run(SERIES)) == right > 0.5


def test_a_step_without_a_label_is_left_out():
    labels = np.where(np.arange(60) % 3, "a", "b").astype(object)
    x = RNG.normal(size=(60, 2))
    known = np.arange(60) % 5 > 0
    gone = labels.copy()
    gone[~known] = None
    some = ng.Model(Ridge(classes=("a", "b"))).fit(x, gone).params["ridge"].W_out
    less = ng.Model(Ridge(classes=("a", "b"))).fit(x[known], labels[known]).params["ridge"].W_out
    assert np.allclose(some, less, rtol=1e-9)


def test_online_readouts_and_updates_take_labels_too():
    model = ng.Model(Input() >> RLS(classes=NAMES))
    model.partial_fit(SERIES, LABELS)
    assert set(model.classify(SERIES)) <= set(NAMES)
    ridge = outputs(LABELS, Ridge(classes=NAMES)).update(SERIES, LABELS[::-1])
    both = ng.Model(Input() >> Reservoir(units=20) >> Ridge(classes=NAMES))
    both.fit(SERIES * 2, np.concatenate([LABELS, LABELS[::-1]]))
    assert np.allclose(ridge.params["ridge"].W_out, both.params["ridge"].W_out, rtol=1e-5)


def test_words_without_classes_and_unknown_words_are_refused():
    with pytest.raises(DataError, match=r"words, such as 'fast'; .* Ridge\(classes=np.unique"):
        outputs(LABELS, Ridge())
    with pytest.raises(DataError, match=r"label 'still' \(number 2\) is none of the classes"):
        outputs(LABELS, Ridge(classes=("fast", "slow")))
    with pytest.raises(GraphError, match="no output stands for classes"):
        ng.Model(ESN(units=5)).fit(SERIES[0], SERIES[0]).classify(SERIES)


def test_an_echo_state_network_in_one_word_takes_classes():
    model = ng.Model(ESN(units=20, classes=NAMES) >> Reduce(kind="mean")).fit(SERIES, LABELS)
    alone = outputs(LABELS, Ridge(classes=NAMES), Reduce(kind="mean"))
    assert np.mean(model.classify(SERIES) == LABELS) > 0.9
    assert model.classify(SERIES).dtype == alone.classify(SERIES).dtype


def test_nine_speakers_are_told_by_their_vowels():
    x, y, others, wanted = ng.datasets.japanese_vowels()
    reservoir = Reservoir(
        units=400, leak_rate=0.4, spectral_radius=0.4, input_scaling=0.3, bias_scaling=0.7
    )
    summary = [Reduce(kind="mean"), Reduce(kind="last")]
    readout = Ridge(ridge=0.1, classes=np.unique(y))
    model = ng.Model(Input() >> reservoir >> summary >> readout).fit(x, y)
    assert ng.metrics.accuracy(wanted, model.run(others)) >= 0.99
