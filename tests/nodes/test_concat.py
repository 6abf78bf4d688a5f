import numpy as np

import nodegraph as ng
from nodegraph.testing import check_node
from nodes import Concat, Input, Ridge


def test_contract():
    check_node(Concat())


def test_sources_stand_side_by_side_for_all_who_read_them():
    a, b = Input(name="a"), Input(name="b")
    joined, one, two = Concat(), Ridge(name="one"), Ridge(name="two")
    graph = ([a, b] >> joined >> one) & (joined >> two)
    x = np.random.default_rng(0).standard_normal((40, 3))
    data = {"a": x[:, :1], "b": x[:, 1:]}
    model = ng.Model(graph).fit(data, {"one": x.sum(1), "two": x[:, 2]})
    assert np.array_equal(model.run(data, outputs=["concat"])["concat"], x)
    assert np.allclose(model.params["two"].W_out, [[0, 0, 1]], atol=1e-5)
