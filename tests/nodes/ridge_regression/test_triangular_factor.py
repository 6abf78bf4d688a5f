from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from nodegraph.host.numerics import using
from nodes.ridge_regression.triangular_factor import fold, solve_upper

MODES = ["exact", "portable", "fast"]


def columns(n, k):
    return np.zeros((n, n), order="F"), np.zeros((n, k), order="F")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n, m, k", [(1, 1, 1), (5, 3, 2), (40, 300, 1), (70, 256, 0), (0, 4, 2)])
def test_the_triangle_is_that_of_a_plain_qr(mode, n, m, k):
    rng = np.random.default_rng(m)
    rows, others = rng.normal(size=(m, n)), rng.normal(size=(m, k))
    (R, QT), before = columns(n, k), (rows.copy(), others.copy())
    with using(mode):
        rest = fold(R, QT, rows[: m // 2], others[: m // 2])
        more = fold(R, QT, rows[m // 2 :], others[m // 2 :])
    plain = np.linalg.qr(rows, mode="r")
    np.testing.assert_allclose(np.abs(R[: len(plain)]), np.abs(plain), atol=1e-11)
    np.testing.assert_allclose(R.T @ QT, rows.T @ others, atol=1e-11)
    unexplained = np.square(rest).sum(axis=0) + np.square(more).sum(axis=0)
    squares = np.square(others).sum(axis=0)
    np.testing.assert_allclose(unexplained + np.square(QT).sum(axis=0), squares, rtol=1e-12)
    np.testing.assert_array_equal(rows, before[0])
    np.testing.assert_array_equal(others, before[1])


def test_workers_get_the_bits_of_one():
    rng = np.random.default_rng(0)
    parts = [(rng.normal(size=(257, 120)), rng.normal(size=(257, 2))) for _ in range(8)]

    def folded(part):
        R, QT = columns(120, 2)
        for _ in range(3):
            fold(R, QT, *part)
        return np.hstack([R, QT])

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(folded, parts))
    for part, one in zip(parts, found, strict=True):
        np.testing.assert_array_equal(one, folded(part))


@pytest.mark.parametrize("mode", MODES)
def test_an_upper_triangle_is_solved(mode):
    R = np.asfortranarray([[2.0, 1.0], [0.0, 4.0]])
    with using(mode):
        np.testing.assert_array_equal(solve_upper(R, np.array([[4.0], [4.0]])), [[1.5], [1.0]])


def test_a_triangle_stored_row_by_row_is_refused():
    with pytest.raises(TypeError, match="column by column"):
        fold(np.zeros((3, 3)), np.zeros((3, 1), order="F"), np.ones((2, 3)), np.ones((2, 1)))
