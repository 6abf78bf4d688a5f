import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_node
from nodes import Filter

U = np.random.default_rng(0).standard_normal((40, 3))


@pytest.mark.parametrize("fields", [{}, {"tau": 4.0, "order": 3}, {"tau": (1.0, 2.0, 9.0)}])
def test_it_keeps_the_contract(fields):
    check_node(Filter(**fields))


def test_it_is_the_recursion_once_and_again():
    d = np.exp(-1 / np.array([2.0, 5.0, 9.0]))
    found, y = ng.Model(Filter(tau=(2.0, 5.0, 9.0), order=2)).run(U), np.zeros((2, 3))
    for x, row in zip(U, found, strict=True):
        y[0] = d * y[0] + (1 - d) * x
        y[1] = d * y[1] + (1 - d) * y[0]
        np.testing.assert_allclose(row, y[1], rtol=1e-12)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_an_impulse_leaves_as_much_as_came(order):
    impulse = np.zeros((400, 1))
    impulse[0] = 1.0
    assert ng.Model(Filter(tau=8.0, order=order)).run(impulse).sum() == pytest.approx(1.0)


def test_time_constants_are_drawn_if_none_are_given():
    decay = Filter().init(np.random.default_rng(0), 4000, 4000).decay
    taus = -1 / np.log(decay)
    assert 2 <= taus.min() < 3 and 20 < taus.max() <= 30
    assert np.median(taus) == pytest.approx(np.sqrt(60), rel=0.1)


def test_nonsense_is_refused():
    with pytest.raises(ng.errors.FieldError, match="tau: should be greater than 0"):
        Filter(tau=0)
    with pytest.raises(ng.errors.FieldError, match="tau: expected one number or 3"):
        ng.Model(Filter(tau=(1.0, 2.0))).run(U)
