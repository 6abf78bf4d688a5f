import numpy as np
import pytest

from nodes.kernels.abreast import (
    FEW,
    MANY,
    abreast,
    add_multiples,
    add_products,
    apart,
    changed_products,
)
from nodes.kernels.compiling import kernel, read, types, write

RNG = np.random.default_rng(1)


@kernel(lambda f: types.void(read(f, 2), types.int64, types.int64, read(f, 2), write(f, 2)))
def _sum(A, start, step, X, Y):
    add_products(A, start, step, X, 1, len(X) - 1, Y, 2)


@kernel(lambda f: types.void(write(f, 2), read(f, 2), read(f, 2), read(f, 2)))
def _grow(Y, A, S, C):
    add_multiples(Y, 1, A, 2, len(A) - 2, S, 1, C)


@kernel(lambda f: types.void(write(f, 2), *(read(f, 2),) * 4, write(f, 2)))
def _change(Y, A, S, C, X, Z):
    start = 0
    for i in range(len(X)):
        changed_products(Y, start, A, S, i, C, X, i, Z)
        start += i + 1


@pytest.mark.parametrize("lanes", [FEW, MANY])
@pytest.mark.parametrize("n", [0, 1, 4, 7, 13])
def test_products_are_summed_lane_by_lane(lanes, n):
    A, X = RNG.standard_normal((40, lanes)), RNG.standard_normal((n + 1, lanes))
    Y = RNG.standard_normal((3, lanes))
    expected = Y.copy()
    expected[2] += (A[3 : 3 + 2 * n : 2] * X[1:]).sum(axis=0)
    _sum(np.dtype(float))(A, 3, 2, X, Y)
    np.testing.assert_allclose(Y, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("lanes", [FEW, MANY])
def test_multiples_are_added_and_grown_lane_by_lane(lanes):
    Y, A = RNG.standard_normal((2, 9, lanes))
    S, C = RNG.standard_normal((2, 2, lanes))
    expected = Y.copy()
    expected[1:8] = (Y[1:8] + A[2:] * S[1]) * C[0]
    _grow(np.dtype(float))(Y, A, S, C)
    np.testing.assert_array_equal(Y, expected)


@pytest.mark.parametrize("n", [1, 4, 7, 8])
def test_symmetric_matrices_are_changed_and_multiplied_by_in_one_go(n):
    i, j = np.tril_indices(n)
    A, S, X = RNG.standard_normal((3, n, MANY))
    C, Y, Z = RNG.standard_normal((1, MANY)), RNG.standard_normal((len(i), MANY)), np.empty_like(X)
    changed = (Y + A[j] * S[i]) * C
    whole = np.empty((n, n, MANY))
    whole[i, j] = whole[j, i] = changed
    _change(np.dtype(float))(Y, A, S, C, X, Z)
    np.testing.assert_array_equal(Y, changed)
    np.testing.assert_allclose(Z, np.einsum("ijk,jk->ik", whole, X), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("units", [1, 8, 11])
def test_what_is_put_abreast_comes_apart_again(units):
    array = RNG.standard_normal((units, 3, 2))
    packed = abreast(array, FEW)
    assert packed.shape == (-(-units // FEW), 6, FEW)
    np.testing.assert_array_equal(packed[0, 4, 0], array[0, 2, 0])
    np.testing.assert_array_equal(apart(packed, array.shape), array)
