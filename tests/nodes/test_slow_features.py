import numpy as np
import pytest
from scipy.linalg import eigh

import nodegraph as ng
from nodegraph.errors import DataError, FieldError, GraphError
from nodegraph.testing import check_node
from nodes import Identity, Input, Products, Select, SlowFeatures

T = np.arange(4000) * 2 * np.pi / 2000
SLOW, FAST = np.sin(T), np.cos(11 * T)


def slowly(units, before=None):
    u, features = Input(name="u"), SlowFeatures(units=units, name="slow")
    x = u if before is None else u >> before
    return (x >> features) & (x >> ng.delay(1) >> features["previous"])


def test_contract():
    check_node(SlowFeatures(units=2), n_in=2)


def test_a_slow_signal_is_found_in_a_mixture():
    x = np.column_stack([SLOW + FAST, 2 * SLOW - FAST]) + 7
    model = ng.Model(slowly(2)).fit(x)
    y = model.reset().run(x)
    np.testing.assert_allclose(y.T @ y / len(x), np.eye(2), atol=1e-8)
    assert abs(np.corrcoef(y[:, 0], SLOW)[0, 1]) > 0.9999
    assert abs(np.corrcoef(y[:, 1], FAST)[0, 1]) > 0.9999
    changes = np.square(np.diff(y, axis=0)).mean(axis=0)
    np.testing.assert_allclose(model.params["slow"].delta, changes, rtol=1e-9)


def test_the_example_of_the_paper_is_solved_by_quadratic_features():
    """Wiskott and Sejnowski, section 3: x1 = sin t + cos^2 11 t, x2 = cos 11 t."""
    x = np.column_stack([SLOW + FAST**2, FAST])
    u, features, squares = Input(), SlowFeatures(units=1), Products()
    late = [u >> ng.delay(1), u >> squares >> ng.delay(1)] >> features["previous"]
    graph = ([u, u >> squares] >> features) & late
    y = ng.Model(graph).fit(x).reset().run(x)[:, 0]
    assert abs(np.corrcoef(y, SLOW)[0, 1]) > 0.9999


def test_nothing_is_made_of_the_jump_between_two_series():
    x = np.column_stack([SLOW + FAST, 2 * SLOW - FAST]) + 7
    parts = [x[:1000], x[1000:1500] - 3, x[1500:]]
    model = ng.Model(slowly(2)).fit(parts)
    joined = np.concatenate([np.diff(part, axis=0) for part in parts])
    rows = np.concatenate(parts)
    W = model.params["slow"].W
    np.testing.assert_allclose(W @ np.cov(rows.T, ddof=0) @ W.T, np.eye(2), atol=1e-8)
    change = W @ (joined.T @ joined / len(joined)) @ W.T
    np.testing.assert_allclose(change, np.diag(model.params["slow"].delta), atol=1e-9)


def test_what_cannot_be_is_refused():
    x = np.column_stack([SLOW, FAST])
    with pytest.raises(GraphError, match="at the port previous, but nothing is wired there"):
        ng.Model(Input() >> SlowFeatures(units=1)).fit(x)
    u, features = Input(), SlowFeatures(units=1)
    other = u >> Select(columns=0) >> ng.delay(1) >> features["previous"]
    with pytest.raises(FieldError, match="should hear the 2 columns of x one step before, got 1"):
        ng.Model((u >> features) & other).fit(x)
    with pytest.raises(DataError, match="2 inputs vary in 1 directions"):
        ng.Model(slowly(2)).fit(np.column_stack([SLOW, 2 * SLOW]))
    with pytest.raises(DataError, match="none of the 2 inputs moves in the rows"):
        ng.Model(slowly(1)).fit(np.ones((9, 2)))


def spikes(rows, rng):
    """Rows of which most are zeros, the first ones too."""
    x = (rng.random((rows, 3)) < 0.15) * rng.uniform(0.5, 1.5, (rows, 3))
    x[:3] = 0
    return x


def by_hand(parts, lag=1):
    """Return directions and deltas of the generalised eigenproblem."""
    rows = np.concatenate(parts)
    d = np.concatenate([part[lag:] - part[:-lag] for part in parts])
    delta, vectors = eigh(d.T @ d / len(d), np.cov(rows.T, ddof=0))
    return np.abs(vectors.T), delta


@pytest.mark.parametrize("how", ["whole", "chunks", "updated", "list", "workers"])
def test_rows_behind_rows_of_zeros_count(how):
    rng = np.random.default_rng(5)
    x = spikes(900, rng)
    parts = [x[:40], x[40:47], x[47:400], *np.split(x[400:], 10)]
    apart = how in ("list", "workers")
    model = ng.Model(slowly(3))
    if apart:
        model.fit(parts, workers=2 if how == "workers" else None)
    elif how == "chunks":
        model.fit(ng.Chunks(parts))
    elif how == "updated":
        model.fit(x[:500]).update(x[500:])
    else:
        model.fit(x)
    vectors, delta = by_hand(parts if apart else [x])
    np.testing.assert_allclose(model.params["slow"].delta, delta, rtol=1e-9)
    np.testing.assert_allclose(np.abs(model.params["slow"].W), vectors, atol=1e-9)


def test_what_comes_later_begins_later():
    """Behind a delay, through another node on the way, and two steps apart."""
    x = spikes(400, np.random.default_rng(6)) + 0.5
    u, features = Input(name="u"), SlowFeatures(units=2, name="slow")
    behind = (u >> ng.delay(3) >> features) & (u >> ng.delay(4) >> features["previous"])
    through = (u >> features) & (u >> ng.delay(1) >> Identity() >> features["previous"])
    apart = (u >> features) & (u >> ng.delay(2) >> features["previous"])
    for graph, lag in ((through, 1), (apart, 2)):
        _, delta = by_hand([x], lag)
        found = ng.Model(graph).fit(x).params["slow"].delta
        np.testing.assert_allclose(found, delta[:2], rtol=1e-9)
    late = np.vstack([np.zeros((3, 3)), x[:-3]])
    d = np.diff(x[:-3], axis=0)
    wanted = eigh(d.T @ d / len(d), np.cov(late.T, ddof=0), eigvals_only=True)
    np.testing.assert_allclose(ng.Model(behind).fit(x).params["slow"].delta, wanted[:2], rtol=1e-9)


def test_the_very_input_at_the_port_previous_is_refused():
    u, features = Input(), SlowFeatures(units=1)
    with pytest.raises(DataError, match="hears the very input, so that nothing changes"):
        ng.Model((u >> features) & (u >> features["previous"])).fit(np.column_stack([SLOW, FAST]))
