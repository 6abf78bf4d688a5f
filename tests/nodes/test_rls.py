import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataWarning, FieldError, NotFittedError
from nodegraph.testing import check_node
from nodegraph.testing.recording import Recorder
from nodes import RLS, Input, Reservoir, Ridge

RNG = np.random.default_rng(0)
X = RNG.normal(3, 1, (400, 4))
RNG_ROWS = (np.arange(400) % 7 == 3)[:, None]
T = X @ RNG.normal(size=(4, 2)) - 5 + 0.1 * RNG.normal(size=(400, 2))


@pytest.mark.parametrize("fields", [{}, {"W_out": np.ones((2, 3)), "bias": [1.0, 2.0]}])
def test_it_keeps_the_contract(fields):
    check_node(RLS(**fields), n_out=2)


def test_with_a_column_of_ones_instead_of_a_bias_it_is_a_ridge_readout_on_inputs_of_mean_3():
    ones = np.c_[X, np.ones(len(X))]
    online = ng.Model(RLS(alpha=0.3, name="out"))
    online.partial_fit(X, T)
    offline = ng.Model(Ridge(ridge=0.3, fit_bias=False, name="out")).fit(ones, T)
    W_out, bias = online.params["out"]
    np.testing.assert_allclose(np.c_[W_out, bias], offline.params["out"].W_out, rtol=1e-8)


def test_behind_a_reservoir_it_is_ridge_regression_on_states_and_a_one():
    reservoir = Input(name="u") >> Reservoir(units=30, input_scaling=0.3, name="r")
    states = ng.Model(reservoir, seed=2).run(X)
    z = np.c_[states, np.ones(len(X))]
    rows, zeros = np.r_[z, np.sqrt(1e-6) * np.eye(31)], np.zeros((31, 2))
    exact = z @ np.linalg.lstsq(rows, np.r_[T, zeros], rcond=None)[0]
    model = ng.Model(reservoir >> RLS(alpha=1e-6), seed=2)
    model.partial_fit(X, T)
    np.testing.assert_allclose(model.reset().run(X), exact, atol=1e-7)


def test_inputs_with_a_mean_of_3_leave_no_error_that_least_squares_does_not():
    model = ng.Model(RLS())
    model.partial_fit(X, T)
    z = np.c_[X, np.ones(len(X))]
    least = ((T - z @ np.linalg.lstsq(z, T, rcond=None)[0]) ** 2).mean()
    assert ((model.run(X) - T) ** 2).mean() == pytest.approx(least, rel=1e-9)


def test_its_output_is_the_prediction_made_before_the_update():
    model = ng.Model(RLS(name="out"))
    ys = model.partial_fit(X, T)
    other = ng.Model(RLS(name="out"))
    for t in range(20):
        expected = other.run(X[t : t + 1])[0] if t else np.zeros(2)
        np.testing.assert_allclose(ys[t], expected, rtol=1e-12)
        other.partial_fit(X[t : t + 1], T[t : t + 1])


def test_forgetting_follows_weights_that_change():
    x = RNG.normal(size=(2000, 2))
    t = np.r_[x[:1000] @ [[1.0], [0.0]], x[1000:] @ [[0.0], [1.0]]]
    errors = [
        np.abs(ng.Model(RLS(forgetting=f)).partial_fit(x, t) - t)[1500:].max() for f in (0.95, 1.0)
    ]
    assert errors[0] < 1e-6 < 0.1 < errors[1]


def test_given_weights_are_where_it_starts():
    model = ng.Model(RLS(W_out=[[1.0, 2.0]], bias=[0.5], name="out"))
    np.testing.assert_array_equal(model.run([[1.0, 1.0]]), [[3.5]])
    assert model.partial_fit([[1.0, 1.0]], [[0.0]])[0, 0] == 3.5
    np.testing.assert_allclose(model.run([[1.0, 1.0]]), 0, atol=1e-5)
    frozen = ng.Model(RLS(W_out=[[1.0, 2.0]], name="out")).freeze("out")
    np.testing.assert_array_equal(frozen.run([[1.0, 1.0]]), [[3.0]])


def test_single_precision_stays_and_sums_are_in_double():
    model = ng.Model(RLS(name="out"), dtype="float32")
    assert model.partial_fit(X.astype(np.float32), T.astype(np.float32)).dtype == np.float32
    double = ng.Model(RLS(name="out"))
    double.partial_fit(X, T)
    np.testing.assert_allclose(model.run(X), double.run(X), atol=2e-3)


def test_rows_without_target_are_predicted_but_teach_nothing():
    t = T.copy()
    t[::3, 1] = np.nan
    kept = np.arange(len(X)) % 3 != 0
    gaps, without = ng.Model(RLS(name="out")), ng.Model(RLS(name="out"))
    ys = gaps.partial_fit(X, t)
    np.testing.assert_array_equal(ys[kept], without.partial_fit(X[kept], T[kept]))
    assert np.isfinite(ys).all()
    np.testing.assert_array_equal(gaps.params["out"].W_out, without.params["out"].W_out)


def test_it_has_to_learn_before_it_runs():
    with pytest.raises(NotFittedError, match="rls has not learned"):
        ng.Model(RLS(units=2)).run(X)


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"alpha": 0.0}, "alpha: should be greater than 0"),
        ({"forgetting": 0.0}, "forgetting: should be greater than 0"),
        ({"forgetting": 1.5}, "forgetting: should be at most 1"),
        ({"alpha": "a"}, "alpha: should be a number"),
    ],
)
def test_fields_that_cannot_be_are_refused(fields, message):
    with pytest.raises(FieldError, match=message):
        RLS(**fields)


def four_sines(n):
    t = np.arange(n)[:, None]
    waves = np.sin(t * np.pi * np.array([0.02, 0.04, 0.06, 0.08]))
    return waves @ [[1], [1 / 2], [1 / 6], [1 / 3]] / 1.5


@pytest.mark.parametrize("k", [1, 2, 5])
def test_by_force_a_sum_of_four_sines_runs_alone_afterwards(k):
    reservoir = Reservoir(units=300, leak_rate=0.3, spectral_radius=1.4, bias_scaling=0.1, name="r")
    readout = RLS(alpha=0.1, learn_every=k, name="out")
    model = ng.Model((reservoir >> readout) & (reservoir << readout), seed=1)
    target = four_sines(6000)
    model.partial_fit(y=target[:4000])
    alone = model.run(steps=2000)
    assert np.sqrt(((alone - target[4000:]) ** 2).mean() / target.var()) < 0.12


@pytest.mark.parametrize("k", [1, 3])
def test_in_a_loop_it_learns_the_bits_that_it_learns_in_python(k):
    def weights(engine):
        r = Reservoir(units=20, input_scaling=0.1, feedback_scaling=0.1, name="r")
        out = RLS(alpha=1.0, learn_every=k, name="out")
        model = ng.Model((Input() >> r >> out) & (r << out), seed=1)
        t = np.where(RNG_ROWS, np.nan, T[:, :1])
        model.partial_fit(X[:150], t[:150], engine=engine)
        model.partial_fit(X[150:], t[150:], engine=engine)
        return model.params["out"].W_out, model._settle().slots["out"].memory.P

    for one, other in zip(weights(None), weights(Recorder()), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("fields", [{}, {"forgetting": 0.999}])
def test_inputs_in_volts_that_teach_it_nothing_are_told(fields):
    x = 1e-6 * RNG.normal(size=(400, 2))
    y = x[:, :1] - 2 * x[:, 1:]
    with pytest.warns(DataWarning, match=r"spread of 1e-06, .* put a Scaler in front"):
        ng.Model(RLS(**fields)).partial_fit(x, y)
    ng.Model(RLS(**fields)).partial_fit(1e6 * x, y)  # warnings are errors here
    ng.Model(RLS(**fields)).partial_fit(0 * x, y)
