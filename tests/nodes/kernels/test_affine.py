import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.errors import DataError
from nodes.kernels.affine import affine

PRECISIONS = [np.float32, np.float64]


def drawn(n_steps, n_in, n_out, dtype, seed=0):
    rng = np.random.default_rng(seed)
    xs = rng.normal(size=(n_steps, n_in)).astype(dtype)
    W = rng.normal(size=(n_out, n_in)).astype(dtype)
    return xs, W, rng.normal(size=n_out).astype(dtype)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("n_in", [1, 3, 4, 31, 127, 128, 129, 257])
def test_values_equal_the_product_in_numpy(n_in, dtype):
    xs, W, bias = drawn(5, n_in, 7, dtype)
    ys = affine(xs, W, bias)
    exact = xs.astype(float) @ W.T.astype(float) + bias
    assert (ys.dtype, ys.shape) == (dtype, (5, 7))
    np.testing.assert_allclose(ys, exact, atol=40 * np.finfo(dtype).eps * np.sqrt(n_in))


@settings(max_examples=40, deadline=None)
@given(
    n_steps=st.integers(0, 40) | st.just(131),
    cut=st.integers(0, 131),
    n_in=st.integers(1, 70),
    n_out=st.integers(1, 5) | st.just(258),
    dtype=st.sampled_from(PRECISIONS),
)
def test_rows_have_the_same_bits_alone_and_together(n_steps, cut, n_in, n_out, dtype):
    xs, W, bias = drawn(n_steps, n_in, n_out, dtype)
    whole = affine(xs, W, bias)
    parts = np.concatenate([affine(xs[:cut], W, bias), affine(xs[cut:], W, bias)])
    np.testing.assert_array_equal(parts, whole)
    for t in range(0, n_steps, 7):
        np.testing.assert_array_equal(affine(xs[t : t + 1], W, bias)[0], whole[t])


def test_bits_do_not_depend_on_memory_layout_or_on_being_read_only():
    xs, W, bias = drawn(6, 50, 3, np.float64)
    whole = affine(xs, W, bias)
    for array in (xs, W, bias):
        array.setflags(write=False)
    np.testing.assert_array_equal(affine(np.asfortranarray(xs), np.asfortranarray(W), bias), whole)


def test_a_nan_reaches_its_own_row_alone():
    xs, W, bias = drawn(4, 30, 3, np.float64)
    xs[2, 5] = np.nan
    assert np.isnan(affine(xs, W, bias)).any(axis=1).tolist() == [False, False, True, False]


@pytest.mark.parametrize("wrong", ["xs", "bias"])
def test_shapes_that_do_not_fit_are_refused(wrong):
    xs, W, bias = drawn(4, 30, 3, np.float64)
    args = {"xs": xs, "W": W, "bias": bias}
    args[wrong] = args[wrong][..., :-1]
    with pytest.raises(DataError, match=r"affine: .* fit"):
        affine(**args)
