import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, FieldError, GraphError
from nodegraph.testing import check_node
from nodes import Input, Products, Select, SlowFeatures

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
