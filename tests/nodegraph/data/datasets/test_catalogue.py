"""Data sets by name, and the shaping of series and labels."""

import numpy as np
import pytest

from nodegraph import datasets
from nodegraph.datasets import describe, load, names, one_hot, options, to_forecasting
from nodegraph.errors import ArgumentError, DataError


@pytest.mark.parametrize("name", names())
def test_a_data_set_loads_by_name_as_by_its_function(name):
    given = {"steps": 12} if "steps" in options(name) else {}
    loaded, direct = load(name, **given), getattr(datasets, name)(**given)
    np.testing.assert_equal(loaded, direct)
    assert describe(name).endswith(".")


def test_options_reach_the_data_set():
    np.testing.assert_array_equal(
        load("mackey_glass", steps=50, tau=30), datasets.mackey_glass(50, tau=30.0)
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: load("mackeyglass", steps=1), "none called 'mackeyglass'; did you mean mackey_gl"),
        (lambda: load("zzz"), "known are adding, associative_recall, burke_shaw, chen"),
        (lambda: load(None), "dataset: there is none called None"),
        (lambda: load("lorenz", step=10), "lorenz: unknown option 'step'; did you mean steps?"),
        (lambda: load("lorenz"), r"lorenz: steps is required; write lorenz\(steps=1000\)"),
        (lambda: describe("loren"), "did you mean lorenz"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_targets_lie_the_horizon_ahead():
    series = np.arange(20.0).reshape(10, 2)
    x, y = to_forecasting(series, horizon=3)
    np.testing.assert_array_equal(x, series[:7])
    np.testing.assert_array_equal(y, series[3:])


def test_independent_series_are_shifted_one_by_one():
    ragged = [np.arange(5.0)[:, None], np.arange(9.0)[:, None]]
    x, y = to_forecasting(ragged, horizon=2)
    assert [len(each) for each in x] == [3, 7]
    np.testing.assert_array_equal(y[1][:, 0], np.arange(2.0, 9.0))
    x, y = to_forecasting(np.arange(24.0).reshape(2, 6, 2))
    assert x.shape == y.shape == (2, 5, 2)
    np.testing.assert_array_equal(y - x, 2.0)


@pytest.mark.parametrize(
    ("x", "horizon", "message"),
    [
        (np.zeros((5, 1)), 5, "leaves nothing of a series of 5 rows; write at most 4"),
        (np.zeros((5, 1)), 0, "to_forecasting.horizon"),
        (np.array([[1.0], [np.inf], [2.0]]), 1, "inf in row 1"),
        ([np.zeros((9, 1)), np.zeros((2, 1))], 3, "a series of 2 rows"),
    ],
)
def test_what_cannot_be_shifted_is_refused(x, horizon, message):
    with pytest.raises(DataError, match=message):
        to_forecasting(x, horizon)


def test_one_hot_rows_point_at_their_class():
    labels = np.random.default_rng(0).integers(3, 8, 50)
    rows = one_hot(labels)
    np.testing.assert_array_equal(np.unique(labels)[rows.argmax(axis=1)], labels)
    np.testing.assert_array_equal(rows.sum(axis=1), 1)
    np.testing.assert_array_equal(one_hot(["b"], classes=["c", "b"]), [[0, 1]])


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        ([1, 2, 9], [1, 2], "label 9 is none of the classes 1, 2"),
        ([1], [1, 1], "one class twice"),
        ([], None, "flat list"),
        ([[1, 2], [3]], None, "flat list"),
        (np.eye(3), None, "flat list"),
        ([1, 2], ["a"], "none of the classes"),
    ],
)
def test_labels_without_a_class_are_refused(labels, classes, message):
    with pytest.raises(DataError, match=message):
        one_hot(labels, classes)


OTHER = {  # for each option of each set two values that differ from the default
    "steps": [30, 25],
    "delay": [3, 4],
    "discard": [3, 4],
    "substeps": [3, 6],
    "seed": [1, 2],
    "h": [0.011, 0.012],
    "targets": ["one_hot", "repeat"],
    "freqs": [[0.1], [0.2, 0.3]],
    "order": [3, 4],
    "units": [8, 10],
    "length": [20.0, 21.0],
    "history": [[1.0, 1.1], [0.9, 1.0]],
    "blank": [2, 3],
    "tau": [15.0, 16.0],
    "n": [9.0, 9.5],
    "r": [3.5, 3.6],
    "F": [7.0, 7.5],
    "sigma": [9.0, 9.5],
    "rho": [27.0, 26.0],
    "beta": [2.0, 2.5],
    "a": [0.19, 0.18],
    "b": [0.11, 0.12],
    "c": [0.2, 0.15],
    "a1": [0.2, 0.25],
    "a2": [0.03, 0.04],
    "high": [0.3, 0.4],
    "low": [-0.4, -0.3],
    "delays": [4, 5],
    "squash": [True, False],
    "gaps": [True, False],
    "s": [9.0, 9.5],
    "v": [4.0, 5.0],
    "alpha": [1.0, 1.05],
    "gamma": [0.8, 0.9],
    "mu": [0.7, 0.8],
    "d": [0.04, 0.03],
    "T": [5.0, 5.5],
    "R": [15.0, 16.0],
    "kappa": [1.9, 1.8],
    "lam": [6.5, 6.6],
    "sines": [2, 4],
    "spread": [0.5, 0.6],
    "slowest": [30.0, 50.0],
    "series": [3, 4],
    "pairs": [3, 5],
    "keys": [2, 4],
    "width": [6, 7],
    "values": [5, 6],
    "shortest": [2, 3],
    "longest": [21, 22],
    "bits": [4, 5],
    "task": [1, 15],
    "facts": [6, 7],
    "levels": [17, 18],
    "objects": [3, 5],
    "colours": [3, 5],
    "habit": [0.2, 0.9],
    "songs": [1, 3],
    "noise": [0.1, 0.2],
}
STARTS = {
    "henon": [[0.1, 0.0], [0.0, 0.1]],
    "kuramoto_sivashinsky": [[0.1] * 63 + [0.2], [0.2] + [0.1] * 63],
    "logistic_map": [0.2, 0.4],
    "lorenz": [[1.0, 2.0, 3.0], [0.0, 1.0, 1.0]],
    "lorenz96": [[8.0] * 35 + [8.1], [8.1] + [8.0] * 35],
    "mackey_glass": [0.9, 1.1],
    "rossler": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
}
STARTS |= {
    name: [list(np.array(options(name)["x0"]) + move) for move in (0.01, 0.02)]
    for name in set(datasets.systems()) - set(STARTS)
}

OWN = {
    "adding": {"length": [20, 21]},
    "context_switching": {"gaps": [3, 4]},
    "mackey_glass": {"h": [1.1, 1.2]},
    "sorting": {"length": [3, 4]},
    "primitives": {"length": [5, 6], "order": ["AB", "BA"]},
}


def made(name, given):
    """Return all numbers of a data set in one array; None if it refuses the options."""
    rows = {"steps": 20} if "steps" in options(name) else {}
    rows |= {"songs": 2} if name == "finch_songs" else {}
    try:
        found = load(name, **{**rows, **given})
    except DataError:
        return None
    parts = found if isinstance(found, tuple) else (found,)
    return np.concatenate([np.ravel(row) for part in parts for row in part])


def differ(one, two):
    return (
        one is None or two is None or one.shape != two.shape or not np.array_equal(one, two, True)
    )


@pytest.mark.parametrize("name", names())
def test_every_option_has_an_effect_alone_and_beside_every_other_or_is_refused(name):
    own = {"x0": STARTS.get(name), **OWN.get(name, {})}
    values = {option: own.get(option) or OTHER[option] for option in options(name)}
    for option, (value, _) in values.items():
        alone = made(name, {option: value})
        assert alone is not None, option
        assert differ(alone, made(name, {})), option
    for option, (one, two) in values.items():
        for beside, (other, _) in values.items():
            if beside == option or (both := made(name, {option: one, beside: other})) is None:
                continue
            assert differ(both, made(name, {option: two, beside: other})), (option, beside)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: load("lorenz96", steps=5, units=4, x0=[8.0] * 4, seed=1), "x0 is the start, so s"),
        (lambda: load("kuramoto_sivashinsky", steps=5, units=8, x0=[0.1] * 8, seed=1), "so seed w"),
        (lambda: load("mackey_glass", steps=5, history=[1.0, 1.0], x0=1.2), "history is the start"),
    ],
)
def test_two_starts_are_refused(call, words):
    with pytest.raises(DataError, match=words):
        call()


def test_chaotic_systems_have_exponents_and_a_step_that_makes_their_series():
    for name in datasets.systems():
        assert datasets.exponents(name)[0] > 0
        system = datasets.system(name)
        if name == "mackey_glass":
            continue  # its state is a whole delay, see test_lyapunov
        rows = load(name, steps=4)
        state = rows[0]
        for row in rows[1:]:
            state = system.step(state)
            np.testing.assert_allclose(state, row, rtol=1e-12, atol=1e-14)
        if name != "kuramoto_sivashinsky":
            np.testing.assert_array_equal(system.start, rows[0])


def test_a_series_made_from_the_table_is_documented_and_refuses_what_it_does_not_take():
    text = datasets.chen.__doc__
    assert text.startswith("Return the Chen system")
    assert "exponents with the default parameters: 2.0272, 0, -12.0272 (1 / time)" in text
    with pytest.raises(ArgumentError, match="chen: there is no argument 'step'"):
        datasets.chen(step=10)
    with pytest.raises(DataError, match=r"chen\.a: should be a finite number"):
        datasets.chen(10, a=None)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: datasets.system("narma"), "system: there is none called 'narma'"),
        (lambda: datasets.system("henon", h=1), "henon: unknown option 'h'; known are x0, a, b"),
        (lambda: datasets.system("lorenz96", unit=5), "did you mean units"),
        (lambda: datasets.exponents("lorenzo"), "did you mean lorenz"),
    ],
)
def test_a_wrong_system_is_refused(call, message):
    with pytest.raises(DataError, match=message):
        call()
