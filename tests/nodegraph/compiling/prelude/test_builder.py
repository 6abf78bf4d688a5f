"""Functions of a few lines, whose values are known."""

import ctypes

import numpy as np

from nodegraph.compiling.machine_code import address
from nodegraph.compiling.prelude.builder import Builder


def compiled(text, name, *kinds, returns=None):
    return ctypes.CFUNCTYPE(returns, *kinds)(address(text, name))


def test_a_loop_carries_values_and_tells_where_it_stopped():
    b = Builder("f8")
    x, n = b.function(".x n", b.T)

    with b.loop(1, n, 2, b.number(0), b.number(1)) as (i, total, power):
        b.again(total + power * i.to("double", "sitofp"), power * x)
    text = b.text(total + i.to("double", "sitofp"))
    f = compiled(text, "geometric", ctypes.c_double, ctypes.c_int64, returns=ctypes.c_double)
    for n in (0, 1, 2, 9):
        turns = range(1, n, 2)
        stopped = 1 + 2 * len(turns)
        assert f(0.5, n) == sum(i * 0.5**k for k, i in enumerate(turns)) + stopped


def test_loops_stand_in_loops_and_may_be_skipped():
    b = Builder("f4")
    A, n = b.function("*A n", b.T)

    def lower():
        with b.loop(0, n, 1, b.number(0)) as (i, total):
            with b.loop(0, i, 1, total) as (k, row):
                b.again(row + b.load(A.at(i * n + k)))
            b.again(row)
        return total

    text = b.text(b.when(n.test("sgt", 1), lower, b.number(-7)))
    f = compiled(text, "triangle", ctypes.c_void_p, ctypes.c_int64, returns=ctypes.c_float)
    A = np.arange(25, dtype=np.float32).reshape(5, 5)
    assert f(A.ctypes.data, 5) == np.tril(A, -1).sum()
    assert f(A.ctypes.data, 1) == -7


def test_vectors_are_masked_spread_chosen_and_folded():
    b = Builder("f8")
    A, out, n = b.function("*A *out n")
    some = b.masked(A.at(0), 32, n, -5.0)
    big = some.test("ogt", b.spread(b.load(A.at(0)), 32))
    kept = b.choose(big, some * b.number(2, 32), some)
    b.store(b.fold(kept, 32, lambda x, y: x - y), out.at(0))
    b.store(b.load(A.at(1), 2), out.at(1))
    f = compiled(b.text(), "vectors", *[ctypes.c_void_p] * 2, ctypes.c_int64)
    A = np.arange(1.0, 33.0)
    found = np.zeros(3)
    f(A.ctypes.data, found.ctypes.data, 3)
    kept = np.full(32, -5.0)
    kept[:3] = 1, 4, 6
    while len(kept) > 1:
        kept = kept[: len(kept) // 2] - kept[len(kept) // 2 :]
    assert found.tolist() == [kept[0], 2, 3]


def test_whole_numbers_have_words_of_their_own():
    b = Builder("f8")
    i, j = b.function("i j", "i64")
    text = b.text(b.least(i, j) + ((i << 3) & 12 | (j >> 1)) - i * j)
    f = compiled(text, "whole", *[ctypes.c_int64] * 2, returns=ctypes.c_int64)
    for i, j in ((3, 5), (-4, 2), (7, -9)):
        assert f(i, j) == min(i, j) + ((i << 3) & 12 | (j >> 1)) - i * j
