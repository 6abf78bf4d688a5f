from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.rule import Lesson, Seen
from nodegraph.testing import check_rule, teach
from nodegraph.testing.comparing import same_trees
from nodes import RLS
from nodes.rules import RecursiveLeastSquares

RNG = np.random.default_rng(5)


class Weights(NamedTuple):
    W_out: Any
    bias: Any


def whole(memory):
    """Return P as a matrix, with the change that it waits for."""
    q = len(memory.along)
    P = np.zeros((q, q))
    P[np.tril_indices(q)] = memory.P
    P += np.tril(P, -1).T
    return (P + memory.scale * np.outer(memory.along, memory.along)) * memory.growth


def folded(rule, xs, ts):
    """Fold the node's step and `update` over the rows; return params, memory and predictions."""
    params = Weights(np.zeros((ts.shape[1], xs.shape[1]), xs.dtype), np.zeros_like(ts[0]))
    node, memory, ys = RLS(), rule.begin(params), []
    for x, t in zip(xs, ts, strict=True):
        ys.append(node.step(params, (), x)[1])
        params, memory = rule.update(params, memory, Seen(x, ys[-1], (), t))
    return params, memory, np.array(ys)


def followed(rule, xs, ts):
    """Return the weights [W_out, bias] and P after `update` of each row."""
    params, memory, _ = folded(rule, xs, ts)
    return np.c_[params.W_out, params.bias], whole(memory)


def plain(rule, xs, ts):
    """Return predictions, the weights [W_out, bias] and P by the equations, in numpy."""
    n, q = xs.shape[1], xs.shape[1] + rule.fit_bias
    W, P, ys = np.zeros((ts.shape[1], n + 1)), np.eye(q) / rule.alpha, []
    for x, t in zip(xs, ts, strict=True):
        z = np.append(x, 1.0)[:q]
        ys.append(W[:, :q] @ z)
        if np.isnan(t).any():
            continue
        k = P @ z / (rule.forgetting + z @ P @ z)
        W[:, :q] += np.outer(t - ys[-1], k)
        P = (P - np.outer(k, P @ z)) / rule.forgetting
    return np.array(ys), W, P


def learned(rule, xs, ts, chunk=None):
    node, state = RLS(), ()
    params = RLS.Params(np.zeros((ts.shape[1], xs.shape[1]), xs.dtype), np.zeros_like(ts[0]))
    memory, ys = rule.begin(params), []
    for start in range(0, len(xs), chunk or len(xs)):
        rows = slice(start, start + (chunk or len(xs)))
        known = np.isfinite(ts[rows]).all(axis=1)
        lesson = Lesson({"x": xs[rows]}, ts[rows], known)
        params, state, memory, y = teach(rule, node, params, state, memory, lesson)
        ys.append(y)
    return params, memory, np.concatenate(ys)


@pytest.mark.parametrize(
    "fields", [{}, {"forgetting": 0.9, "alpha": 0.1}, {"fit_bias": False}, {"learn_every": 3}]
)
def test_it_keeps_the_contract(fields):
    check_rule(RecursiveLeastSquares(**fields), RLS(), n_out=2)


@pytest.mark.parametrize("forgetting", [1.0, 0.98])
@pytest.mark.parametrize("fit_bias", [True, False])
@pytest.mark.parametrize("n", [1, 6, 33])
def test_it_follows_its_equations_and_learns_nothing_without_a_target(n, fit_bias, forgetting):
    rng = np.random.default_rng(n)
    xs, ts = rng.normal(3, 1, (40, n)), rng.normal(size=(40, 2))
    ts[7, 1] = np.nan
    rule = RecursiveLeastSquares(alpha=0.5, forgetting=forgetting, fit_bias=fit_bias)
    params, memory, ys = learned(rule, xs, ts)
    found = ys, np.c_[params.W_out, params.bias], whole(memory)
    for mine, expected in zip(found, plain(rule, xs, ts), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("fields", [{}, {"forgetting": 0.97}, {"learn_every": 2}])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (9, 2), (40, 3), (3, 20)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_chunks_single_steps_and_plain_updates_learn_the_same_bits(n, m, dtype, fields):
    rng = np.random.default_rng(n)
    xs, ts = rng.normal(3, 1, (30, n)).astype(dtype), rng.normal(size=(30, m)).astype(dtype)
    rule = RecursiveLeastSquares(alpha=0.5, **fields)
    once = learned(rule, xs, ts)
    assert once[2].dtype == once[0].W_out.dtype == dtype
    params, memory, ys = folded(rule, xs, ts)
    same_trees((*params, *memory, ys), (*once[0], *once[1], once[2]), "plain updates differ")
    for chunk in (1, 7):
        same_trees(learned(rule, xs, ts, chunk), once, "chunks show")


def test_in_single_precision_its_statistics_are_in_double():
    xs, ts = RNG.normal(3, 1, (400, 6)).astype(np.float32), RNG.normal(size=(400, 2))
    rule = RecursiveLeastSquares(alpha=0.5)
    params, memory, _ = learned(rule, xs, ts.astype(np.float32))
    _, W, P = plain(rule, xs.astype(float), ts)
    np.testing.assert_allclose(whole(memory), P, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(np.c_[params.W_out, params.bias], W, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("forgetting", [1.0, 0.9])
def test_weights_minimise_the_faded_squares_of_all_errors(forgetting):
    xs, ts = RNG.normal(3, 1, (60, 3)), RNG.normal(size=(60, 2))
    W, P = followed(RecursiveLeastSquares(alpha=0.7, forgetting=forgetting), xs, ts)
    z, fading = np.c_[xs, np.ones(60)], forgetting ** np.arange(59, -1, -1)
    gram = (z.T * fading) @ z + 0.7 * forgetting**60 * np.eye(4)
    np.testing.assert_allclose(W, np.linalg.solve(gram, (z.T * fading) @ ts).T, rtol=1e-8)
    np.testing.assert_allclose(P, np.linalg.inv(gram), rtol=1e-8, atol=1e-12)


def test_a_bias_that_is_not_fitted_stays():
    xs, ts = RNG.normal(size=(30, 3)), RNG.normal(size=(30, 1)) + 5
    W, P = followed(RecursiveLeastSquares(alpha=0.7, fit_bias=False), xs, ts)
    assert W[0, 3] == 0 and P.shape == (3, 3)
    gram = xs.T @ xs + 0.7 * np.eye(3)
    np.testing.assert_allclose(W[:, :3], np.linalg.solve(gram, xs.T @ ts).T, rtol=1e-9)


def test_a_hundred_thousand_steps_leave_it_the_inverse_of_the_gram_matrix():
    xs = RNG.normal(3, 1, (100_000, 4))
    ts = xs @ [[1.0], [-2.0], [0.5], [0.0]] + 3 + RNG.normal(size=(100_000, 1))
    params, memory, _ = learned(RecursiveLeastSquares(alpha=1e-6), xs, ts)
    z = np.c_[xs, np.ones(len(xs))]
    gram = z.T @ z + 1e-6 * np.eye(5)
    np.testing.assert_allclose(whole(memory), np.linalg.inv(gram), rtol=1e-6)
    ridge = np.linalg.solve(gram, z.T @ ts)[:, 0]
    np.testing.assert_allclose(np.r_[params.W_out[0], params.bias], ridge, rtol=1e-7)
    assert np.linalg.eigvalsh(whole(memory))[0] > 0


@pytest.mark.parametrize("alpha", [1e-6, 1.0])
@pytest.mark.parametrize("silence", [0.0, 1.0])
def test_a_long_monotony_does_not_wind_it_up(alpha, silence):
    wake = slice(5200, 5700)
    xs = np.full((5700, 5), silence)
    xs[:200], xs[wake] = RNG.normal(size=(200, 5)), RNG.normal(size=(500, 5))
    true = xs @ np.arange(1.0, 6.0)[:, None]
    rule = RecursiveLeastSquares(alpha=alpha, forgetting=0.99)
    _, memory, ys = learned(rule, xs, true + 1e-3 * RNG.normal(size=true.shape))
    assert np.abs(ys - true)[wake].max() < 0.1  # unbounded, it is 26 here
    assert np.linalg.eigvalsh(whole(memory))[0] > 0


def test_p_never_passes_its_bound():
    xs, rule = np.ones((2000, 2)), RecursiveLeastSquares(alpha=0.5, forgetting=0.9)
    _, memory, _ = learned(rule, xs, xs[:, :1])
    assert 0.8 * 1000 < np.trace(whole(memory)) * 0.5 / 3 <= 1000


@settings(max_examples=20, deadline=None)
@given(chunk=st.integers(1, 400), forgetting=st.sampled_from([0.5, 0.97, 1.0]))
def test_chunks_change_no_bit_at_the_bound_either(chunk, forgetting):
    xs, ts = np.ones((400, 2)), np.random.default_rng(0).normal(size=(400, 1))
    xs[::90] = np.random.default_rng(1).normal(size=(5, 2))
    rule = RecursiveLeastSquares(alpha=0.5, forgetting=forgetting)
    same_trees(learned(rule, xs, ts, chunk), learned(rule, xs, ts), "chunks show")


@pytest.mark.parametrize("forgetting", [0.5, 0.97])
def test_the_compiled_loop_does_as_update_at_the_bound(forgetting):
    xs, ts = np.ones((600, 2)), RNG.normal(size=(600, 1))
    rule = RecursiveLeastSquares(alpha=0.5, forgetting=forgetting)
    once, plainly = learned(rule, xs, ts), folded(rule, xs, ts)
    same_trees([*map(tuple, once[:2]), once[2]], [*map(tuple, plainly[:2]), plainly[2]], "")


@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_of_every_three_lessons_the_first_is_learned_from(chunk):
    xs, ts = RNG.normal(size=(100, 3)), RNG.normal(size=(100, 2))
    params, memory, ys = learned(RecursiveLeastSquares(alpha=0.1, learn_every=3), xs, ts, chunk)
    W, P = followed(RecursiveLeastSquares(alpha=0.1), xs[::3], ts[::3])
    np.testing.assert_allclose(np.c_[params.W_out, params.bias], W, rtol=1e-9)
    np.testing.assert_allclose(whole(memory), P, rtol=1e-9, atol=1e-12)
    assert memory.lessons == 100
    before, _ = followed(RecursiveLeastSquares(alpha=0.1), xs[:97:3], ts[:97:3])
    np.testing.assert_allclose(ys[98], before @ np.append(xs[98], 1), rtol=1e-9)


def test_steps_without_a_target_are_no_lessons():
    xs, ts = RNG.normal(size=(60, 2)), RNG.normal(size=(60, 1))
    ts[::2] = np.nan
    rule, node = RecursiveLeastSquares(alpha=0.1, learn_every=2), RLS()
    params, known = node.init(RNG, 2, 1), ~np.isnan(ts[:, 0])
    lesson = Lesson({"x": xs}, ts, known)
    after = teach(rule, node, params, (), rule.begin(params), lesson)
    W, _ = followed(RecursiveLeastSquares(alpha=0.1), xs[known][::2], ts[known][::2])
    np.testing.assert_allclose(np.c_[after.params.W_out, after.params.bias], W, rtol=1e-9)
    assert after.memory.lessons == 30
