import numpy as np
import pytest

from nodes.ridge_regression.fortran import call, check_order


def test_a_routine_reads_numbers_and_letters_and_writes_arrays():
    rows, total = np.arange(6.0).reshape(3, 2), np.ones((2, 2), order="F")
    call("blas", "dsyrk", b"U", b"N", 2, 3, 2.0, rows, 2, 1.0, total, 2)
    np.testing.assert_array_equal(np.triu(total), np.triu(1 + 2 * rows.T @ rows))
    assert total[1, 0] == 1


def test_lapack_says_what_it_could_not_do():
    factor, failed = np.asfortranarray([[-1.0]]), np.zeros(1, np.intc)
    call("lapack", "dpotrf", b"U", 1, factor, 1, failed)
    assert failed[0] == 1


@pytest.mark.parametrize("array", [np.zeros(3, np.float32), np.zeros((3, 2), order="F")])
def test_what_would_be_misread_is_refused(array):
    check_order(np.zeros((3, 2)))
    with pytest.raises(TypeError, match="float64 and C-contiguous"):
        check_order(np.zeros(3), array)
