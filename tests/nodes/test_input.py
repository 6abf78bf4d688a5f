import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_node
from nodes import Input, Reservoir


def test_it_keeps_the_contract():
    check_node(Input())
    check_node(Input(units=3))


def test_data_come_in_as_they_are():
    x = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(ng.Model(Input()).run(x), x)


def test_its_output_is_no_door_to_the_callers_array():
    x = np.ones((3, 1))
    y = ng.Model(Input()).run(x)
    y[:] = 7
    np.testing.assert_array_equal(x, np.ones((3, 1)))


def test_declared_units_refuse_other_data():
    with pytest.raises(ng.errors.DataError, match=r"u: the input should have 2 columns.*got 3"):
        ng.Model(Input(units=2, name="u") >> Reservoir(units=5)).run(np.zeros((4, 3)))


def test_declared_units_let_weights_be_drawn_before_there_are_data():
    model = ng.Model(Input(units=2) >> Reservoir(units=5))
    assert model.params["reservoir"].W_in.shape == (5, 2)
