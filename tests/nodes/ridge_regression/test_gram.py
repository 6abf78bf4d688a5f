from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.host.numerics import using
from nodes.ridge_regression.gram import add_cross, add_gram

MODES = ["exact", "portable", "fast"]


def columns(rng, *shape):
    return np.asfortranarray(rng.normal(size=shape))


@settings(max_examples=30, deadline=None)
@given(m=st.integers(1, 40), n=st.integers(1, 40), k=st.integers(1, 5), mode=st.sampled_from(MODES))
def test_sums_are_those_of_numpy(m, n, k, mode):
    rng = np.random.default_rng(m)
    left, right = rng.normal(size=(m, n)), rng.normal(size=(m, k))
    gram, product = columns(rng, n, n), columns(rng, n, k)
    expected = np.triu(gram + left.T @ left), product + left.T @ right
    with using(mode):
        add_gram(left, gram)
        add_cross(left, right, product)
    np.testing.assert_allclose(np.triu(gram), expected[0], atol=1e-12)
    np.testing.assert_allclose(product, expected[1], atol=1e-12)


def test_workers_get_the_bits_of_one():
    parts = [np.random.default_rng(i).normal(size=(257, 120)) for i in range(8)]

    def summed(part):
        total = np.zeros((120, 120), order="F")
        for _ in range(5):
            add_gram(part, total)
        return total

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(summed, parts))
    for part, total in zip(parts, found, strict=True):
        np.testing.assert_array_equal(total, summed(part))


def test_arrays_in_another_order_are_refused():
    with pytest.raises(TypeError, match="column by column"):
        add_gram(np.zeros((4, 3), order="F"), np.zeros((3, 3), order="F"))
    with pytest.raises(TypeError, match="column by column"):
        add_gram(np.zeros((4, 3)), np.zeros((3, 3))[:, ::2])
