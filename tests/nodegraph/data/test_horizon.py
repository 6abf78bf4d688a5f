"""How far ahead a target is of an input, told from the data."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import delay
from nodegraph.data.horizon import rows_ahead, strays
from nodegraph.errors import DataError, DataWarning, FieldError
from nodegraph.testing.comparing import same_trees
from nodes import ESN, RLS, Input, Reservoir, Ridge, Scaler

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("k", [0, 1, 2, 7, 40])
@pytest.mark.parametrize("width", [1, 3])
def test_a_target_that_is_its_input_later_is_known(k, width):
    u = RNG.normal(size=(100 + k, width))
    assert rows_ahead(u[:100], u[k:]) == k


def test_rows_without_a_target_do_not_count():
    u = RNG.normal(size=(200, 1))
    y = u[5:].copy()
    y[:50], y[70] = np.nan, np.nan
    assert rows_ahead(u[:-5], y) == 5
    y[100] += 1e-9
    assert rows_ahead(u[:-5], y) is None


def test_what_repeats_itself_is_one_step_ahead_if_it_can_be():
    assert rows_ahead(np.ones((50, 1)), np.ones((50, 1))) == 1
    u = np.tile([[0.0], [1.0], [2.0]], (40, 1))
    assert rows_ahead(u[:-1], u[1:]) == 1
    assert rows_ahead(u[:-4], u[4:]) == 1
    assert rows_ahead(u[:-2], u[2:]) == 2


def test_binary_series_cost_no_more_than_a_sieve():
    u = RNG.integers(0, 2, (20_000, 1)).astype(float)
    assert rows_ahead(u[:-9], u[9:]) == 9
    assert rows_ahead(u, RNG.permutation(u)) is None


def test_too_few_rows_and_other_widths_tell_nothing():
    u = RNG.normal(size=(32, 1))
    assert rows_ahead(u[:-1], u[1:]) is None
    assert rows_ahead(np.zeros((50, 2)), np.zeros((50, 1))) is None


def test_a_target_strays_where_it_differs_by_more_than_half_of_the_variance():
    u = RNG.normal(size=(2001, 2))
    for factor in (0.35, 0.65, 1.5, 2.9):  # (1 - f)**2 of the larger of 1 and f**2
        wanted = (1 - factor) ** 2 > 0.5 * max(1, factor**2)
        assert strays(u[:-1], u[1:] * [1, factor]) == wanted, factor
    assert strays(u[:-1], u[1:, ::-1])
    y = u[1:].copy()
    y[5:1000] = np.nan
    assert not strays(u[:-1], y)
    assert not strays(u[:20], -u[:20])  # too few rows
    assert not strays(u, u[:, :1])


def test_huge_rows_stray_by_the_same_measure():
    u = np.sin(np.arange(100) / 7)[:, None]
    for size in (1.0, 1e200, 1e-200):
        assert not strays(size * u[:-1], size * u[1:])
        assert strays(size * u[:-1], -size * u[1:])
    x = u[:-1].copy()
    x[50] = 1e300
    assert strays(x, u[1:])  # one row holds all of the variance, and is no row of the target


X = RNG.normal(size=(120, 2))
Y = np.cumsum(RNG.normal(size=(120, 1)), axis=0)
TEXTS = [RNG.normal(size=(n, 2)) for n in (30, 12, 55, 4, 30)]
TRUTHS = [np.cumsum(text, axis=0) for text in TEXTS]


def moved(rows, k):
    return np.vstack([rows[k:], np.full((min(k, len(rows)), rows.shape[1]), np.nan)])[: len(rows)]


def model(out=Ridge, **fields):
    return ng.Model(Input() >> Reservoir(units=12) >> out(name="out", **fields), seed=1)


@pytest.mark.parametrize("out", [Ridge, RLS])
def test_a_target_some_steps_later_is_that_of_rows_moved_by_hand(out):
    one = model(out).fit(X, Y, ahead=3, warmup=5)
    two = model(out).fit(X[:-3], Y[3:], warmup=5)
    np.testing.assert_allclose(one.params["out"].W_out, two.params["out"].W_out, rtol=1e-9)
    assert one.time == 120
    np.testing.assert_array_equal(one.run(X[:9]), one.reset().run(np.vstack([X, X[:9]]))[120:])


def test_each_series_has_rows_without_a_target_of_its_own():
    with pytest.warns(DataWarning, match=r"ahead=5 leaves nothing of 1 of 5 series \(number 3\)"):
        one = model().fit(TEXTS, TRUTHS, ahead=5)
    two = model().fit(TEXTS, [moved(y, 5) for y in TRUTHS])
    same_trees(one.params["out"], two.params["out"], "other weights")
    assert one.report[0]["rows"] == 25 + 7 + 50 + 0 + 25


def test_learners_may_look_differently_far():
    outs = [Ridge(name="near"), Ridge(name="far")]
    graph = Input() >> Reservoir(units=12) >> outs
    y = {"near": TRUTHS, "far": TRUTHS}
    with pytest.warns(DataWarning, match=r"nothing of 1 of 5 series \(number 3\): far learns"):
        both = ng.Model(graph, seed=1).fit(TEXTS, y, ahead={"far": 4})
    for name, k in (("near", 0), ("far", 4)):
        alone = ng.Model(graph, seed=1).fit(TEXTS, [moved(y, k) for y in TRUTHS])
        np.testing.assert_allclose(both.params[name].W_out, alone.params[name].W_out, rtol=1e-9)


def test_one_number_is_refused_where_some_targets_are_led_in_the_graph():
    teacher, led = Input(name="teacher"), Ridge(name="led")
    graph = (Input(name="u") >> [led, Ridge(name="out")]) & (teacher >> led["target"])
    data = {"u": X, "teacher": Y}
    with pytest.raises(DataError, match=r"ahead=2: the target of led is led .*ahead=\{'out': 2\}"):
        ng.Model(graph, seed=1).fit(data, {"out": Y}, ahead=2)
    one = ng.Model(graph, seed=1).fit(data, {"out": Y}, ahead={"out": 2})
    two = ng.Model(Input() >> Ridge(name="out"), seed=1).fit(X, Y, ahead=2)
    np.testing.assert_allclose(one.params["out"].W_out, two.params["out"].W_out, rtol=1e-9)


def test_a_loop_is_left_where_running_leaves_it():
    pool, out = Reservoir(units=12, feedback_scaling=0.05), Ridge(name="out", ridge=1e-3)
    looped = ng.Model((Input() >> pool >> out) & (pool << out), seed=1)
    looped.fit(X, Y, ahead=2)
    rest = looped.run(X[:5])
    np.testing.assert_array_equal(rest, looped.reset().run(np.vstack([X, X[:5]]))[120:])


def test_labels_of_steps_come_later_as_well():
    labels = ["a" if step % 3 else "b" for step in range(120)]
    out = {"classes": ["a", "b"], "ridge": 1e-6}
    one, two = model(**out).fit(X, labels, ahead=2), model(**out).fit(X[:-2], labels[2:])
    np.testing.assert_allclose(one.params["out"].W_out, two.params["out"].W_out, rtol=1e-9)


@pytest.mark.parametrize(
    ("data", "ahead", "said"),
    [
        ((X, Y), 120, "ahead=120 leave nothing: the longest series has 120 rows"),
        ((X, Y), -1, r"at least 0, got -1; for a target of some steps before write delay"),
        ((X, Y), 1.5, "whole number of steps"),
        ((X, Y), {"oit": 2}, "did you mean 'out'"),
        ((TEXTS, list(range(5))), 1, "one target for each series"),
        ((iter([X]), iter([Y])), 1, "pair each chunk with the targets 1 rows later"),
    ],
)
def test_what_no_target_comes_later_of_is_refused(data, ahead, said):
    with pytest.raises((DataError, FieldError), match=said):
        model().fit(*data, ahead=ahead)


def test_a_warmup_beside_it_must_leave_rows_and_wired_targets_are_told():
    with pytest.raises(DataError, match="ahead=60 and warmup=60 leave nothing"):
        model().fit(X, Y, ahead=60, warmup=60)
    out = Ridge(name="out")
    wired = (Input(name="x") >> out) & (Input(name="y") >> Scaler() >> out["target"])
    with pytest.raises(DataError, match="one that is led to its learner"):
        ng.Model(wired).fit({"x": X, "y": Y}, ahead=2)


def test_one_ahead_is_what_a_forecaster_is_taught_by_hand():
    u = np.sin(np.arange(300) / 5)[:, None]
    graph = Input() >> ESN(units=30, ridge=1e-8)
    one = ng.Model(graph, seed=1).fit(u[:200], u[:200], ahead=1, warmup=20)
    two = ng.Model(graph, seed=1).fit(u[:199], u[1:200], warmup=20)
    found = [m.generate(50, prompt=u[100:200]) for m in (one, two)]
    np.testing.assert_allclose(*found, atol=1e-4)
    assert np.abs(found[0] - u[200:250]).max() < 0.01


def test_a_target_before_is_an_edge_with_a_delay():
    out = Ridge(name="out", ridge=1e-9)
    graph = (Input(name="x") >> out) & (Input(name="y") >> delay(2) >> out["target"])
    late = np.vstack([np.zeros((2, 2)), X[:-2]])
    model = ng.Model(graph).fit({"x": late, "y": X}, warmup=2)
    np.testing.assert_allclose(model.params["out"].W_out, np.eye(2), atol=1e-6)


def test_more_series_teach_what_they_would_have_taught_with_the_others():
    how = {"warmup": 1, "ahead": 2}
    whole, parts = model().fit(TEXTS, TRUTHS, **how), model().fit(TEXTS[:2], TRUTHS[:2], **how)
    parts.update(TEXTS[2:], TRUTHS[2:], **how)
    assert parts.report[0]["rows"] == whole.report[0]["rows"] == 27 + 9 + 52 + 1 + 27
    np.testing.assert_allclose(parts.params["out"].W_out, whole.params["out"].W_out, rtol=1e-8)
    with pytest.raises(DataError, match=r"update\(\[x\], \[y\], ahead=...\)"):
        model().fit(X, Y).update(X, Y, ahead=2)
