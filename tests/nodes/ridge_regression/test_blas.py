import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.linalg.blas  # noqa: F401
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from nodegraph.host.numerics import lent_threads, using
from nodes.ridge_regression.blas import (
    PANEL,
    add_products,
    bounded_threads,
    call,
    check_order,
    product,
)

MODES = ["exact", "portable", "fast"]


def columns(rng, *shape):
    return np.asfortranarray(rng.normal(size=shape))


@settings(max_examples=20, deadline=None)
@given(
    m=st.integers(1, 9),
    n=st.integers(1, 40) | st.sampled_from([PANEL, PANEL + 1]),
    k=st.integers(0, 5),
    mode=st.sampled_from(MODES),
)
def test_sums_are_those_of_numpy(m, n, k, mode):
    rng = np.random.default_rng(m)
    left, right = rng.normal(size=(m, n)), rng.normal(size=(m, k))
    gram, cross = columns(rng, n, n), columns(rng, n, k)
    expected = np.triu(gram + left.T @ left), cross + left.T @ right
    with using(mode):
        add_products(left, right, gram, cross)
    np.testing.assert_allclose(np.triu(gram), expected[0], atol=1e-12)
    np.testing.assert_allclose(cross, expected[1], atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kinds", ["dd", "ff", "fd", "df"])
def test_products_have_the_precision_of_numpy(mode, kinds):
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(7, 5)).astype(kinds[0]), rng.normal(size=(5, 3)).astype(kinds[1])
    with using(mode):
        found = product(left, right)
    assert found.dtype == (left @ right).dtype
    eps = np.finfo(found.dtype).eps
    np.testing.assert_allclose(found, left.astype(float) @ right.astype(float), atol=20 * eps)


@pytest.mark.parametrize("n", [30, PANEL + 30])
def test_a_block_of_single_precision_is_summed_in_it_and_added_up_in_double(n):
    rng = np.random.default_rng(0)
    left, right = (rng.normal(size=(700, k)).astype(np.float32) for k in (n, 3))
    gram, cross = np.full((n, n), 1e9, order="F"), np.full((n, 3), 1e9, order="F")
    add_products(left, right, gram, cross)
    exact = left.T.astype(float) @ np.hstack([left, right]).astype(float)
    error = np.triu(gram) - np.triu(exact[:, :n] + 1e9), cross - exact[:, n:] - 1e9
    assert max(np.abs(part).max() for part in error) < 1e-6 * 700


def test_workers_get_the_bits_of_one():
    parts = [np.random.default_rng(i).normal(size=(257, 120)) for i in range(8)]

    def summed(part):
        total, none = np.zeros((120, 120), order="F"), np.zeros((120, 0), order="F")
        for _ in range(5):
            add_products(part, part[:, :0].copy(), total, none)
        return total

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(summed, parts))
    for part, total in zip(parts, found, strict=True):
        np.testing.assert_array_equal(total, summed(part))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_panels_that_threads_share_have_the_bits_of_one_thread(dtype):
    rng, n = np.random.default_rng(0), 3 * PANEL + 5
    left, right = (rng.normal(size=(40, k)).astype(dtype) for k in (n, 7))
    found = []
    for threads in (None, 3):
        gram, cross = np.zeros((n, n), order="F"), np.zeros((n, 7), order="F")
        with lent_threads(threads):
            add_products(left, right, gram, cross)
        found.append((np.triu(gram), cross))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_arrays_in_another_order_are_refused():
    none = np.zeros((4, 0)), np.zeros((3, 0), order="F")
    with pytest.raises(TypeError, match="column by column"):
        add_products(np.zeros((4, 3), order="F"), none[0], np.zeros((3, 3), order="F"), none[1])
    with pytest.raises(TypeError, match="column by column"):
        add_products(np.zeros((4, 3)), none[0], np.zeros((3, 3))[:, ::2], none[1])


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


def blas():
    return [
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    ]


@pytest.fixture(autouse=True)
def two_threads():
    with threadpool_limits(limits=2, user_api="blas"):
        yield


def test_blas_has_one_thread_inside_and_as_many_as_before_outside():
    before = blas()
    with bounded_threads(), bounded_threads():
        assert set(blas()) == {1}
    assert blas() == before


def test_an_error_inside_gives_the_threads_back():
    before = blas()
    with pytest.raises(KeyError), bounded_threads():
        raise KeyError
    assert blas() == before


def test_workers_that_overlap_neither_lift_the_limit_nor_leave_it_behind():
    before, entered, leave = blas(), threading.Event(), threading.Event()

    def first():
        with bounded_threads():
            entered.set()
            leave.wait(5)

    worker = threading.Thread(target=first)
    worker.start()
    entered.wait(5)
    with bounded_threads():
        leave.set()
        worker.join(5)
        assert set(blas()) == {1}
    assert blas() == before
