from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from nodegraph.host.numerics import using
from nodes.ridge_regression.statistics import Statistics
from nodes.ridge_regression.triangle import Triangle, fold, solve_triangle, solve_upper

RNG = np.random.default_rng(0)


def gathered(xs, ts, kind=Triangle, block=256):
    found = kind.empty(xs.shape[1], ts.shape[1])
    for start in range(0, len(xs), block):
        found = found.add(xs[start : start + block], ts[start : start + block])
    return found


def rows(n=700, n_in=4, n_out=2, offset=0.0):
    return RNG.normal(size=(n, n_in)) + offset, RNG.normal(size=(n, n_out)) - offset


def check_against_two_passes(triangle, xs, ts, rtol):
    dx, dt = xs - xs.mean(axis=0), ts - ts.mean(axis=0)
    np.testing.assert_allclose(triangle.x, xs.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(triangle.t, ts.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(triangle.R.T @ triangle.R, dx.T @ dx, atol=rtol * len(xs))
    np.testing.assert_allclose(triangle.R.T @ triangle.QT, dx.T @ dt, atol=rtol * len(xs))
    np.testing.assert_allclose(triangle.spread(), ts.std(axis=0), rtol=rtol)
    assert triangle.n == len(xs)


@pytest.mark.parametrize("mode", ["exact", "portable"])
@pytest.mark.parametrize("offset, rtol", [(0, 1e-13), (1e3, 1e-11), (1e6, 1e-9)])
def test_it_is_that_of_the_rows_about_their_means_whatever_the_offset(offset, rtol, mode):
    xs, ts = rows(offset=offset)
    with using(mode):
        check_against_two_passes(gathered(xs, ts), xs, ts, rtol)


@pytest.mark.parametrize("cut", [1, 256, 300, 699])
@pytest.mark.parametrize("offset, rtol", [(0, 1e-13), (1e6, 1e-9)])
def test_parts_put_together_are_the_whole_and_stay_as_they_were(cut, offset, rtol):
    xs, ts = rows(offset=offset)
    one, other = gathered(xs[:cut], ts[:cut]), gathered(xs[cut:], ts[cut:])
    before = one.R.copy(), other.R.copy()
    check_against_two_passes(one.plus(other), xs, ts, rtol)
    np.testing.assert_array_equal((one.R, other.R), before)


def test_nothing_added_changes_nothing():
    some, none = gathered(*rows()), Triangle.empty(4, 2)
    assert some.plus(none) is some
    assert none.plus(some) is some


@pytest.mark.parametrize("fit_bias", [True, False])
def test_it_answers_as_the_gram_matrix_does_where_that_has_digits_enough(fit_bias):
    xs, ts = rows(offset=3.0)
    one, other = gathered(xs, ts), gathered(xs, ts, Statistics)
    found, known = one.solve(0.1, fit_bias), other.solve(0.1, fit_bias)
    np.testing.assert_allclose(found.W, known.W, rtol=1e-10)
    np.testing.assert_allclose(found.b, known.b, rtol=1e-10, atol=1e-12)
    assert one.mean_square_sum() == pytest.approx(other.mean_square_sum())
    np.testing.assert_allclose(np.sort(one.spectrum()), other.spectrum(), rtol=1e-10)
    alone = one.of(slice(1, 2)).solve(0.1, fit_bias)
    np.testing.assert_allclose(alone.W, found.W[1:], rtol=1e-14)


@pytest.mark.parametrize("fit_bias", [True, False])
def test_squared_errors_are_those_of_the_rows_to_the_last_digits(fit_bias):
    xs, ts = rows(offset=3.0)
    W, b = RNG.normal(size=(2, 4)), RNG.normal(size=2)
    expected = ((ts - xs @ W.T - b) ** 2).sum(axis=0)
    np.testing.assert_allclose(gathered(xs, ts).squared_error(W, b), expected, rtol=1e-12)
    ts = xs @ W.T + b  # so small an error is rounding in a difference of sums
    assert gathered(xs, ts).squared_error(W, b).max() < 1e-22


def test_sums_that_overflow_are_told_without_a_warning_from_numpy():
    xs, ts = rows()
    assert gathered(xs, ts).finite()
    assert not gathered(xs, 1e200 * ts).finite()


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


REPEATABLE = ["exact", "portable"]


def triangle(values, k=2, seed=0):
    """Return the triangle of rows with these singular values, and rotated targets."""
    rng, n = np.random.default_rng(seed), len(values)
    left, right = (np.linalg.qr(rng.normal(size=(n, n)))[0] for _ in range(2))
    R = np.linalg.qr(left * values @ right.T, mode="r")
    return np.asfortranarray(R), np.asfortranarray(rng.normal(size=(n, k)))


@pytest.mark.parametrize("mode", REPEATABLE)
@pytest.mark.parametrize("ridge", [1.0, 1e-6, 1e-18, 1e-24])
def test_a_penalty_far_below_the_rounding_of_squares_is_kept_to(ridge, mode):
    R, QT = triangle(np.logspace(0, -12, 25))
    with using(mode):
        found = solve_triangle(R, QT, ridge)
    rows = np.vstack([R, np.sqrt(ridge) * np.eye(25)])
    known = np.linalg.lstsq(rows, np.vstack([QT, np.zeros((25, 2))]), rcond=None)[0]
    size = np.linalg.norm(known)
    assert np.linalg.norm(found.W.T - known) < max(1e-13, 1e-15 / np.sqrt(ridge + 1e-24)) * size
    misfit, least = (np.linalg.norm(R @ W - QT) for W in (found.W.T, known))
    assert misfit == pytest.approx(least, rel=1e-3) and found.unique
    assert found.solver == {"exact": "qr", "portable": "portable qr"}[mode]


@pytest.mark.parametrize("mode", REPEATABLE)
def test_units_of_inputs_change_nothing_but_the_units_of_their_weights(mode):
    R, QT = triangle(np.logspace(0, -3, 6))
    units = 2.0 ** np.array([0, 60, -60, 5, -90, 30])
    with using(mode):
        plain, other = solve_triangle(R, QT, 0.0), solve_triangle(R * units, QT, 0.0)
    np.testing.assert_array_equal(other.W * units, plain.W)
    assert other.condition == plain.condition and other.unique


def test_a_ridge_is_in_the_units_of_the_inputs():
    R, QT = triangle(np.ones(5))
    units = 10.0 ** np.arange(-2, 3)
    known = np.linalg.solve((R * units).T @ (R * units) + 0.3 * np.eye(5), (R * units).T @ QT)
    np.testing.assert_allclose(solve_triangle(R * units, QT, 0.3).W, known.T, rtol=1e-10)


@pytest.mark.parametrize("mode", REPEATABLE)
def test_of_weights_that_fit_alike_those_of_least_norm_are_taken(mode):
    R, QT = triangle(np.logspace(0, -2, 8))
    wide = np.hstack([R, R[:, :2], np.zeros((8, 1))])
    Q, square = np.linalg.qr(np.vstack([wide, np.zeros((3, 11))]))
    targets = Q.T @ np.vstack([QT, np.zeros((3, 2))])
    with using(mode):
        found = solve_triangle(np.asfortranarray(square), np.asfortranarray(targets), 0.0)
    known = np.linalg.lstsq(wide, QT, rcond=None)[0].T
    np.testing.assert_allclose(found.W, known, rtol=1e-9, atol=1e-12)
    assert found.rank == 8 and not found.unique and found.solver == "qr, singular vectors"


@pytest.mark.parametrize("ridge", [1e-300, 1e-40, 0.0])
def test_a_penalty_below_all_rounding_does_not_blow_up_weights_of_dependent_inputs(ridge):
    R, QT = triangle(np.r_[np.ones(5), 0.0])
    found = solve_triangle(R, QT, ridge)
    assert np.abs(found.W).max() < 10 and not found.unique


def test_nothing_is_learned_from_nothing():
    found = solve_triangle(np.zeros((3, 3), order="F"), np.zeros((3, 1), order="F"), 0.0)
    np.testing.assert_array_equal(found.W, np.zeros((1, 3)))
    assert found.rank == 0
