"""Sums and products so far have the order, and so the bits, of numpy's."""

import numpy as np
import pytest

DTYPES = {"f8": np.float64, "f4": np.float32, "i8": np.int64}


@pytest.mark.parametrize("m", [1, 4, 7])
@pytest.mark.parametrize("code", DTYPES)
def test_columns_side_by_side_are_numpys_cumsum(call, code, m):
    A = (10 * np.random.default_rng(m).standard_normal((m, 9))).astype(DTYPES[code])
    for name, function in (("add", np.cumsum), ("multiply", np.cumprod)):
        down, along = np.zeros_like(A), np.zeros(A.T.shape, A.dtype)
        call(f"scan{name}_{code}", A, 1, 9, down, 1, 9, 9, m)
        np.testing.assert_array_equal(down, function(A, axis=1))
        call(f"scan{name}_{code}", np.ascontiguousarray(A.T), m, 1, along, m, 1, 9, m)
        np.testing.assert_array_equal(along, function(A.T, axis=0))
