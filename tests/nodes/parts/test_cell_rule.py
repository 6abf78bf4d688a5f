import numpy as np
import pytest

import nodegraph as ng
from nodes import GRU, LSTM, Dense
from nodes.parts.cell_rule import by_unit
from nodes.rules import EProp


def test_numbers_of_units_are_repeated_gate_by_gate():
    v = np.array([1.0, 10.0])
    np.testing.assert_array_equal(by_unit(v, np.ones((4, 1)))[:, 0], [1, 10, 1, 10])
    np.testing.assert_array_equal(by_unit(v, np.ones((3, 2)), axis=1), [[1, 10]] * 3)


def test_it_says_what_it_changes_of_which_cell():
    free = EProp().of(LSTM(units=2, variant="peephole"))
    assert free.moving == ("W_in", "W", "bias", "peephole", "V", "offset")
    assert EProp().of(GRU(units=2, frozen=True)).moving == ("V", "offset")
    assert free == EProp()


def test_another_node_is_refused():
    with pytest.raises(ng.errors.GraphError, match=r"EProp teaches a cell, which Dense is not; "):
        ng.Model(Dense(units=2, rule=EProp()))
