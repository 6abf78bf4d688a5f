import numpy as np
import pytest

from nodes.ridge_regression.gathered import Gathered
from nodes.ridge_regression.second_look import believed, is_lost
from nodes.ridge_regression.statistics import Statistics
from nodes.ridge_regression.triangle import Triangle


def rows(noise, n=2000, n_in=12):
    """Return inputs that differ by down to 1e-11 of their size, and what they say, with noise."""
    rng = np.random.default_rng(1)
    turned = np.linalg.qr(rng.normal(size=(n_in, n_in)))[0]
    xs = rng.normal(size=(n, n_in)) * np.logspace(0, -11, n_in) @ turned
    ts = xs @ turned.T @ np.logspace(0, 11, n_in)[:, None]
    return xs, ts + noise * rng.normal(size=(n, 1)) * ts.std()


def gathered(kind, xs, ts):
    return Gathered.nothing(xs.shape[1], 1, 1, kind).add(xs, ts, None)


@pytest.mark.parametrize("ridge, lost", [(1.0, False), (1e-9, False), (1e-20, True), (0.0, True)])
@pytest.mark.parametrize("fit_bias", [True, False])
def test_digits_are_lost_where_cholesky_gives_up(ridge, lost, fit_bias):
    xs, ts = rows(0.0)
    assert is_lost(gathered(Statistics, xs, ts), ridge, fit_bias) is lost
    solver = gathered(Statistics, xs, ts).data()[0].solve(ridge, fit_bias).solver
    assert (solver == "eigenvectors") is lost


def test_nothing_is_lost_by_a_triangle_nor_by_few_rows():
    xs, ts = rows(0.0)
    assert not is_lost(gathered(Triangle, xs, ts), 0.0, True)
    assert not is_lost(gathered(Statistics, xs[:5], ts[:5]), 0.0, True)


@pytest.mark.parametrize("fit_bias", [True, False])
def test_what_tells_much_is_kept(fit_bias):
    xs, ts = rows(1e-9)
    (data,) = gathered(Triangle, xs, ts).data()
    solution, facts = believed(data, 1e-24, fit_bias)
    assert solution.solver == "qr" and facts["why"].endswith("read again")
    assert (
        np.abs(xs @ solution.W.T + solution.b - ts).max() < 1e-4 * ts.std()
    )  # rounding times the condition


def test_what_tells_little_is_left_out_as_a_gram_matrix_would():
    xs, _ = rows(0.0)
    ts = xs[:, :1] + 0.1 * np.random.default_rng(2).normal(size=(2000, 1)) * xs.std()
    (data,), (sums,) = (gathered(kind, xs, ts).data() for kind in (Triangle, Statistics))
    (solution, facts), known = believed(data, 0.0, True), sums.solve(0.0, True)
    assert not solution.unique and "tells little" in facts["why"]
    errors = [data.squared_error(each.W, each.b) for each in (solution, known)]
    np.testing.assert_allclose(*errors, rtol=1e-3)
    assert abs(solution.rank - known.rank) <= 1


def test_sums_are_believed_as_they_are():
    (data,) = gathered(Statistics, *rows(0.1)).data()
    solution, facts = believed(data, 1e-3, True)
    assert solution.solver == "cholesky" and facts == {}
