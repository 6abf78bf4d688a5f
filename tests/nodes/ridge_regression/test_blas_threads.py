import threading

import pytest
import scipy.linalg.blas  # noqa: F401
from threadpoolctl import threadpool_info, threadpool_limits

from nodes.ridge_regression.blas_threads import bounded_threads


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
