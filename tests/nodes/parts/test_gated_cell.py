import numpy as np
import pytest
from scipy import sparse

import nodegraph as ng
from nodegraph.testing import check_node, check_rule
from nodes import GRU, LSTM, MTRNN, ClockworkRNN, Input, Zoneout
from nodes.parts.gated_cell import as_dense
from nodes.rules import RFLO, TBPTT, EProp
from nodes.wirings import Given, auto_ncp, fully_connected

RNG = np.random.default_rng(0)


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


WIRING = auto_ncp(12, 3, seed=3)
WIRED = [
    LSTM(wiring=WIRING),
    LSTM(wiring=WIRING, variant="coupled"),
    GRU(wiring=WIRING),
    GRU(wiring=WIRING, reset="after"),
    MTRNN(wiring=WIRING, tau=3.0),
    ClockworkRNN(wiring=fully_connected(12, self_connections=False), periods=[1, 2, 4]),
]


def there(cell, n_in):
    """Return the signs of each gate's W and W_in, from the wiring alone."""
    signs = cell.wiring.signs(n_in)
    W = signs.recurrent.T
    if isinstance(cell, ClockworkRNN):
        W = W * np.kron(np.triu(np.ones((3, 3))), np.ones((4, 4)))
    k = len(cell.gates)
    return np.concatenate([W] * k), np.concatenate([signs.sensory.T] * k)


@pytest.mark.parametrize("cell", [WIRED[3], WIRED[5]], ids=["GRU", "ClockworkRNN"])
def test_a_wired_cell_keeps_the_contract(cell):
    check_node(cell)
    check_rule(cell.rule, cell)


@pytest.mark.parametrize("cell", WIRED, ids=lambda cell: type(cell).__name__)
def test_weights_have_the_signs_of_the_wiring_where_it_has_synapses(cell):
    W, W_in = there(cell, 2)
    drawn = cell.init(np.random.default_rng(0), 2, 12)
    np.testing.assert_array_equal(np.sign(drawn.W), W)
    np.testing.assert_array_equal(np.sign(drawn.W_in), W_in)


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        (WIRED[0], EProp(batch=10)),
        (WIRED[2], RFLO(batch=10)),
        (WIRED[4], TBPTT(steps=5, batch=10)),
        (WIRED[5], EProp(batch=10)),
        (Zoneout(cell=WIRED[4]), None),
    ],
)
def test_learning_moves_synapses_and_adds_none(cell, rule):
    inner = getattr(cell, "cell", cell)
    first = inner.init(np.random.default_rng(0), 2, 12)
    given = inner.model_copy(
        update={"W": first.W, "W_in": first.W_in} | ({"rule": rule} if rule else {})
    )
    around = given if rule else cell.model_copy(update={"cell": given})
    model = ng.Model(Input() >> around.model_copy(update={"name": "cell"}), seed=1)
    model.fit(np.random.default_rng(1).standard_normal((100, 2)))
    for name, signs in zip(("W", "W_in"), there(inner, 2), strict=True):
        before, after = getattr(first, name), getattr(model.params["cell"], name)
        np.testing.assert_array_equal((after != before) & (signs == 0), False)
        assert (after != before)[signs != 0].mean() > 0.5


def test_what_a_unit_hears_is_as_strong_however_many_it_hears():
    wiring = fully_connected(300, self_connections=False)
    p = GRU(wiring=wiring, recurrent_scaling=0.5, input_scaling=2.0).init(
        np.random.default_rng(0), 100, 300
    )
    np.testing.assert_allclose((p.W**2).sum(axis=1).mean(), 0.25, rtol=0.02)
    np.testing.assert_allclose((p.W_in**2).sum(axis=1).mean(), 4, rtol=0.02)


def test_arrays_beside_a_wiring_are_used_as_they_stand():
    W = np.arange(144.0).reshape(12, 12)
    p = MTRNN(wiring=WIRING, W=W).init(np.random.default_rng(0), 2, 12)
    np.testing.assert_array_equal(p.W, W)
    np.testing.assert_array_equal(p.W_in != 0, WIRING.masks(2).sensory.T != 0)


def test_a_wired_cell_is_written_and_read_and_wired_by_a_graph():
    cell = GRU(wiring=WIRING)
    assert cell.declared_size == 12
    assert GRU(**cell.as_given()).wiring == WIRING
    graph = WIRING.graph(2)
    np.testing.assert_array_equal(
        GRU(wiring=graph).init(np.random.default_rng(0), 2, 12).W,
        cell.init(np.random.default_rng(0), 2, 12).W,
    )


LONE = Given(recurrent=np.diag([1.0], 1), sensory=np.array([[1.0, 0]]))  # 0 drives 1


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: GRU(units=3, wiring=WIRING), "wiring: it has 12 neurons, not 3"),
        (lambda: GRU(wiring=LONE).init(RNG, 2, 2), "it has 1 inputs, but 2 signals arrive"),
        (
            lambda: ClockworkRNN(wiring=LONE, periods=[1, 2]).init(RNG, 1, 2),
            "no input reaches neuron 1 of 2 by any path",
        ),
        (
            lambda: MTRNN(wiring=LONE, W=np.eye(2), W_in=np.eye(2), frozen=True),
            "wiring would have no effect, for W and W_in are given, and do not learn",
        ),
    ],
)
def test_a_wiring_that_does_not_fit_is_told(make, said):
    with pytest.raises(ng.errors.FieldError, match=said):
        make()
