import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.testing import check_node
from nodes import Gate, Input

X = np.random.default_rng(0).standard_normal((30, 2))


def gated():
    x, g, gate = Input(name="x"), Input(name="g"), Gate()
    return (x >> gate) & (g >> gate["gate"])


def test_contract():
    check_node(Gate(), n_in=2)


@pytest.mark.parametrize("width", [1, 2])
def test_one_gate_for_all_columns_or_one_for_each(width):
    g = np.random.default_rng(1).random((30, width))
    model = ng.Model(gated())
    whole = model.run({"x": X, "g": g})
    assert np.array_equal(whole, g * X)
    assert np.array_equal([model.step({"x": a, "g": b}) for a, b in zip(X, g, strict=True)], whole)


def test_a_gate_of_another_width_or_none_is_refused():
    with pytest.raises(FieldError, match="the gate should have 1 column or 2, got 3"):
        ng.Model(gated()).run({"x": X, "g": np.ones((30, 3))})
    with pytest.raises(FieldError, match=r'nothing is wired to the port gate; .*gate\["gate"\]'):
        ng.Model(Input() >> Gate()).run(X)
