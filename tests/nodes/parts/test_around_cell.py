import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_node, check_rule, run_node
from nodes import (
    CTRNN,
    HMLSTM,
    LSTM,
    LTC,
    CfC,
    Input,
    Ponder,
    PredictiveCell,
    Reservoir,
    SkipRNN,
    Zoneout,
)
from nodes.rules import TBPTT, EProp
from nodes.wirings import auto_ncp

X = np.random.default_rng(0).standard_normal((60, 2))
DT = np.random.default_rng(1).uniform(0.1, 3, (60, 1))
ENDS = (np.random.default_rng(2).random((60, 1)) < 0.2) * 1.0


def test_what_stands_around_a_cell_learns_as_the_cell_says():
    inside = LSTM(units=3, rule=TBPTT(steps=5, batch=5), emits="prediction")
    for around in (Zoneout(cell=inside), SkipRNN(cell=inside), SkipRNN(cell=Zoneout(cell=inside))):
        assert around.learner.moving == inside.learner.moving
        model = ng.Model(around, seed=1).fit(X)
        assert model.run(X).shape == (60, 2)
        assert around.cost(2, 3) == inside.cost(2, 3)


def transparent(cell):
    """Return nodes around a cell that leave it as it is."""
    return Zoneout(cell=cell, p=0.0), SkipRNN(cell=cell, budget=1.0), Ponder(cell=cell, limit=1)


@pytest.mark.parametrize(
    ("cell", "ports"),
    [
        (CfC(units=4, backbone=(6,), rule=EProp()), {"dt": DT}),
        (CTRNN(units=4, solver="exponential", start="random", rule=EProp()), {"dt": DT}),
        (HMLSTM(units=2, boundaries="told"), {"boundary": ENDS}),
        (LSTM(units=4), {"update": ENDS}),
        (PredictiveCell(units=4, leak_rate=0.5), {"update": ENDS}),
        (LTC(wiring=auto_ncp(8, 2), unfolds=2, rule=EProp()), {"dt": DT}),
    ],
)
def test_it_has_the_ports_of_the_cell_inside(cell, ports):
    inputs = [Input(name=port) for port in ports]

    def model(node):
        wired = Input(name="x") >> node
        for source in inputs:
            wired &= source >> node[source.name]
        return ng.Model(wired, seed=1)

    given = cell.model_copy(update={"name": "cell"})
    expected = model(given).run({"x": X, **ports})
    others = {port: rows[::-1] for port, rows in ports.items()}
    assert not np.allclose(model(given).run({"x": X, **others}), expected)
    for node in transparent(cell):
        named = node.model_copy(update={"name": "cell"})  # so that the draws are the same
        assert named.ports == given.ports and named.limits == given.limits
        np.testing.assert_allclose(model(named).run({"x": X, **ports}), expected, rtol=1e-12)


def test_what_is_no_cell_is_named_in_few_words():
    with pytest.raises(ng.errors.FieldError, match=r"should be a cell, .* \(got Reservoir\)$"):
        Zoneout(cell=Reservoir(units=3))
    with pytest.raises(ng.errors.FieldError, match=r"\(got an array of shape \(3000,\)\)"):
        Zoneout(cell=np.zeros(3000))


def test_a_port_of_the_cell_inside_keeps_its_bounds():
    node = Zoneout(cell=CTRNN(units=3, rule=EProp()))
    graph = (Input(name="x") >> node) & (Input(name="dt") >> node["dt"])
    with pytest.raises(ng.errors.DataError, match="dt should be above 0"):
        ng.Model(graph, seed=1).run({"x": X, "dt": -DT})


def test_a_boundary_that_is_told_must_be_wired():
    node = SkipRNN(cell=HMLSTM(units=2, boundaries="told"))
    with pytest.raises(ng.errors.FieldError, match="nothing is wired to the port boundary"):
        ng.Model(Input() >> node, seed=1).run(X)


def test_chance_inside_is_drawn_too():
    inside = Zoneout(cell=LSTM(units=3), p=0.5)
    rng = np.random.default_rng
    own, whole = (node.draw_noise(rng(0), 60, 3) for node in (inside, Zoneout(cell=inside, p=0.25)))
    assert own.shape == (60, 6) and whole.shape == (60, 12)
    for node in (SkipRNN(cell=inside, budget=1.0), Ponder(cell=inside, limit=1)):
        np.testing.assert_array_equal(node.draw_noise(rng(0), 60, 3), own)
        params = node.init(rng(1), 2, 3)
        found = run_node(node, params, node.start(3, 2), X, noise=own)[1]
        expected = run_node(inside, params, inside.start(3, 2), X, noise=own)[1]
        np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("around", [Zoneout, SkipRNN, Ponder])
def test_around_a_cell_with_ports_it_keeps_the_contract(around):
    node = around(cell=CTRNN(units=2, solver="exponential", rule=EProp()))
    check_node(node)
    check_rule(node.rule, node, ports={"dt": 1})
