import numpy as np
import pytest

from nodes.parts.products import n_products, products


@pytest.mark.parametrize("repeats", [True, False])
def test_there_are_as_many_as_are_counted_in_lexicographic_order(repeats):
    x = np.array([2.0, 3.0, 5.0])
    for order in (2, 3):
        (found,) = products(x, [order], repeats)
        assert len(found) == n_products(3, order, repeats)
    squares = [4, 6, 10, 9, 15, 25] if repeats else [6, 10, 15]
    assert products(x, [2], repeats)[0].tolist() == squares
