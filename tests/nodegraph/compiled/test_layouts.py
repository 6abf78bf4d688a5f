"""Arrays laid down as numbers are found again by compiled steps."""

import ctypes

import numpy as np
import pytest

from nodegraph.compiled import inner, kernel, placed, signature, step, taken

LAYOUT = "i2 d3! b1 i1! f2< f2>"


def shift(places, W, rows, steps, xs, ys):
    for t in range(len(xs)):
        for j in range(xs.shape[1]):
            ys[t, j] = xs[t, j] * W[1, 0, places[0, j]] + steps[0] + t
        if rows[t]:
            W[1, 2, 0] += 1.0
    steps[0] += len(xs)


one = inner(shift)
chunk = kernel(signature(LAYOUT))(shift)


@step
def shift_step(args, io, like):
    one(*taken(args, io, LAYOUT, like))


def made(dtype):
    W = np.arange(24.0).reshape(2, 3, 4)
    return np.array([[3, 0, 2]]), W, np.ones(1, bool), np.array([7]), dtype.type([[1, 2, 3]])


@pytest.mark.parametrize("dtype", [np.dtype(np.float64), np.dtype(np.float32)])
def test_a_step_does_to_its_row_what_the_loop_does_to_a_chunk(dtype):
    *arrays, xs = made(dtype)
    expected = np.zeros((1, 3), dtype)
    chunk(dtype)(*arrays, xs, expected)
    np.testing.assert_array_equal(expected, [[15 + 7, 2 * 12 + 7, 3 * 14 + 7]])

    *again, xs = made(dtype)
    row, ys = np.ascontiguousarray(xs), np.zeros((1, 3), dtype)
    table = placed((*again, np.empty((1, 3), dtype), np.empty((1, 3), dtype)))
    numbers = [part.ctypes.data if isinstance(part, np.ndarray) else part for part in table]
    args, io = np.array(numbers), np.array([ys.ctypes.data, row.ctypes.data])
    number = ctypes.c_double if dtype.itemsize == 8 else ctypes.c_float
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, number)(shift_step(dtype))
    call(args.ctypes.data, io.ctypes.data, 0.0)
    np.testing.assert_array_equal(ys, expected)
    for found, wanted in zip(again, arrays, strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert again[3] == 8 and again[1][1, 2, 0] == 21
