import numpy as np
import pytest

from nodegraph.maths import sym_eye
from nodes.parts.recursion import bearable, recursion


@pytest.mark.parametrize("forgetting", [1.0, 0.9])
def test_gains_are_those_of_the_matrix_recursion(forgetting):
    rng, P, so_far = np.random.default_rng(0), np.eye(4) / 0.1, recursion(4, 0.1)
    for _ in range(12):
        z = rng.standard_normal(4)
        k, so_far = so_far.moved(z, 0.1, forgetting)
        expected = P @ z / (forgetting + z @ P @ z)
        np.testing.assert_allclose(k, expected, rtol=1e-9)
        P = (P - np.outer(expected, P @ z)) / forgetting


def test_nothing_is_forgotten_where_p_would_wind_up():
    assert bearable(sym_eye(3), 3, 1.0, 0.9) == 0.9
    assert bearable(901 * sym_eye(3), 3, 1.0, 0.9) == 1.0
    assert bearable(901 * sym_eye(3), 3, 1.0, 1.0) == 1.0
