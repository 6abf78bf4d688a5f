import numpy as np
import pytest
from scipy.stats import norm

import nodegraph as ng
from nodegraph.errors import DataError

RNG = np.random.default_rng(0)


def test_coverage_is_the_share_inside():
    y = RNG.normal(size=(20_000, 2))
    z = norm.ppf(0.95)
    full = np.full_like(y, z)
    assert ng.metrics.coverage(y, -full, full) == pytest.approx(0.9, abs=0.005)
    gappy = np.where(y > 0, y, np.nan)
    assert ng.metrics.coverage(gappy, -full, 0 * full) == 0


def test_crps_of_many_normal_members_is_the_closed_form():
    """Gneiting and Raftery (2007), equation 21, for N(0, 1)."""
    y, members = np.linspace(-2, 2, 9), RNG.normal(size=(20_000, 9))
    wanted = y * (2 * norm.cdf(y) - 1) + 2 * norm.pdf(y) - 1 / np.sqrt(np.pi)
    assert ng.metrics.crps(y, members) == pytest.approx(wanted.mean(), rel=0.01)


def test_crps_is_the_mean_over_pairs():
    y, x = RNG.normal(size=(5, 2)), RNG.normal(size=(7, 5, 2))
    pairs = np.abs(x[:, None] - x[None]).mean(axis=(0, 1))
    wanted = np.abs(x - y).mean(axis=0) - pairs / 2
    assert ng.metrics.crps(y, x) == pytest.approx(wanted.mean(), rel=1e-12)
    assert ng.metrics.crps(y, x[:1]) == pytest.approx(np.abs(x[0] - y).mean())


def test_the_interval_score_is_least_for_the_quantiles():
    y = RNG.normal(size=20_000)
    scores = [
        ng.metrics.interval_score(y, *np.full((2, 20_000), w) * [[-1], [1]])
        for w in (1.3, norm.ppf(0.95), 2.1)
    ]
    assert scores[1] == min(scores)


def test_shapes_that_differ_are_refused():
    with pytest.raises(DataError, match="coverage: y has shape"):
        ng.metrics.coverage([1.0, 2.0], [0.0], [3.0])
    with pytest.raises(DataError, match="crps: samples: expected shape"):
        ng.metrics.crps([1.0, 2.0], [1.0, 2.0])
    with pytest.raises(DataError, match="no value that is a number"):
        ng.metrics.coverage([np.nan], [0.0], [3.0])
    with pytest.raises(DataError, match="level: should lie between 0 and 1"):
        ng.metrics.interval_score([1.0], [0.0], [3.0], level=90)


def test_ends_that_were_exchanged_are_refused():
    for metric in (ng.metrics.coverage, ng.metrics.interval_score):
        with pytest.raises(DataError, match=r"low lies above high throughout; write \w+\(y, low"):
            metric([1.0, 2.0, np.nan], [3.0, 3.0, 3.0], [0.0, 0.0, 3.0])
        assert metric([1.0], [1.0], [1.0]) in (0.0, 1.0)
    assert ng.metrics.coverage([1.0, 2.0], [0.0, 3.0], [2.0, 1.0]) == 0.5


def test_what_nothing_is_said_of_does_not_flatter():
    """A forecast that has diverged was left out as if the truth were not known."""
    y, ends = [5.0, 1.0], ([np.nan, 0.0], [1.0, 2.0])
    for metric in (ng.metrics.coverage, ng.metrics.interval_score):
        with pytest.raises(DataError, match="low: nan in row 0, column 0; a value that nothing"):
            metric(y, *ends)
    for lost in (np.nan, np.inf, -np.inf):
        with pytest.raises(DataError, match=f"crps: samples: {lost} in row 1, column 0"):
            ng.metrics.crps(y, [[1.0, lost], [3.0, 1.0]])
    for metric, said in (
        (ng.metrics.coverage, ends),
        (ng.metrics.interval_score, ends),
        (ng.metrics.crps, ([[np.nan, 1.0], [3.0, 1.0]],)),
    ):
        assert metric([np.nan, 1.0], *said) == metric(y[1:], *(np.array(a)[..., 1:] for a in said))
        with pytest.raises(DataError, match="no value that is a number"):
            metric([np.nan, np.nan], *said)
        with pytest.raises(DataError, match="y is infinite somewhere"):
            metric([np.inf, 1.0], *said)


def test_ends_may_be_infinite():
    assert ng.metrics.coverage([5.0, 1.0], [-np.inf, 2.0], [np.inf, np.inf]) == 0.5
    assert ng.metrics.interval_score([5.0], [-np.inf], [np.inf]) == np.inf
