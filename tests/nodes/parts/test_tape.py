from typing import NamedTuple

import numpy as np
import pytest

from nodegraph.errors import ContractError
from nodegraph.maths import exp, matvec, sigmoid, softmax, tanh, total, where
from nodegraph.testing import finite_differences
from nodes.parts.tape import Taped, against, gradients, joined, plain

N = 3
RNG = np.random.default_rng(0)


class Leaves(NamedTuple):
    W: np.ndarray
    b: np.ndarray
    h: np.ndarray


P = Leaves(RNG.standard_normal((2 * N, N)), RNG.standard_normal(2 * N), RNG.standard_normal(N))
WEIGHT = RNG.standard_normal(N)
MASK = np.array([True, False, True])


def mixed(p):
    """Return something made of all operators and words that are known."""
    a = matvec(p.W, p.h) + p.b
    f, g = sigmoid(a[:N]), tanh(a[N:])
    y = 1 - f * p.h / (2 + g * g) - (-p.h) + 0.5 * exp(g) / 3
    return where(MASK, y - g, 1 / (2 + y * y))


def test_gradients_are_those_of_finite_differences():
    leaves = Leaves(*(Taped(a) for a in P))
    found = gradients([(mixed(leaves), WEIGHT)], list(leaves))
    for name, gradient in zip(P._fields, found, strict=True):
        expected = finite_differences(lambda p: plain(mixed(p)) @ WEIGHT, P, name)
        np.testing.assert_allclose(gradient, expected, atol=1e-8)


@pytest.mark.parametrize("heard", ["own", "none"])
def test_what_is_not_heard_does_not_come_back(heard):
    h = Taped(P.h, heard)
    y = matvec(P.W, h)
    (back,) = gradients([(y, np.ones(2 * N))], [h])
    if heard == "none":
        assert back is None
    else:
        np.testing.assert_array_equal(back, np.diag(P.W[:N]) + np.diag(P.W[N:]))


def test_what_nothing_depends_on_has_none():
    h, other = Taped(P.h), Taped(P.h)
    assert gradients([(h * 2, np.ones(N))], [h, other])[1] is None
    assert gradients([(P.h, np.ones(N))], [h]) == [None]


def test_parts_that_are_joined_come_back_apart():
    a, b = Taped(P.h), Taped(P.b)
    back = gradients([(joined([a, P.h, b * 2]), np.arange(12.0))], [a, b])
    np.testing.assert_array_equal(back[0], [0, 1, 2])
    np.testing.assert_array_equal(back[1], 2 * np.arange(6.0, 12))
    assert isinstance(joined([P.h, P.b]), np.ndarray)


def test_a_row_that_is_repeated_gathers_what_comes_back():
    row = Taped(np.ones((1, N)))
    (back,) = gradients([(row * np.arange(6.0).reshape(2, N), np.ones((2, N)))], [row])
    np.testing.assert_array_equal(back, [[3, 5, 7]])


def test_a_word_without_derivative_is_told():
    with pytest.raises(ContractError, match="uses softmax, which has no derivative here; known"):
        softmax(Taped(P.h))


@pytest.mark.parametrize("heard", ["all", "own", "none"])
def test_synapses_bring_back_what_products_with_weights_do(heard):
    mu, weight = RNG.standard_normal((N, N)), RNG.standard_normal((N, N))
    h, thresholds = Taped(P.h, heard), Taped(mu, heard)
    y = against(h, thresholds)
    np.testing.assert_array_equal(plain(y), P.h[:, None] - mu)
    back, by_mu = gradients([(y, weight)], [h, thresholds])
    expected = {"all": weight.sum(axis=1), "own": np.diag(weight), "none": None}[heard]
    np.testing.assert_equal(back, expected)
    np.testing.assert_array_equal(by_mu, -weight)
    assert against(P.h, mu).shape == (N, N)


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_sums_bring_back_to_all_that_was_added(axis):
    x = Taped(RNG.standard_normal((2, N)))
    weight = RNG.standard_normal(np.sum(x.value, axis=axis).shape)
    (back,) = gradients([(total(x, axis=axis), weight)], [x])
    spread = weight[:, None] if axis == 1 else weight
    np.testing.assert_array_equal(back, np.broadcast_to(spread, (2, N)))
