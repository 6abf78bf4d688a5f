import numpy as np
import pytest
import scipy.sparse

from nodegraph.compiling.cache_lines import (
    LINE,
    address,
    copy_at_line,
    empty_at_line,
    zeros_at_line,
)
from nodegraph.compiling.layout import laid
from nodegraph.compiling.sparse import sliced

SHAPES = [(), (7,), (3, 5), (2, 3, 500), (100_000,)]


def begin(array):
    return address(array) % LINE


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "u4", "u1", ">f4"])
@pytest.mark.parametrize("shape", SHAPES)
def test_arrays_begin_at_a_line_of_the_cache(shape, dtype):
    made = [make(shape, dtype) for make in (empty_at_line, zeros_at_line) for _ in range(9)]
    assert {(begin(a), a.shape, a.dtype.str) for a in made} == {(0, shape, np.dtype(dtype).str)}
    assert all(a.flags.c_contiguous and a.flags.writeable and not a.any() for a in made[9:])


@pytest.mark.parametrize("shape", SHAPES)
def test_a_copy_holds_the_same_and_is_another_one(shape):
    array = np.random.default_rng(0).standard_normal(shape)
    copies = [copy_at_line(array) for _ in range(9)]
    for copy in copies:
        np.testing.assert_array_equal(copy, array)
        assert begin(copy) == 0 and not np.may_share_memory(copy, array)


def test_weights_lie_at_a_line_whether_columns_or_sparse():
    rng = np.random.default_rng(0)
    turned = [laid(rng.standard_normal((n, n)), (0, 1), "f8") for n in range(30, 40)]
    W = scipy.sparse.random_array((50, 50), density=0.2, rng=rng, format="csr")
    parts = [sliced(W)[name] for name in ("data", "places") for _ in range(9)]
    assert {begin(array) for array in turned + parts} == {0}


def test_rows_that_lie_as_the_code_wants_them_are_not_copied():
    array = np.random.default_rng(0).standard_normal((30, 40))
    assert laid(array, (1, 0), "f8") is not array
    assert np.may_share_memory(laid(array, (1, 0), "f8"), array)
    np.testing.assert_array_equal(laid(array, (0, 1), "f8"), array.T)
