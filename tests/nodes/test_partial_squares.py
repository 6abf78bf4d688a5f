import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_node
from nodes import Input, PartialSquares


def by_hand(kind, x):
    """Return the transformations T1 to T3 of Chattopadhyay et al. (2020), from 1 on."""
    r = dict(enumerate(x, start=1))
    y = dict(r)
    for j in r:
        odd, inside = j % 2 == 1, j > 1
        if kind == "nlat1" and odd:
            y[j] = r[j] * r[j]
        if kind == "nlat2" and odd and inside:
            y[j] = r[j - 1] * r[j - 2]
        if kind == "nlat3" and odd and inside and j + 1 in r:
            y[j] = r[j - 1] * r[j + 1]
    return [y[j] for j in r]


@pytest.mark.parametrize("kind", ["nlat1", "nlat2", "nlat3"])
@pytest.mark.parametrize("n", [1, 2, 6, 7])
def test_every_other_column_becomes_the_product_of_the_paper(kind, n):
    node = PartialSquares(kind=kind)
    check_node(node, n_in=n)
    x = np.random.default_rng(n).standard_normal((20, n))
    found = ng.Model(Input() >> node).run(x)
    np.testing.assert_array_equal(found, [by_hand(kind, row) for row in x])
