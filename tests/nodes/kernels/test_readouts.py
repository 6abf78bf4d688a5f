import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.errors import DataError
from nodes.kernels import rls_chunk

PRECISIONS = [np.float32, np.float64]


class Readout:
    """Data with a mean of 3, and a readout that has learned nothing."""

    def __init__(self, n_steps=40, n=6, m=2, dtype=np.float64, fit_bias=True, alpha=0.5):
        rng = np.random.default_rng(n)
        self.xs = rng.normal(3, 1, (n_steps, n)).astype(dtype)
        noise = rng.normal(size=(n_steps, m))
        self.targets = (self.xs @ rng.normal(size=(n, m)) - 4 + noise).astype(dtype)
        self.W_out, self.bias = np.zeros((m, n), dtype), np.zeros(m, dtype)
        self.P = np.eye(n + fit_bias) / alpha
        self.fit_bias = fit_bias

    def learned(self):
        return self.W_out, self.bias, self.P

    def rls(self, rows=slice(None), forgetting=1.0):
        return rls_chunk(self.xs[rows], self.targets[rows], *self.learned(), forgetting)


def plain_rls(r, forgetting):
    n = r.xs.shape[1]
    W = np.zeros((len(r.bias), len(r.P)))
    P, ys = r.P.copy(), []
    for x, target in zip(r.xs, r.targets, strict=True):
        z = np.append(x, 1.0)[: len(P)]
        ys.append(W @ z)
        if np.isnan(target).any():
            continue
        k = P @ z / (forgetting + z @ P @ z)
        W += np.outer(target - ys[-1], k)
        P = (P - np.outer(k, P @ z)) / forgetting
    return np.array(ys), W[:, :n], W[:, n:].sum(axis=1), P


@pytest.mark.parametrize("forgetting", [1.0, 0.98])
@pytest.mark.parametrize("fit_bias", [True, False])
@pytest.mark.parametrize("n", [1, 6, 33])
def test_rls_follows_its_equations(n, fit_bias, forgetting):
    r = Readout(n=n, fit_bias=fit_bias)
    ys, W, bias, P = plain_rls(r, forgetting)
    np.testing.assert_allclose(r.rls(forgetting=forgetting), ys, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(r.W_out, W, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(r.bias, bias, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(r.P, P, rtol=1e-8, atol=1e-8)


def test_rls_without_forgetting_is_ridge_regression_with_a_column_of_ones():
    r = Readout(n_steps=200, alpha=0.5)
    r.rls()
    Z = np.column_stack([r.xs, np.ones(200)])
    ridge = np.linalg.solve(Z.T @ Z + 0.5 * np.eye(7), Z.T @ r.targets).T
    np.testing.assert_allclose(np.column_stack([r.W_out, r.bias]), ridge, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("learn", [Readout.rls])
@settings(max_examples=25, deadline=None)
@given(
    cut=st.integers(0, 40),
    n=st.integers(1, 40),
    fit_bias=st.booleans(),
    dtype=st.sampled_from(PRECISIONS),
)
def test_chunks_and_single_steps_learn_the_bits_of_the_whole(learn, cut, n, fit_bias, dtype):
    whole, halves, steps = (Readout(n=n, fit_bias=fit_bias, dtype=dtype) for _ in range(3))
    ys = learn(whole)
    assert ys.dtype == dtype
    cuts = [slice(cut), slice(cut, None)], [slice(t, t + 1) for t in range(40)]
    for parts, r in zip(cuts, (halves, steps), strict=True):
        np.testing.assert_array_equal(np.concatenate([learn(r, rows) for rows in parts]), ys)
        for mine, theirs in zip(r.learned(), whole.learned(), strict=True):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("n", [3, 50])
def test_the_correlation_matrix_stays_symmetric_to_the_last_bit(n):
    r = Readout(n_steps=100, n=n)
    r.rls(forgetting=0.97)
    np.testing.assert_array_equal(r.P, r.P.T)


@pytest.mark.parametrize("learn", [Readout.rls])
def test_a_row_with_a_missing_target_is_predicted_but_not_learned_from(learn):
    r, without = Readout(), Readout()
    r.targets[7, 1] = np.nan
    kept = np.arange(40) != 7
    ys = learn(r)
    assert np.isfinite(ys).all()
    np.testing.assert_array_equal(ys[kept], learn(without, kept))
    np.testing.assert_array_equal(r.W_out, without.W_out)


def test_rls_in_single_precision_keeps_its_statistics_in_double():
    single, double = Readout(n_steps=400, dtype=np.float32), Readout(n_steps=400)
    single.rls()
    double.xs, double.targets = single.xs.astype(float), single.targets.astype(float)
    double.rls()
    assert single.W_out.dtype == np.float32
    np.testing.assert_allclose(single.P, double.P, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(single.W_out, double.W_out, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("learn", [Readout.rls])
@pytest.mark.parametrize("wrong", ["xs", "targets", "W_out", "bias"])
def test_shapes_that_do_not_fit_are_refused(learn, wrong):
    r = Readout()
    setattr(r, wrong, np.ascontiguousarray(getattr(r, wrong)[:-1]))
    with pytest.raises(DataError, match=r"readout: .* fit"):
        learn(r)


def test_a_correlation_matrix_of_another_size_is_refused():
    r = Readout()
    r.P = np.eye(5)
    with pytest.raises(DataError, match="rls: P does not fit"):
        r.rls()
