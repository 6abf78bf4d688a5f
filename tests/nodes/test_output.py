import numpy as np

import nodegraph as ng
from nodegraph.testing import check_node
from nodes import Input, Output


def test_it_keeps_the_contract():
    check_node(Output())


def test_signals_stand_side_by_side_in_the_order_of_their_edges():
    a, b, out = Input(name="a"), Input(name="b"), Output()
    x = {"a": np.ones((3, 2)), "b": np.full((3, 1), 5.0)}
    np.testing.assert_array_equal(ng.Model([b, a] >> out).run(x), np.tile([5.0, 1.0, 1.0], (3, 1)))
