import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import nodegraph as ng
from nodegraph.errors import DataError, DataWarning, FieldError, NotFittedError
from nodegraph.testing import check_node
from nodes import Input, Reservoir, Ridge, Scaler

RNG = np.random.default_rng(0)
X = RNG.normal(5, 3, (300, 3)) * [1.0, 100.0, 0.01]
NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False)


@pytest.mark.parametrize("fields", [{}, {"kind": "z-score"}, {"low": 0.0, "high": 10.0}])
def test_it_keeps_the_contract(fields):
    check_node(Scaler(**fields))


@pytest.mark.parametrize("low, high", [(-1.0, 1.0), (0.0, 10.0)])
def test_the_extremes_become_low_and_high(low, high):
    y = ng.Model(Scaler(low=low, high=high)).fit(X).run(X)
    np.testing.assert_allclose(y.min(axis=0), low, atol=1e-12)
    np.testing.assert_allclose(y.max(axis=0), high, rtol=1e-12)
    np.testing.assert_allclose(np.corrcoef(y[:, 0], X[:, 0])[0, 1], 1)


def test_the_z_score_has_mean_0_and_deviation_1():
    y = ng.Model(Scaler(kind="z-score")).fit(X + 1e6).run(X + 1e6)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(y.std(axis=0), 1, rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    x=hnp.arrays(float, st.tuples(st.integers(1, 20), st.just(2)), elements=NUMBERS),
    kind=st.sampled_from(["range", "z-score"]),
)
def test_inverse_gives_the_signals_back(x, kind):
    model = ng.Model(Scaler(kind=kind, name="s")).fit(x)
    size = np.abs(x).max()
    back = Scaler.inverse(model.params["s"], model.run(x))
    np.testing.assert_allclose(back, x, rtol=1e-9, atol=1e-9 * size)


@pytest.mark.parametrize("scaler, y", [(Scaler(low=3.0, high=5.0), 4), (Scaler(kind="z-score"), 0)])
def test_a_constant_signal_goes_to_the_middle(scaler, y):
    model = ng.Model(scaler).fit(np.full((50, 1), 0.1))
    np.testing.assert_allclose(model.run([[0.1]]), [[y]], atol=1e-15)


def shares(dtype=np.float64):
    parts = np.random.default_rng(0).dirichlet([1, 1, 1], 600).astype(dtype)
    return parts.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("kind", ["range", "z-score"])
@pytest.mark.parametrize(
    "x, dtype",
    [
        (shares(), "float64"),
        (-1e9 * shares(), "float64"),
        (shares(np.float32), "float32"),
        (1e-300 * shares(), "float64"),
        (np.zeros((600, 1)), "float32"),
        (
            np.cumsum(np.full((40, 5000), 0.1), axis=1)[:, -1:] + 1e-11 * np.eye(40)[:, :1],
            "float64",
        ),
    ],
)
def test_a_signal_that_is_constant_up_to_rounding_is_only_shifted(kind, x, dtype):
    model = ng.Model(Scaler(kind=kind, name="s"), dtype=dtype).fit(x)
    assert model.params["s"].scale == 1
    size = float(np.abs(x).max())
    np.testing.assert_allclose(model.run(x), 0, atol=1e-6 * size)
    np.testing.assert_allclose(model.run(x + 0.001 * size), 0.001 * size, rtol=1e-3)


@pytest.mark.parametrize("kind", ["range", "z-score"])
@pytest.mark.parametrize(
    "offset, spread, dtype", [(1e9, 1e-2, "float64"), (1e5, 1.0, "float32"), (1e6, 1e-6, "float64")]
)
def test_a_small_spread_about_a_large_offset_is_no_constant(kind, offset, spread, dtype):
    x = offset + spread * np.random.default_rng(1).uniform(-1, 1, (500, 1))
    scale = ng.Model(Scaler(kind=kind, name="s"), dtype=dtype).fit(x).params["s"].scale[0]
    assert scale == pytest.approx(1 / (spread if kind == "range" else x.std()), rel=0.02)


def test_values_beyond_what_was_seen_are_not_clipped():
    model = ng.Model(Scaler()).fit([[0.0], [10.0]])
    np.testing.assert_allclose(model.run([[20.0]]), [[3.0]])


def test_it_learns_before_what_stands_behind_it():
    graph = Input() >> Scaler(name="s") >> Reservoir(units=20, name="r") >> Ridge()
    model = ng.Model(graph, seed=1)
    model.fit(X, X[:, :1])
    assert [report["node"] for report in model.report] == ["s", "ridge"]
    scaled = 2 * (X - X.min(axis=0)) / (X.max(axis=0) - X.min(axis=0)) - 1
    plain = ng.Model(Input() >> Reservoir(units=20, name="r") >> Ridge(), seed=1)
    plain.fit(scaled, X[:, :1])
    np.testing.assert_allclose(model.reset().run(X), plain.reset().run(scaled), atol=1e-6)


def test_a_list_of_series_has_one_scale():
    parts = ng.Model(Scaler(name="s")).fit([X[:10], X[10:11], X[11:]])
    whole = ng.Model(Scaler(name="s")).fit(X)
    np.testing.assert_allclose(parts.params["s"].scale, whole.params["s"].scale, rtol=1e-13)


def test_single_precision_stays():
    model = ng.Model(Scaler(name="s"), dtype="float32").fit(X)
    assert model.params["s"].scale.dtype == model.run(X).dtype == np.float32


def test_it_has_to_learn_before_it_runs():
    with pytest.raises(NotFittedError, match="scaler has not learned"):
        ng.Model(Scaler()).run(X)


@pytest.mark.parametrize(
    "fields, message",
    [({"low": 1.0, "high": 1.0}, "low should be below high"), ({"kind": "minmax"}, "kind")],
)
def test_fields_that_cannot_be_are_refused(fields, message):
    with pytest.raises(FieldError, match=message):
        Scaler(**fields)


@pytest.mark.parametrize("kind, size", [("range", 1e308), ("z-score", 1e200)])
def test_signals_that_span_too_much_are_refused(kind, size):
    with pytest.raises(DataError, match="scale the data down"):
        ng.Model(Scaler(kind=kind)).fit([[-size], [size]])


def test_a_span_too_small_for_a_factor_counts_as_constant():
    model = ng.Model(Scaler(name="s")).fit([[0.0], [1e-320]])
    assert model.params["s"].scale == [1.0] and abs(model.run([[0.0]])[0, 0]) < 1e-319


DEAD = X * [1, 1e-31, 1]


@pytest.mark.parametrize("kind", ["range", "z-score"])
def test_dead_signals_are_named_held_still_or_scaled(kind):
    with pytest.warns(
        DataWarning, match=r"scaler: column 1 varies .* column 0 does .multiplied by .e\+"
    ):
        told = ng.Model(Scaler(kind=kind)).fit(DEAD)
    still = ng.Model(Scaler(kind=kind, dead="shift")).fit(DEAD)
    scaled = ng.Model(Scaler(kind=kind, dead="scale")).fit(DEAD)
    np.testing.assert_array_equal(told.run(DEAD), scaled.reset().run(DEAD))
    np.testing.assert_allclose(still.run(DEAD)[:, 1], 0, atol=1e-12)
    np.testing.assert_array_equal(still.run(DEAD)[:, [0, 2]], scaled.run(DEAD)[:, [0, 2]])
    small = 1e-20 * np.column_stack([X, np.zeros(300)])
    ng.Model(Scaler(kind=kind)).fit(small)  # nothing moves more than another, and one not at all


@pytest.mark.parametrize("kind", ["range", "z-score"])
def test_a_large_mean_stands_in_the_middle_in_single_precision_too(kind):
    """Only the rounding of the scaled rows themselves is left: 1e-7, not 3e-5 for 1000 spreads."""
    rng = np.random.default_rng(4)
    spread, mean = rng.uniform(0.5, 2, 200), rng.uniform(600, 1000, 200) * rng.choice([-1, 1], 200)
    x = ((rng.standard_normal((50, 200)) + mean) * spread).astype(np.float32)
    model = ng.Model(Scaler(kind=kind), dtype="float32").fit(x)
    rows, low, high = x.astype(float), x.min(axis=0), x.max(axis=0)
    wanted = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    if kind == "range":
        wanted = 2 * (rows - low) / (high.astype(float) - low) - 1
    found = model.run(x)
    np.testing.assert_allclose(found, wanted, atol=5e-7)
    assert np.abs((found - wanted).mean(axis=0)).max() < 2e-7
    back = Scaler.inverse(model.params["scaler"], found)
    np.testing.assert_allclose(back, x, rtol=2e-7)


@pytest.mark.parametrize("kind", ["range", "z-score"])
def test_in_double_precision_nothing_is_taken_off_first(kind):
    """So that its bits are those of ``scale x + offset``."""
    model = ng.Model(Scaler(kind=kind, name="s")).fit(X)
    params = model.params["s"]
    np.testing.assert_array_equal(params.centre, 0)
    np.testing.assert_array_equal(model.reset().run(X), params.scale * X + params.offset)


def test_who_makes_signals_look_dead_is_named():
    """Signals beside nanoseconds were said to be rounding, and to be held still."""
    rows = np.column_stack([X[:, 0], 1e18 * np.sin(np.arange(len(X)) / 9)])
    said = r"column 0 varies by less than 1e-12 of what column 1 does .* leave column 1 out"
    with pytest.warns(DataWarning, match=said):
        ng.Model(Scaler()).fit(rows)
