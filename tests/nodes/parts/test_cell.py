from typing import NamedTuple

import numpy as np
import pytest
from scipy import sparse

import nodegraph as ng
from nodegraph.testing import check_node
from nodes import GRU
from nodes.parts.cell import Cell, as_dense


class Sums(Cell):
    """``h[t] = h[t-1] + x[t]``, of the first inputs.

    Parameters
    ----------
    units : int
        How many.
    """

    class State(NamedTuple):
        h: np.ndarray

    units: int = 2

    @property
    def size_of_state(self):
        return self.units

    def start(self, n_out):
        return self.State(np.zeros(self.units))

    def moved(self, params, state, x):
        return self.State(state.h + x[: self.units])


def test_a_cell_is_an_equation_and_its_state():
    check_node(Sums())
    np.testing.assert_array_equal(ng.Model(Sums()).run(np.ones((3, 2)))[:, 0], [1, 2, 3])


def test_weights_are_drawn_as_the_fields_say():
    cell = GRU(units=40, input_scaling=0.5, recurrent_scaling=0.8, bias_scaling=2.0)
    p = cell.init(np.random.default_rng(0), 9, 40)
    assert p.W_in.std() == pytest.approx(0.5 / 3, rel=0.1)
    assert p.bias.std() == pytest.approx(2, rel=0.2)
    for gate in np.split(p.W, 3):
        np.testing.assert_allclose(gate @ gate.T, 0.64 * np.eye(40), atol=1e-12)


def test_a_scaling_beside_weights_that_are_given_is_refused():
    with pytest.raises(ng.errors.FieldError, match="no effect, for W is given"):
        GRU(W=np.ones((3, 1)), recurrent_scaling=0.5)


def test_raw_input_is_warned_of():
    x = 100 + np.random.default_rng(0).standard_normal((30, 2))
    assert "put a Scaler in front" in GRU(units=2).doubts(x, x, None)[0]


def test_sparse_weights_become_dense():
    W = sparse.csr_array(np.eye(3))
    np.testing.assert_array_equal(as_dense(W), np.eye(3))
    assert as_dense(np.eye(3)).flags.writeable
