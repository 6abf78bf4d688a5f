"""Sums of squares that overflow are told in words, whatever the solver."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError
from nodes import Ridge

X = np.random.default_rng(0).standard_normal((200, 2))


@pytest.mark.parametrize("solver", ["auto", "direct", "qr"])
@pytest.mark.parametrize("intervals", [None, [0.1, 0.9]])
@pytest.mark.parametrize("size", [1e155, 1e160, 1e300])
def test_squares_that_overflow_are_refused_without_a_warning_of_numpy(solver, intervals, size):
    out = Ridge(name="out", solver=solver, intervals=intervals)
    with pytest.raises(DataError, match=r"^out: the sums over inputs and targets overflow"):
        ng.Model(out).fit(size * X, size * X[:, :1])


@pytest.mark.parametrize("solver", ["auto", "direct", "qr"])
def test_what_does_not_overflow_is_learned(solver):
    model = ng.Model(Ridge(name="out", solver=solver)).fit(1e150 * X, 1e150 * X[:, :1])
    np.testing.assert_allclose(model.params["out"].W_out, [[1, 0]], atol=1e-14)
