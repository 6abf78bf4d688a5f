import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nodes.parts.feature_maps import features, weights, width

ROWS = np.random.default_rng(0).standard_normal((5, 3))
vectors = arrays(float, 3, elements=st.floats(-10, 10))


@pytest.mark.parametrize("name", ["identity", "elu", "based", "rebased", "hedgehog"])
def test_many_vectors_are_mapped_as_one_is(name):
    of = weights(name, 3)
    found = features(name, of, ROWS)
    assert found.shape == (5, width(name, 3))
    np.testing.assert_allclose(found, [features(name, of, row) for row in ROWS], rtol=1e-12)
    np.testing.assert_allclose(found, features(name, None, ROWS), rtol=1e-12)


@given(vectors, vectors)
def test_based_is_the_taylor_series_of_the_exponential(q, k):
    s = q @ k
    found = features("based", None, q) @ features("based", None, k)
    np.testing.assert_allclose(found, 1 + s + s * s / 2, rtol=1e-9, atol=1e-9)


@given(vectors)
def test_elu_is_above_zero_and_rises(x):
    found = features("elu", None, x)
    assert (found > 0).all() and (features("elu", None, x + 1) >= found).all()


def test_rows_of_hedgehog_make_the_kernel_of_softmax_on_average():
    """Keys of one length: E cosh(w . (q + k)) = exp(|q + k|^2 / 2) for normal w."""
    rng, d = np.random.default_rng(1), 2
    of = weights("hedgehog", d, rng, 200_000)
    q, k = np.array([0.6, 0.8]), np.array([1.0, 0.0])
    found = features("hedgehog", of, q) @ features("hedgehog", of, k) / (2 * len(of.b))
    assert found == pytest.approx(np.exp((q + k) @ (q + k) / 2 / np.sqrt(d)), rel=0.02)
