import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_node
from nodes import Identity, Input, Relu, Sigmoid, Softmax, Softplus, Tanh

X = np.random.default_rng(0).standard_normal((20, 3)) * 5

EXPECTED = {
    Identity: lambda x: x,
    Relu: lambda x: x * (x > 0),
    Sigmoid: lambda x: 1 / (1 + np.exp(-x)),
    Softmax: lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True),
    Softplus: lambda x: np.logaddexp(0, x),
    Tanh: lambda x: np.sinh(x) / np.cosh(x),
}


@pytest.mark.parametrize("kind", EXPECTED)
def test_it_keeps_the_contract(kind):
    check_node(kind())


@pytest.mark.parametrize(("kind", "function"), EXPECTED.items())
def test_it_is_the_function_of_its_name(kind, function):
    np.testing.assert_allclose(ng.Model(Input() >> kind()).run(X), function(X), rtol=1e-12)


def test_softmax_gives_probabilities_even_of_huge_numbers():
    y = ng.Model(Softmax()).run(X * 1e300)
    np.testing.assert_allclose(y.sum(axis=1), 1)
    np.testing.assert_array_equal(y.argmax(axis=1), X.argmax(axis=1))
