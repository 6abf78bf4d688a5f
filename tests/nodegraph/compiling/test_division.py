"""Quotients and remainders of compiled steps are Python's."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import run_node

LOWEST = -(2**63)
WHOLE = [LOWEST, -7, -3, -1, 0, 1, 2, 3, 7, 2**63 - 1]
REAL = [-np.inf, -7.5, -3.0, -0.3, -0.0, 0.0, 0.1, 1.0, 3.0, 7.25, np.inf, np.nan]


class Divided(ng.Node):
    def step(self, params, state, x):
        a, b = state
        return (a // b, a % b), x


def compiled(values, dtype):
    a, b = (np.array(v, dtype) for v in zip(*[(a, b) for a in values for b in values], strict=True))
    after, _ = run_node(Divided(), (), (a, b), np.ones((1, 1)))
    return a, b, *after


def test_whole_numbers():
    for a, b, quotient, remainder in zip(*compiled(WHOLE, np.int64), strict=True):
        a, b = int(a), int(b)
        if b == 0:
            assert (quotient, remainder) == (0, 0)  # as numpy has it
        else:
            assert int(remainder) == a % b
            assert int(quotient) == (a // b if (a, b) != (LOWEST, -1) else LOWEST)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_floats(dtype):
    a, b, quotient, remainder = compiled(REAL, dtype)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(quotient, a // b)
        np.testing.assert_array_equal(remainder, a % b)
        np.testing.assert_array_equal(np.signbit(remainder), np.signbit(a % b))
