from typing import NamedTuple

import numpy as np

from nodegraph.testing import finite_differences


class Params(NamedTuple):
    W: np.ndarray
    b: np.ndarray


def test_of_a_quadratic_they_are_its_slope():
    rng = np.random.default_rng(0)
    p = Params(rng.standard_normal((2, 3)), rng.standard_normal(2))
    x, before = rng.standard_normal(3), p.W.copy()
    found = finite_differences(lambda p: ((p.W @ x + p.b) ** 2).sum() / 2, p, "W")
    np.testing.assert_allclose(found, np.outer(p.W @ x + p.b, x), atol=1e-8)
    np.testing.assert_array_equal(p.W, before)
