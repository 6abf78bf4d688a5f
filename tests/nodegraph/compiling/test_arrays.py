"""Symbolic arrays: views that follow writes, masks, and what a trace knows of constants."""

import numpy as np
import pytest
from stepping import compiled, traced

from nodegraph.compiling.arrays import symbol
from nodegraph.compiling.ir import Trace, TraceError

A = np.array([[0.5, -1.5, 2.0], [7.0, 0.25, -3.0]])
KEPT = {}


def rows_change_the_whole(a):
    b = a.copy()
    row = b[1]
    row += 1
    b[0] = row
    row[2] = 9
    return b + row


def the_whole_changes_rows(a):
    b = a.copy()
    row, turned, flat = b[1], b.T, b.reshape(-1)
    b[:, 1] *= 2
    b[1, 0] = 5
    return row + turned[:, 0] + flat[3]


def masks_change_and_count(a):
    b = a.copy()
    b[b < 0] *= -1
    b[a > 1] = 1
    b[a > 6] += b[a > 6] * 2
    row = b[0]
    row[row > 0.75] = 0.75
    return b * b[b > 0.5].sum() + b[b > 0.5].max() - a[a > 0].mean() + a[a < 0].min()


def places_in_order_are_a_copy(a):
    b = a.copy()
    rows, diagonal = b[np.arange(2)], b[np.arange(2), np.arange(2)]
    b[np.arange(2), (a[:, 0] > 1).astype(int)] = 9
    return rows + diagonal[:, None] - 2 * b


def known_masks_have_a_length(a):
    b = a.copy()
    b[:, np.array([True, False, True])] = 4.0
    return np.concatenate([a[:, np.array([True, False, True])], b], axis=1)


def constants_are_taken_as_they_are_then(a):
    gain = np.ones(3)
    b = a * gain
    gain[1] = 5.0
    return b + a * gain


@pytest.mark.parametrize(
    "function",
    [rows_change_the_whole, the_whole_changes_rows, masks_change_and_count,
     known_masks_have_a_length, places_in_order_are_a_copy,
     constants_are_taken_as_they_are_then],
)  # fmt: skip
def test_writes_are_seen_where_numpy_shows_them(function):
    np.testing.assert_allclose(compiled({"": function}, A)[""], function(A), rtol=1e-15)


@pytest.mark.parametrize(
    "function, cure",
    [
        (lambda a: np.add(a, 1, out=a), "write into a copy"),
        (lambda a: a.T.__setitem__(0, 1), "write into a copy"),
        (lambda a: np.sqrt(a[a > 0]) @ np.ones(3), "where(mask, a, b)"),
        (lambda a: a[a > 0] + a[a < 0], "where(mask, a, b)"),
        (lambda a: a[0][a[0] > 0].argmax(), "where(mask, a, b)"),
        (lambda a: a[(a > 0).any(axis=1)], "where(mask, a, b)"),
    ],
)
def test_what_cannot_be_written_says_what_to_write(function, cure):
    assert cure in traced(function, A)


def test_a_large_constant_is_kept_once():
    large = np.random.default_rng(0).standard_normal((300, 300))
    with Trace() as trace:
        x = symbol(trace, "x", (300,), float)
        for _ in range(5):
            x = large @ x + large.copy() @ x
    assert [a.shape for a in trace.arrays] == [(300, 300)]


def test_an_array_of_another_trace_is_refused():
    with Trace() as trace:
        KEPT["x"] = symbol(trace, "x", (3,), float)
    with pytest.raises(TraceError, match="kept outside of the step"), Trace() as trace:
        symbol(trace, "x", (3,), float) + KEPT["x"]
    with pytest.raises(TraceError, match="kept outside of the step"):
        KEPT["x"] + 1.0


def test_another_trace_that_differs_is_refused():
    def write(trace, number):
        return symbol(trace, "x", (3,), float) * number

    with Trace() as first:
        write(first, 2.0)
    with Trace(like=first.signature()) as again:
        write(again, 2.0)
    assert again.signature() == first.signature()
    with pytest.raises(TraceError, match="other numbers each time"):
        with Trace(like=first.signature()) as again:
            write(again, 3.0)
