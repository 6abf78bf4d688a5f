import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.compiling.kernels import by_four, kernel, spans
from nodegraph.errors import EngineError


@kernel("&x *y first stop factor")
def doubled(b, x, y, first, stop, factor):
    for j, width in spans(b, first, stop, (4, 1)):
        both = b.load(x.at(j), width) * b.number(2, width)
        with b.each(0, factor):
            b.store(b.load(y.at(j), width) + both, y.at(j))


@kernel("&x *y n")
def summed(b, x, y, n):
    (total,) = by_four(b, n, lambda k: [b.load(x.at(k))], [b.load(y)])
    b.store(total, y)


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(0, 20),
    first=st.integers(0, 20),
    times=st.integers(0, 3),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_spans_cover_what_they_are_told_once_and_nothing_else(n, first, times, dtype):
    x = np.arange(20).astype(dtype)
    x.setflags(write=False)
    y = np.ones(20, dtype)
    doubled(np.dtype(dtype))(x, y, first, n, times)
    inside = (np.arange(20) >= first) & (np.arange(20) < n)
    np.testing.assert_array_equal(y, np.where(inside, 1 + 2 * times * x, 1))


@pytest.mark.parametrize("n", [0, 1, 4, 7, 13])
def test_sums_are_of_four_terms_at_a_time(n):
    x, y = np.random.default_rng(n).normal(size=n).astype(np.float32), np.ones(1, np.float32)
    summed(np.dtype(np.float32))(x, y, n)
    total = np.float32(1)
    for k in range(0, n - n % 4, 4):
        total = total + ((x[k] + x[k + 1]) + (x[k + 2] + x[k + 3]))
    for k in range(n - n % 4, n):
        total = total + x[k]
    assert y[0] == total


@pytest.mark.parametrize("x", [np.ones(8, np.float32), np.ones(16)[::2]])
def test_arrays_that_it_would_misread_are_refused(x):
    y = np.zeros(8)
    with pytest.raises(EngineError, match="doubled: expected a C-contiguous array of float64"):
        doubled(np.dtype(float))(x, y, 0, 8, 1)
    assert not y.any()


def test_loops_run_beside_other_threads():
    x, y, seen = np.ones(8), np.zeros(8), []
    loop = doubled(np.dtype(float))
    worker = threading.Thread(target=loop, args=(x, y, 0, 8, 20_000_000))
    worker.start()
    while worker.is_alive():  # would wait for the end if the loop kept the lock of Python
        seen.append(float(y[0]))
    worker.join()
    assert y[0] == 40_000_000
    assert len(seen) > 1
