import numpy as np
import pytest
from sklearn.preprocessing import PolynomialFeatures

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.testing import check_node
from nodes import NVAR, Input, Products

X = np.random.default_rng(0).standard_normal((20, 4))


@pytest.mark.parametrize("order", [2, 3, (2, 3), (4, 2)])
@pytest.mark.parametrize("repeats", [True, False])
def test_they_are_the_polynomial_features_of_those_degrees(order, repeats):
    node = Products(order=order, repeats=repeats)
    check_node(node, n_in=4)
    degree = max(np.atleast_1d(order))
    features = PolynomialFeatures(degree, interaction_only=not repeats, include_bias=False)
    wanted = features.fit_transform(X)
    degrees = features.powers_.sum(axis=1)
    found = ng.Model(Input() >> node).run(X)
    np.testing.assert_allclose(found, wanted[:, np.isin(degrees, order)], rtol=1e-13)


def test_beside_the_signal_they_are_nvar_without_delay():
    wanted = ng.Model(Input() >> NVAR(delay=1, order=(2, 3))).run(X)
    found = ng.Model(Input() >> Products(order=(2, 3))).run(X)
    np.testing.assert_array_equal(np.hstack([X, found]), wanted)


@pytest.mark.parametrize("order", [1, 0, (), (2, 1), "2"])
def test_orders_that_are_none_are_refused(order):
    with pytest.raises(FieldError, match="order"):
        Products(order=order)


def test_more_different_factors_than_columns_are_refused():
    with pytest.raises(FieldError, match="order: 3 different factors, but 2 columns arrive"):
        ng.Model(Input() >> Products(order=3, repeats=False)).run(X[:, :2])
