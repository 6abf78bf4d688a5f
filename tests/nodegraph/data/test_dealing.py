from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.data.binding import BoundData
from nodegraph.data.dealing import IDLE, dealt_out
from nodegraph.data.series import Series
from nodes import Input, Ridge

RNG = np.random.default_rng(3)
X = [RNG.normal(size=(n, 2)) for n in RNG.integers(1, 9, 40)]


def series(i, target):
    return Series(
        {"u": X[i]}, {"o": np.broadcast_to(target, (len(X[i]), np.size(target)))}, len(X[i])
    )


def bound(parts, form="list"):
    return BoundData(parts, form, {"u": 2}, {"o": 1})


def numbers(parts, warmup=0):
    return [one.number for one in dealt_out(bound(parts), warmup).series]


def labelled(labels):
    return [series(i, np.eye(4)[label]) for i, label in enumerate(labels)]


@given(st.lists(st.integers(0, 3), min_size=2, max_size=40), st.randoms(use_true_random=False))
def test_every_fifth_has_its_share_of_every_class_in_whatever_order_they_come(labels, random):
    parts, order = labelled(labels), list(range(len(labels)))
    dealt = numbers(parts)
    assert sorted(dealt) == list(range(len(labels)))
    folds = np.array(dealt) % 5
    for label in set(labels):
        held = np.bincount(folds[np.array(labels) == label], minlength=5)
        assert held.max() - held.min() <= 1
    random.shuffle(order)
    assert numbers([parts[i] for i in order]) == [dealt[i] for i in order]


def test_a_label_may_stand_in_the_last_row_alone_or_in_every_row():
    labels = RNG.integers(0, 4, 40)
    last = []
    for one in labelled(labels):
        rows = np.array(one.targets["o"])
        rows[:-1] = np.nan
        last.append(replace(one, targets={"o": rows}))
    assert numbers(last) == numbers(labelled(labels))


def test_series_without_a_label_are_dealt_by_what_is_in_them():
    parts = [replace(series(i, 0.0), targets={"o": X[i][:, :1]}) for i in range(40)]
    dealt = numbers(parts)
    assert sorted(dealt) == list(range(40)) and dealt != list(range(40))
    assert numbers(parts[::-1]) == dealt[::-1]


def test_those_that_nothing_is_learned_from_take_no_turn():
    parts = labelled(np.zeros(40, int))
    parts[7] = series(7, np.full(4, np.nan))
    dealt = numbers(parts, warmup=2)
    idle = [i for i in range(40) if i == 7 or len(X[i]) <= 2]
    assert [i for i, number in enumerate(dealt) if number == IDLE] == idle
    assert sorted(n for n in dealt if n != IDLE) == list(range(40 - len(idle)))


def test_one_series_of_several_that_is_learned_from_has_no_number():
    parts = [series(i, np.full(4, np.nan)) for i in range(4)]
    parts[2] = labelled([0, 0, 1])[2]
    assert numbers(parts) == [IDLE, IDLE, None, IDLE]


@pytest.mark.parametrize("form, count", [("one", 1), ("list", 1)])
def test_a_single_series_has_no_turn(form, count):
    data = bound(labelled([1] * count), form)
    assert dealt_out(data, 0) is data


def classes(n, rng):
    """Two columns; which of three classes a series is of shows in their mean."""
    labels = np.repeat(np.arange(3), n)
    means = np.array([[1.0, 0.0], [-1.0, 1.0], [0.0, -1.0]])
    return [rng.normal(means[c], 1.5, (6, 2)) for c in labels], labels


@pytest.mark.filterwarnings("ignore:input. 90 series of 6 rows and 102 columns")
@pytest.mark.parametrize("strengths", ["cv", [1e-3, 1.0, 30.0, 1000.0]])
@pytest.mark.parametrize("wide", [False, True])
def test_the_order_of_independent_series_changes_no_choice(strengths, wide):
    xs, labels = classes(30, RNG)
    if wide:  # more inputs than rows: the dual form
        xs = [np.hstack([x, RNG.normal(size=(6, 100))]) for x in xs]
    found = []
    for order in (np.arange(90), np.random.default_rng(0).permutation(90)):
        model = ng.Model(Input() >> Ridge(ridge=strengths, name="o"))
        model.fit([xs[i] for i in order], ng.datasets.one_hot(labels[order]))
        found.append(model)
    one, other = (model.report[0] for model in found)
    assert one["ridge"] == other["ridge"]
    assert list(one["left_out_rmse"].values()) == pytest.approx(
        list(other["left_out_rmse"].values()), rel=1e-7
    )
    np.testing.assert_allclose(*(m.params["o"].W_out for m in found), rtol=1e-7, atol=1e-12)


def test_what_is_left_out_is_whole_series_of_every_class():
    xs, labels = classes(10, RNG)
    ts = ng.datasets.one_hot(labels)
    model = ng.Model(Input() >> Ridge(ridge=[0.1, 100.0])).fit(xs, ts)
    turn = numbers(
        [
            Series({"u": x}, {"o": np.broadcast_to(t, (6, 3))}, 6)
            for x, t in zip(xs, ts, strict=True)
        ]
    )
    last, fold = np.array([x[-1] for x in xs]), np.array(turn) % 5
    for ridge, said in zip((0.1, 100.0), model.report[0]["left_out_rmse"].values(), strict=True):
        squares = np.zeros(3)
        for k in range(5):
            x, t = last[fold != k], np.asarray(ts)[fold != k]
            dx, dt = x - x.mean(axis=0), t - t.mean(axis=0)
            W = np.linalg.solve(dx.T @ dx + ridge * np.eye(2), dx.T @ dt)
            told = (last[fold == k] - x.mean(axis=0)) @ W + t.mean(axis=0)
            squares += ((np.asarray(ts)[fold == k] - told) ** 2).sum(axis=0)
        assert said == pytest.approx(np.sqrt(squares / 30).mean(), rel=1e-9)


def test_workers_and_groups_do_not_show(monkeypatch):
    xs, labels = classes(150, RNG)
    ts = ng.datasets.one_hot(labels)
    models = [
        ng.Model(Input() >> Ridge(ridge="cv", name="o")).fit(xs, ts, workers=n) for n in (1, 2)
    ]
    np.testing.assert_array_equal(*(model.params["o"].W_out for model in models))
    monkeypatch.setattr("nodegraph.engines.batches.MOST", 100)
    monkeypatch.setattr("nodegraph.engines.batches.LEAST", 10)
    small = ng.Model(Input() >> Ridge(ridge="cv", name="o")).fit(xs, ts)
    one, other = small.report[0], models[0].report[0]
    assert one["ridge"] == other["ridge"]
    assert one["left_out_rmse"] == pytest.approx(other["left_out_rmse"], rel=1e-9)


def test_update_deals_out_the_series_of_each_call_by_themselves():
    """So what is left out may be other series than `fit` on all would leave out; docs say so."""
    rng = np.random.default_rng(0)
    xs = [rng.normal(size=(9, 2)) for _ in range(10)]
    ts = [x @ [[1.0], [2.0]] + rng.normal(size=(9, 1)) for x in xs]
    model = ng.Model(Input(name="u") >> Ridge(ridge=[0.1, 10.0], name="o"))
    model.fit(xs[:5], ts[:5]).update(xs[5:], ts[5:])
    parts = [Series({"u": x}, {"o": t}, 9) for x, t in zip(xs, ts, strict=True)]
    fold = np.array([numbers(parts[:5]), numbers(parts[5:])]).ravel() % 5
    errors = []
    for left in range(5):
        held = [f == left for f in fold]
        x = np.concatenate([x for x, h in zip(xs, held, strict=True) if not h])
        t = np.concatenate([t for t, h in zip(ts, held, strict=True) if not h])
        centred = x - x.mean(axis=0)
        W = np.linalg.solve(centred.T @ centred + 0.1 * np.eye(2), centred.T @ (t - t.mean()))
        errors += [
            one - t.mean() - (x_one - x.mean(axis=0)) @ W
            for x_one, one, h in zip(xs, ts, held, strict=True)
            if h
        ]
    rmse = np.sqrt(np.mean(np.concatenate(errors) ** 2))
    assert model.report[0]["left_out_rmse"]["0.1"] == pytest.approx(rmse, rel=1e-9)


def test_more_series_are_dealt_out_as_well_by_update():
    xs, labels = classes(30, RNG)
    ts = ng.datasets.one_hot(labels)
    whole = ng.Model(Input() >> Ridge(ridge=0.1, name="o")).fit(xs, ts)
    parts = ng.Model(Input() >> Ridge(ridge=[0.1, 1e9], name="o"))
    parts.fit(xs[::2], ts[::2]).update(xs[1::2], ts[1::2])
    assert parts.report[0]["rows"] == 90 and parts.report[0]["ridge"] == 0.1
    np.testing.assert_allclose(parts.params["o"].W_out, whole.params["o"].W_out, rtol=1e-8)
