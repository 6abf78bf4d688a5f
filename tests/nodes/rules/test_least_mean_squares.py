import numpy as np
import pytest

from nodegraph.engines.compiled.traced_updates import course
from nodegraph.errors import FieldError
from nodegraph.rule import Lesson, Seen
from nodegraph.testing import check_rule, run_node, teach
from nodes import LMS
from nodes.rules import LeastMeanSquares


@pytest.mark.parametrize(
    "fields", [{}, {"rate": 0.1, "fit_bias": False}, {"normalized": True, "rate": 0.5}]
)
def test_it_keeps_the_contract(fields):
    check_rule(LeastMeanSquares(**fields), LMS(), n_out=2)


def test_one_step_goes_along_error_times_input():
    params = LMS.Params(np.array([[1.0, 2.0]]), np.array([3.0]))
    seen = Seen(np.array([4.0, 5.0]), np.array([17.0]), (), np.array([18.0]))
    after, _ = LeastMeanSquares(rate=0.5).update(params, (), seen)
    np.testing.assert_array_equal(after.W_out, [[3.0, 4.5]])
    np.testing.assert_array_equal(after.bias, [3.5])


def test_a_step_is_down_the_gradient_of_half_the_squared_error():
    rng = np.random.default_rng(0)
    params = LMS.Params(rng.normal(size=(2, 3)), rng.normal(size=2))
    x, t, rate, h = rng.normal(size=3), rng.normal(size=2), 0.01, 1e-6

    def loss(W, b):
        return 0.5 * ((t - W @ x - b) ** 2).sum()

    seen = Seen(x, params.W_out @ x + params.bias, (), t)
    after, _ = LeastMeanSquares(rate=rate).update(params, (), seen)
    for index in np.ndindex(2, 3):
        up = params.W_out.copy()
        up[index] += h
        slope = (loss(up, params.bias) - loss(*params)) / h
        assert (after.W_out - params.W_out)[index] == pytest.approx(-rate * slope, abs=1e-6)


@pytest.mark.parametrize("rate, grows", [(0.95, False), (1.05, True)])
def test_it_is_stable_below_twice_the_inverse_of_the_largest_eigenvalue(rate, grows):
    x = np.array([1.0, 1.0])  # the only eigenvalue of x x' is 2: stable below rate 1
    params, rule = LMS.Params(np.ones((1, 2)), np.zeros(1)), LeastMeanSquares(rate=rate)
    rule = rule.model_copy(update={"fit_bias": False})
    for _ in range(100):
        params, _ = rule.update(params, (), Seen(x, params.W_out @ x, (), np.zeros(1)))
    assert (np.abs(params.W_out).max() > 1) == grows


def plain(xs, ts, rate, fit_bias):
    """Return predictions, weights and bias by the equations, in numpy."""
    W, bias, ys = np.zeros((ts.shape[1], xs.shape[1])), np.zeros(ts.shape[1]), []
    for x, t in zip(xs, ts, strict=True):
        ys.append(W @ x + bias)
        if not np.isnan(t).any():
            step = rate * (t - ys[-1])
            W, bias = W + np.outer(step, x), bias + step * fit_bias
    return np.array(ys), W, bias


def learned(rule, xs, ts, cuts=()):
    """Return predictions, weights and bias, learned in chunks."""
    params = LMS.Params(np.zeros((ts.shape[1], xs.shape[1]), xs.dtype), np.zeros_like(ts[0]))
    taught, ys = course(rule, LMS()), []
    for chunk, targets in zip(np.split(xs, cuts), np.split(ts, cuts), strict=True):
        known = np.isfinite(targets).all(axis=1)
        found = taught.learn(params, (), (), Lesson({"x": chunk}, targets, known))
        params = found.params
        ys.append(found.ys)
    return np.concatenate(ys), *params


@pytest.mark.parametrize("fit_bias", [True, False])
@pytest.mark.parametrize(("n", "m"), [(1, 2), (6, 2), (33, 1), (33, 40)])
def test_it_follows_its_equations_and_learns_nothing_without_a_target(n, m, fit_bias):
    rng = np.random.default_rng(n)
    xs, ts = rng.normal(1, 1, (40, n)), rng.normal(size=(40, m))
    ts[7, 0] = np.nan
    found = learned(LeastMeanSquares(rate=0.003, fit_bias=fit_bias), xs, ts)
    for mine, expected in zip(found, plain(xs, ts, 0.003, fit_bias), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("fields", [{"rate": 0.01}, {"rate": 0.5, "normalized": True}])
@pytest.mark.parametrize(("n", "m"), [(5, 2), (9, 2), (70, 3), (3, 40)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_chunks_single_steps_and_plain_updates_learn_the_same_bits(n, m, dtype, fields):
    rng = np.random.default_rng(n)
    xs, ts = rng.normal(size=(30, n)).astype(dtype), rng.normal(size=(30, m)).astype(dtype)
    rule, node = LeastMeanSquares(**fields), LMS()
    whole = learned(rule, xs, ts)
    assert whole[0].dtype == whole[1].dtype == dtype
    params, ys = LMS.Params(np.zeros((m, n), dtype), np.zeros(m, dtype)), []
    for x, t in zip(xs, ts, strict=True):
        ys.append(node.step(params, (), x)[1])
        params, _ = rule.update(params, (), Seen(x, ys[-1], (), t))
    for parts in (learned(rule, xs, ts, [11]), learned(rule, xs, ts, range(1, 30)), (ys, *params)):
        for mine, theirs in zip(parts, whole, strict=True):
            np.testing.assert_array_equal(mine, theirs)
    ys = run_node(node, params, (), xs)[1]
    np.testing.assert_array_equal(ys[0], node.step(params, (), xs[0])[1])


@pytest.mark.parametrize("fit_bias", [True, False])
@pytest.mark.parametrize("factor", [0.01, 1.0, 100.0])
def test_normalised_it_follows_the_equation_at_any_scale_of_the_input(factor, fit_bias):
    rng = np.random.default_rng(1)
    xs, ts = factor * rng.normal(size=(200, 3)), rng.normal(size=(200, 2))
    rule = LeastMeanSquares(rate=0.7, normalized=True, fit_bias=fit_bias)
    node = LMS(rate=0.7, normalized=True, fit_bias=fit_bias)
    params = LMS.Params(np.zeros((2, 3)), np.zeros(2))
    lesson = Lesson({"x": xs}, ts, np.ones(200, bool))
    after = teach(rule, node, params, (), (), lesson)
    W, b = np.zeros((2, 3)), np.zeros(2)
    for x, t, y in zip(xs, ts, after.ys, strict=True):
        np.testing.assert_allclose(y, W @ x + b, rtol=1e-9, atol=1e-12)
        step = 0.7 * (t - W @ x - b) / (1e-8 + x @ x + fit_bias)
        W, b = W + np.outer(step, x), b + fit_bias * step
    np.testing.assert_allclose(after.params.W_out, W, rtol=1e-9)
    np.testing.assert_allclose(after.params.bias, b, rtol=1e-9)


def test_normalised_with_a_rate_of_1_an_error_is_made_up_for_in_one_step():
    x, t = np.array([30.0, -40.0]), np.array([7.0])
    params = LMS.Params(np.ones((1, 2)), np.zeros(1))
    rule = LeastMeanSquares(rate=1.0, normalized=True)
    after, _ = rule.update(params, (), Seen(x, params.W_out @ x, (), t))
    np.testing.assert_allclose(after.W_out @ x + after.bias, t, rtol=1e-9)


@pytest.mark.parametrize("factor", [1.0, 100.0, 1e4])
@pytest.mark.parametrize("rate", [0.1, 1.0, 1.95])
def test_normalised_no_scale_of_the_input_makes_it_diverge(rate, factor):
    rng = np.random.default_rng(2)
    xs = factor * rng.normal(size=(4000, 5))
    ts = xs @ rng.normal(size=(5, 1)) / factor
    rule = LeastMeanSquares(rate=rate, normalized=True, fit_bias=False)
    params = LMS.Params(np.zeros((1, 5)), np.zeros(1))
    lesson = Lesson({"x": xs}, ts, np.ones(4000, bool))
    errors = teach(rule, LMS(), params, (), (), lesson).ys - ts
    assert np.abs(errors[-100:]).max() < 1e-6


@pytest.mark.parametrize("kind", [LMS, LeastMeanSquares])
def test_normalised_a_rate_that_cannot_be_stable_is_refused(kind):
    with pytest.raises(FieldError, match=r"rate should be below 2 if normalized.*got 2\.5"):
        kind(rate=2.5, normalized=True)
    with pytest.raises(FieldError, match="rate: should be greater than 0"):
        kind(rate=-0.1)
