"""Series in a list, a stack or a panel are scored and told alike."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError
from nodes import Input, Reservoir, Ridge

RNG = np.random.default_rng(3)
PHASES = np.arange(4)[:, None, None]
WAVES = np.sin(np.arange(61)[:, None] / 5 + PHASES) + 0.1 * RNG.normal(size=(4, 61, 1))
X, Y = WAVES[:, :-1], WAVES[:, 1:]


def panel(stack):
    pandas = pytest.importorskip("pandas")
    index = pandas.MultiIndex.from_product([list("abcd"), range(stack.shape[1])])
    return pandas.DataFrame(stack.reshape(-1, stack.shape[2]), index=index, columns=["wave"])


FORMS = {"list": list, "stack": lambda stack: stack, "panel": panel}
forms = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def graph(**options):
    return Input() >> Reservoir(units=10) >> Ridge(ridge=1e-2, **options)


@forms
@pytest.mark.parametrize("maker", [ng.Model, lambda g, seed: ng.Ensemble(g, members=2, seed=seed)])
def test_the_score_is_that_of_all_rows(form, maker):
    """A stack was scored across its series, step by step; a panel ended in a ValueError."""
    model = maker(graph(), seed=1).fit(X, Y, warmup=5)
    y_hat = np.concatenate(list(model.predict(X)))
    y = np.concatenate(list(Y))
    by_hand = 1 - np.sum((y - y_hat) ** 2) / np.sum((y - y.mean()) ** 2)
    assert model.score(form(X), form(Y)) == pytest.approx(by_hand, rel=1e-12)


@forms
def test_one_number_for_each_series_is_that_of_its_last_step(form):
    wanted = np.array([1.0, 3.0, 2.0, 5.0])
    model = ng.Model(graph(), seed=1).fit(X, wanted)
    ends = model.predict(X)[:, -1, 0]
    by_hand = 1 - np.sum((wanted - ends) ** 2) / np.sum((wanted - wanted.mean()) ** 2)
    assert model.score(form(X), wanted) == pytest.approx(by_hand, rel=1e-12)
    assert model.score(form(X), wanted.tolist()) == model.score(form(X), wanted[:, None])


def test_targets_of_other_lengths_than_their_series_are_refused():
    """As many rows in all were enough."""
    model = ng.Model(graph(), seed=1).fit(X, Y)
    with pytest.raises(DataError, match=r"y \(series 0\) has shape \(20, 1\), .* \(30, 1\)"):
        model.score([X[0, :30], X[1, :20]], [Y[0, :20], Y[1, :30]])


def test_labels_of_the_rows_of_a_panel_are_scored_row_by_row():
    labels = np.where(X > 0, "up", "down")
    model = ng.Model(graph(classes=["down", "up"]), seed=1).fit(list(X), list(labels[..., 0]))
    right = np.mean(np.array(["down", "up"])[model.predict(X).argmax(axis=2)] == labels[..., 0])
    assert model.score(panel(X), panel(labels)["wave"]) == right


@forms
def test_intervals_are_those_of_each_series(form):
    model = ng.Model(graph(intervals=[0.1, 0.9]), seed=1).fit(X, Y, warmup=5)
    alone = [model.intervals([x], [y])[0] for x, y in zip(X, Y, strict=True)]
    found = model.intervals(form(X), form(Y))
    assert isinstance(found, np.ndarray) == (form is FORMS["stack"])
    np.testing.assert_array_equal(np.stack(found), np.stack(alone))
    np.testing.assert_array_equal(np.stack(model.intervals(form(X))), model.intervals(X))


def test_an_ensemble_takes_what_its_members_said_of_a_stack():
    ensemble = ng.Ensemble(graph(), members=3, seed=1).fit(X, Y, warmup=5)
    stacked, listed = ensemble.samples(X), ensemble.samples(list(X))
    np.testing.assert_array_equal(ensemble.intervals(stacked), ensemble.intervals(listed))
    widening = ensemble.calibrate(stacked, Y).widening
    np.testing.assert_array_equal(ensemble.calibrate(listed, list(Y)).widening, widening)
