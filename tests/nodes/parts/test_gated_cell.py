import numpy as np
import pytest
from scipy import sparse

import nodegraph as ng
from nodes import GRU
from nodes.parts.gated_cell import as_dense


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


def test_sparse_weights_become_dense():
    W = sparse.csr_array(np.eye(3))
    np.testing.assert_array_equal(as_dense(W), np.eye(3))
    assert as_dense(np.eye(3)).flags.writeable
