import copy
import pickle
import warnings
from typing import ClassVar

import numpy as np
import pytest
from scipy.sparse import issparse

import nodegraph as ng
from nodegraph.errors import FieldError, GraphError
from nodegraph.graph.parameter_ports import driven
from nodegraph.testing import check_node
from nodes import (
    CTRNN,
    GRU,
    HMLSTM,
    LSTM,
    LTC,
    MTRNN,
    RLS,
    CfC,
    ClockworkRNN,
    Dense,
    Input,
    Reservoir,
    Ridge,
)
from nodes.rules import BPTT, TBPTT, EProp, Oja

RNG = np.random.default_rng(0)
U, H = RNG.standard_normal((40, 3)), RNG.standard_normal((40, 6))


def readout(**fields):
    node = Ridge(units=2, name="readout", **fields)
    return (Input(name="u") >> node) & (Input(name="h") >> node["W_out"])


def test_contract():
    check_node(driven(Dense(units=4), ["W_in"], "dense"), ports={"W_in": 12})


def test_what_arrives_stands_in_for_the_array_at_every_step():
    model = ng.Model(readout())
    whole = model.run({"u": U, "h": H})
    np.testing.assert_allclose(whole, np.einsum("toi,ti->to", H.reshape(40, 2, 3), U), rtol=1e-12)
    again = ng.Model(readout())
    steps = [again.step({"u": u, "h": h}) for u, h in zip(U, H, strict=True)]
    assert np.array_equal(steps, whole)
    lists = again.run({"u": [U, U[:5]], "h": [H, H[:5]]})
    assert np.array_equal(lists[0], whole) and np.array_equal(lists[1], whole[:5])


def test_two_arrays_of_one_node():
    node = Ridge(units=2, name="readout")
    graph = (Input(name="u") >> node) & (Input(name="h") >> node["W_out"])
    graph = graph & (Input(name="b") >> node["bias"])
    b = RNG.standard_normal((40, 2))
    y = ng.Model(graph).run({"u": U, "h": H, "b": b})
    expected = np.einsum("toi,ti->to", H.reshape(40, 2, 3), U) + b
    np.testing.assert_allclose(y, expected, rtol=1e-12)


def test_a_loop_whose_weights_arrive():
    r = Reservoir(units=2, connectivity=1.0, leak_rate=0.5, bias_scaling=0, name="r")
    graph = (Input(name="u") >> r) & (Input(name="W") >> r["W"])
    W = 0.3 * RNG.standard_normal((40, 4))
    model = ng.Model(graph, seed=1)
    y = model.run({"u": U, "W": W})
    x, W_in = np.zeros(2), model.params["r"].W_in
    for t in range(40):
        x = 0.5 * x + 0.5 * np.tanh(W[t].reshape(2, 2) @ x + W_in @ U[t])
        np.testing.assert_allclose(y[t], x, rtol=1e-10)


class Drift(ng.Rule):
    """A rule that is not registered: each bias grows by 1 a step."""

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("bias",)

    def update(self, params, memory, seen):
        return params._replace(bias=params.bias + 1), memory


def test_a_rule_of_ones_own_learns_beside_an_array_that_arrives():
    node = Dense(units=2, activation="identity", rule=Drift(), name="dense")
    graph = (Input(name="u") >> node) & (Input(name="h") >> node["W_in"])
    model = ng.Model(graph, seed=1)
    y = model.partial_fit({"u": U, "h": H})
    expected = np.einsum("toi,ti->to", H.reshape(40, 2, 3), U)
    expected += (model.params["dense"].bias - 40) + np.arange(40)[:, None]
    np.testing.assert_allclose(y, expected, rtol=1e-12)


def test_it_is_copied_and_sent():
    model = ng.Model(readout(), seed=1)
    expected = model.run({"u": U, "h": H})
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert np.array_equal(again.reset().run({"u": U, "h": H}), expected)


def test_a_model_file_keeps_the_edge(tmp_path):
    model = ng.Model(readout(), seed=1)
    expected = model.run({"u": U, "h": H})
    model.save(tmp_path / "m.safetensors")
    again = ng.load(tmp_path / "m.safetensors").reset()
    assert np.array_equal(again.run({"u": U, "h": H}), expected)


def test_what_cannot_arrive_is_refused():
    with pytest.raises(FieldError, match=r"5 signals arrive at the port W_out, .* 2 x 3 = 6 numb"):
        ng.Model(readout()).run({"u": U, "h": H[:, :5]})
    with pytest.raises(GraphError, match=r"has no port 'V'; it has x.* parameters W_out, bias"):
        Input() >> Ridge()["V"]
    sparse = Reservoir(units=20, name="r")
    graph = (Input(name="u") >> sparse) & (Input(name="h") >> sparse["W"])
    with pytest.raises(FieldError, match="W is sparse, so no edge can bring it"):
        ng.Model(graph).run({"u": U, "h": H})


def test_what_learns_by_itself_cannot_arrive_as_well():
    node = Reservoir(units=2, connectivity=1.0, rule=Oja(weights="W"), name="r")
    with pytest.raises(GraphError, match="r: Oja changes W, and W arrives by an edge too; leave"):
        ng.Model((Input(name="u") >> node) & (Input(name="h") >> node["W"]))


@pytest.mark.parametrize("kind", [Ridge, RLS])
def test_a_readout_whose_weights_arrive_takes_no_target(kind):
    node = kind(units=2, name="readout")
    graph = (Input(name="u") >> node) & (Input(name="h") >> node["W_out"])
    with pytest.raises(ng.errors.DataError, match="no node learns"):
        ng.Model(graph).fit({"u": U, "h": H}, U[:, :2])


def test_weights_of_a_gated_cell_arrive():
    """``h = (1 - z) h + z n``, each step by the weights of that step."""
    cell = GRU(units=2, rule=None, name="cell")
    graph = (Input(name="u") >> cell) & (Input(name="W") >> cell["W"])
    W = 0.5 * RNG.standard_normal((40, 12))
    model = ng.Model(graph, seed=1)
    with warnings.catch_warnings():  # compiled, that is
        warnings.simplefilter("error")
        y = model.run({"u": U, "W": W})
    params, h = model.params["cell"], np.zeros(2)
    for t, rows in enumerate(W.reshape(40, 6, 2)):
        heard = params.W_in @ U[t] + params.bias
        r, z = (1 / (1 + np.exp(-(heard[s] + rows[s] @ h))) for s in (slice(2), slice(2, 4)))
        h = (1 - z) * h + z * np.tanh(heard[4:] + rows[4:] @ (r * h))
        np.testing.assert_allclose(y[t], h, rtol=1e-10)
    lists = model.run({"u": [U, U[:5]], "W": [W, W[:5]]})
    assert np.array_equal(lists[0], y) and np.array_equal(lists[1], y[:5])


CELLS = [CTRNN, CfC, ClockworkRNN, GRU, HMLSTM, LSTM, LTC, MTRNN]


@pytest.mark.parametrize("kind", CELLS)
def test_arrays_of_all_cells_arrive(kind):
    fields = {"units": 4, "rule": None}
    cell = kind(**fields, name="cell")
    held = ng.Model(Input() >> kind(**fields, name="cell"), seed=1)
    expected = held.run(U[:8])
    array = next(a for a in held.params["cell"]._fields if not issparse(_of(held, a)))
    rows = np.tile(_of(held, array).ravel(), (8, 1)).astype(float)
    graph = (Input(name="u") >> cell) & (Input(name="a") >> cell[array])
    np.testing.assert_allclose(
        ng.Model(graph, seed=1).run({"u": U[:8], "a": rows}), expected, rtol=1e-12
    )


def _of(model, array):
    return getattr(model.params["cell"], array)


@pytest.mark.parametrize("rule", [EProp(), TBPTT(steps=3), EProp(learns="target"), BPTT(steps=3)])
def test_a_cell_that_learns_does_so_from_the_arrays_it_holds(rule):
    cell = GRU(units=2, frozen=True, rule=rule, name="cell")
    with pytest.raises(GraphError, match=r"cell: W arrives by an edge.* write rule=None"):
        ng.Model((Input(name="u") >> cell) & (Input(name="W") >> cell["W"]))
