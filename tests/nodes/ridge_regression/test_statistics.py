import numpy as np
import pytest

from nodes.ridge_regression.statistics import Statistics

RNG = np.random.default_rng(0)


def gathered(xs, ts, block=256):
    statistics = Statistics.empty(xs.shape[1], ts.shape[1])
    for start in range(0, len(xs), block):
        statistics = statistics.add(xs[start : start + block], ts[start : start + block])
    return statistics


def rows(n=700, n_in=4, n_out=2, offset=0.0):
    return RNG.normal(size=(n, n_in)) + offset, RNG.normal(size=(n, n_out)) - offset


def check_against_two_passes(statistics, xs, ts, rtol):
    dx, dt = xs - xs.mean(axis=0), ts - ts.mean(axis=0)
    scale = len(xs)
    np.testing.assert_allclose(statistics.x, xs.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(statistics.t, ts.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(np.triu(statistics.xx), np.triu(dx.T @ dx), atol=rtol * scale)
    np.testing.assert_allclose(statistics.xt, dx.T @ dt, atol=rtol * scale)
    np.testing.assert_allclose(statistics.tt, (dt**2).sum(axis=0), rtol=rtol)
    assert statistics.n == len(xs)


@pytest.mark.parametrize("offset, rtol", [(0, 1e-14), (1e3, 1e-11), (1e6, 1e-9)])
def test_sums_are_those_of_two_passes_over_centred_data_whatever_the_offset(offset, rtol):
    xs, ts = rows(offset=offset)
    check_against_two_passes(gathered(xs, ts), xs, ts, rtol)


@pytest.mark.parametrize("cut", [1, 256, 300, 699])
@pytest.mark.parametrize("offset, rtol", [(0, 1e-14), (1e6, 1e-9)])
def test_parts_put_together_are_the_whole(cut, offset, rtol):
    xs, ts = rows(offset=offset)
    both = gathered(xs[:cut], ts[:cut]).plus(gathered(xs[cut:], ts[cut:]))
    check_against_two_passes(both, xs, ts, rtol)


def test_nothing_added_changes_nothing():
    xs, ts = rows()
    some, none = gathered(xs, ts), Statistics.empty(4, 2)
    assert some.plus(none) is some
    assert none.plus(some) is some


def test_a_jump_after_the_first_block_costs_no_more_digits_than_the_problem_itself():
    jump = np.r_[np.zeros((256, 3)), RNG.normal(size=(5000, 3)) + 1e6]
    target = jump.sum(axis=1, keepdims=True)
    found = gathered(jump, target).solve(0.0, fit_bias=True)
    np.testing.assert_allclose(found.W, 1, atol=2e-4)  # 1 / eps over a condition of 4e10
    centred = jump - jump.mean(axis=0)
    exact = np.linalg.lstsq(centred, target - target.mean(), rcond=None)[0].T
    np.testing.assert_allclose(found.W, exact, atol=2e-4)


@pytest.mark.parametrize("fit_bias", [True, False])
def test_squared_errors_of_each_output_come_from_the_sums_alone(fit_bias):
    xs, ts = rows(offset=3.0)
    W, b = RNG.normal(size=(2, 4)), RNG.normal(size=2)
    expected = ((ts - xs @ W.T - b) ** 2).sum(axis=0)
    np.testing.assert_allclose(gathered(xs, ts).squared_error(W, b), expected, rtol=1e-12)


@pytest.mark.parametrize("order", "CF")
def test_how_rows_lie_in_memory_changes_no_bit(order):
    xs, ts = rows(200)
    laid = Statistics.empty(4, 2).add(np.array(xs, order=order), np.array(ts, order=order))
    for one, other in zip(laid, gathered(xs, ts), strict=True):
        np.testing.assert_array_equal(one, other)


def test_single_precision_is_summed_in_double():
    xs, ts = rows(offset=100.0)
    xs, ts = xs.astype(np.float32), ts.astype(np.float32)
    check_against_two_passes(gathered(xs, ts), xs.astype(float), ts.astype(float), 1e-12)


def test_sums_that_overflow_are_told_without_a_warning_from_numpy():
    xs, ts = rows()
    assert gathered(xs, ts).finite()
    assert not gathered(1e200 * xs, ts).finite()
    assert not gathered(xs, 1e200 * ts).finite()


@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_blocks_in_single_precision_are_as_near_as_their_size_lets_them(offset):
    xs, ts = (part.astype(np.float32) for part in rows(4096, 40, offset=offset))
    single = Statistics.empty(40, 2, single=True).add(xs[:2048], ts[:2048])
    single = single.add(xs[2048:], ts[2048:])
    double = gathered(xs, ts)
    scale = np.sqrt(np.outer(double.xx.diagonal(), double.xx.diagonal()))
    assert np.abs(np.triu(single.xx - double.xx) / scale).max() < 1e-6
    np.testing.assert_allclose(single.x, double.x, rtol=1e-12, atol=1e-12)


def test_weights_of_rows_are_summed_in_double():
    xs, ts = (part.astype(np.float32) for part in rows(300))
    one, other = (
        Statistics.empty(4, 2, single).add(xs, ts, np.ones(300)) for single in (True, False)
    )
    np.testing.assert_array_equal(np.triu(one.xx), np.triu(other.xx))


def test_sums_are_absorbed_to_the_bits_of_their_sum():
    xs, ts = rows(700, 40)
    whole = gathered(xs[:300], ts[:300]).plus(gathered(xs[300:], ts[300:]))
    one = gathered(xs[:300], ts[:300])
    found = one.absorb(gathered(xs[300:], ts[300:]))
    assert found.xx is one.xx
    for name, part in whole._asdict().items():
        mine = getattr(found, name)
        np.testing.assert_array_equal(
            *((np.triu(part), np.triu(mine)) if name == "xx" else (part, mine))
        )
    assert one.absorb(Statistics.empty(40, 2)) is one
    assert Statistics.empty(40, 2).absorb(one) is one
