import numpy as np
from sklearn.linear_model import LinearRegression

from nodegraph.rule import Seen
from nodes import ScikitLearn
from nodes.rules import Estimation

X = np.random.default_rng(0).normal(size=(30, 2))
PARAMS = ScikitLearn.Params(None, 1, 0)


def gathered(rule, x):
    return rule.update(PARAMS, rule.begin(PARAMS), Seen(x, None, None, x[:, :1]))[1]


def test_merged_rows_are_those_of_both_in_order():
    rule = Estimation(estimator=LinearRegression())
    merged = rule.merge(gathered(rule, X[:10]), gathered(rule, X[10:]))
    np.testing.assert_array_equal(np.concatenate(merged.xs), X)


def test_rows_are_copies():
    rule, x = Estimation(estimator=LinearRegression()), X.copy()
    memory = gathered(rule, x)
    x[:] = 0
    np.testing.assert_array_equal(memory.xs[0], X)


def test_it_fits_what_it_gathered():
    rule = Estimation(estimator=LinearRegression())
    params = rule.finish(PARAMS, gathered(rule, X))
    np.testing.assert_allclose(params.estimator.coef_, [1.0, 0.0], atol=1e-12)


def test_pieces_do_not_show_in_what_is_saved():
    rule = Estimation(estimator=LinearRegression())
    parts = rule.seamless(rule.merge(gathered(rule, X[:10]), gathered(rule, X[10:])))
    assert [len(part) for part in parts] == [1, 1]
    np.testing.assert_array_equal(parts.xs[0], X)
    assert rule.seamless(rule.begin(PARAMS)) == ((), ())
