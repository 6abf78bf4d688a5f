import ctypes

import numpy as np
import pytest

from nodegraph.compiling import drivers

WIDTHS = [1, 7, 8, 9, 17]


class Loop:
    """Tables of a program, and the arrays that they point to."""

    def __init__(self):
        self.alive = []

    def __call__(self, nodes=(), ports=(), parts=(), data=()):
        tables = [self.at(np.array(t, np.int64)) for t in (nodes, ports, parts, data)]
        return self.at(np.array([*tables, len(nodes), len(data)], np.int64))

    def at(self, array):
        self.alive.append(array)
        return array.ctypes.data

    def step(self, do, dtype):
        number = ctypes.c_double if dtype == "f8" else ctypes.c_float
        kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int64), number)
        self.alive.append(kind(lambda _, io, __: do(io)))
        code = ctypes.cast(self.alive[-1], ctypes.c_void_p).value
        return self.at(np.array([code], np.int64))


def rows_at(address, n, dtype):
    number = ctypes.c_double if dtype == "f8" else ctypes.c_float
    return np.ctypeslib.as_array(ctypes.cast(address, ctypes.POINTER(number)), (n,))


@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("width", WIDTHS)
def test_data_must_be_finite_and_targets_may_be_missing_as_a_whole(width, dtype):
    rows = np.zeros((3, width), dtype)
    for is_target in (0, 1):
        loop = Loop()
        table = loop(data=[(loop.at(rows), width, len(rows), is_target)])
        for value in (np.nan, np.inf, -np.inf, np.finfo(dtype).max, np.finfo(dtype).min):
            for places in ([0], [width // 2], [width - 1], range(width)):
                rows[...] = 0
                rows[1, list(places)] = value
                whole = np.isnan(rows[1]).all()
                sound = bool(np.isfinite(rows[1]).all() or (is_target and whole))
                advance = drivers.advance(dtype, 1e30)
                assert advance(table, 0, 1) == advance(table, 5, 7) == 1
                assert advance(table, 0, 2) == advance(table, 4, 7) == sound


@pytest.mark.parametrize(("dtype", "most"), [("f8", 1e30), ("f4", 1e18)])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_moves_behind_an_output_that_is_out_of_bounds(width, dtype, most):
    for value in (np.nan, np.inf, most, -most, 0.99 * most, -0.99 * most):
        loop, rows, done = Loop(), np.zeros((2, width), dtype), []

        def step(io, done=done, value=value):
            done.append(io[0])
            rows_at(io[0], width, dtype)[-1] = value if len(done) == 3 else 1

        io = np.zeros(1, np.int64)
        place = loop.at(rows)
        node = (loop.step(step, dtype), 0, loop.at(io), place, 1, 2, width, 1, 0, 0)
        within = abs(value) < most
        assert drivers.advance(dtype, most)(loop([node]), 0, 6) == within
        first, second = place, place + rows[0].nbytes
        assert done == [second, first, second, first, second, first][: 6 if within else 3]


@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_nothing_moves_from_data_that_are_not_sound(dtype):
    loop, data, done = Loop(), np.zeros((4, 2), dtype), []
    data[2, 1] = np.inf
    out, io = loop.at(np.zeros((1, 1), dtype)), loop.at(np.zeros(1, np.int64))
    node = (loop.step(lambda _: done.append(len(done)), dtype), 0, io, out, 0, 1, 1, 1, 0, 0)
    table = loop([node], data=[(loop.at(data), 2, 4, 0)])
    assert drivers.advance(dtype, 1.0)(table, 0, 4) == 0
    assert done == [0, 1]


@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_a_resting_node_holds_its_row_and_several_parts_lie_behind_each_other(dtype):
    loop, heard = Loop(), []
    one = np.arange(12, dtype=dtype).reshape(4, 3)
    two = -np.arange(10, dtype=dtype).reshape(5, 2)
    out, scratch, io = np.full((3, 2), 7, dtype), np.zeros(5, dtype), np.zeros(3, np.int64)

    def step(io):
        heard.append((rows_at(io[1], 5, dtype).tolist(), rows_at(io[2], 2, dtype).tolist()))
        rows_at(io[0], 2, dtype)[...] = len(heard)

    node = (loop.step(step, dtype), 0, loop.at(io), loop.at(out), 0, 3, 2, 3, 1, 2)
    first, second = (loop.at(one), 2, 4, 3), (loop.at(two), 0, 5, 2)
    table = loop([node], [(1, loop.at(scratch), 2), (2, 0, 1)], [first, second, second])
    drivers.drive(dtype)(table, 0, 9)
    acts = [1, 4, 7]
    assert heard == [([*one[(t + 2) % 4], *two[t % 5]], [*two[t % 5]]) for t in acts]
    np.testing.assert_array_equal(out, [[2, 2], [3, 3], [3, 3]])
    assert scratch.tolist() == heard[-1][0]  # not written to at rest
    drivers.drive(dtype)(table, 9, 10)
    np.testing.assert_array_equal(out, np.full((3, 2), 3))
