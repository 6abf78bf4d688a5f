import numpy as np

import nodegraph as ng
from nodegraph.testing import check_node
from nodes import Input, Product


def test_contract():
    check_node(Product(), n_in=6, n_out=2)


def test_columns_are_multiplied_one_by_one():
    x = np.random.default_rng(0).standard_normal((20, 6))
    inputs = [Input(name=name) for name in "abc"]
    data = {name: x[:, 2 * i : 2 * i + 2] for i, name in enumerate("abc")}
    found = ng.Model(inputs >> Product()).run(data)
    assert np.allclose(found, x[:, :2] * x[:, 2:4] * x[:, 4:])
