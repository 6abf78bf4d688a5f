import numpy as np
from scipy.linalg import eigh

from nodegraph.rule import Seen
from nodegraph.testing import check_rule
from nodes import SlowFeatures
from nodes.rules import Slowness


def test_it_keeps_the_contract():
    check_rule(Slowness(), SlowFeatures(units=1), n_in=1)


def test_deltas_are_those_of_the_generalised_eigenproblem():
    x = np.cumsum(np.random.default_rng(0).normal(size=(400, 3)), axis=0) * [1.0, 0.1, 30.0]
    before = np.vstack([np.full(3, np.nan), x[:-1]])
    rule, params = Slowness(), SlowFeatures.Params(np.eye(3), np.zeros(3), np.ones(3))
    _, memory = rule.update(params, rule.begin(params), Seen(x, None, ports={"previous": before}))
    d = np.diff(x, axis=0)
    wanted = eigh(d.T @ d / 399, np.cov(x.T, ddof=0), eigvals_only=True)
    np.testing.assert_allclose(rule.finish(params, memory).delta, wanted, rtol=1e-9)
