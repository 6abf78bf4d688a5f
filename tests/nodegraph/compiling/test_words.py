"""Words of `nodegraph.maths` on plain arrays: numpy's numbers, whatever kind of number is given."""

import numpy as np
import pytest

from nodegraph import maths

X = np.array([0.5, 2.0, 3.0])


@pytest.mark.parametrize("kind", [float, np.float64, np.array, np.float32])
def test_each_number_counts_though_its_kind_was_met_before(kind):
    for exponent in (1.5, 2.0, -0.25, 3.5):
        np.testing.assert_allclose(maths.power(X, kind(exponent)), X**exponent, rtol=1e-14)


def test_a_number_that_a_word_returned_is_an_operand_of_the_next():
    for x in (0.3, 1.7):
        exponent = 1 + maths.softplus(np.float64(x))
        expected = X ** (1 + np.log1p(np.exp(x)))
        np.testing.assert_allclose(maths.power(X, exponent), expected, rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_of_python_keep_the_precision_of_arrays(dtype):
    assert maths.power(X.astype(dtype), 2).dtype == dtype
    assert maths.power(X.astype(dtype), 2.5).dtype == dtype
    assert maths.power(X.astype(dtype), np.float64(2.5)).dtype == np.float64


@pytest.mark.parametrize("how", ["cij,cj->ci", "cij,ci->cj", "cj,cjm->cm"])
def test_einsum_is_that_of_numpy(how):
    rng, sizes = np.random.default_rng(0), {"c": 4, "i": 3, "j": 5, "m": 2}
    parts = how.split("->")[0].split(",")
    a, b = (rng.standard_normal([sizes[axis] for axis in part]) for part in parts)
    np.testing.assert_allclose(maths.einsum(how, a, b), np.einsum(how, a, b), rtol=1e-13)
