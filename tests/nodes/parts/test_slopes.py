import numpy as np
import pytest

from nodes.parts.activations import ACTIVATIONS
from nodes.parts.slopes import SLOPES

X = np.array([-2.0, -0.3, 0.4, 1.7])


@pytest.mark.parametrize("name", SLOPES)
def test_a_slope_is_a_quotient_of_differences(name):
    f, h = ACTIVATIONS[name], 1e-6
    np.testing.assert_allclose(SLOPES[name](f(X)), (f(X + h) - f(X - h)) / (2 * h), atol=1e-8)
