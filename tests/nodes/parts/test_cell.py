from typing import Any, NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.maths import matvec, tanh
from nodegraph.testing import check_node, check_rule
from nodes import GRU, LSTM, Input, Ridge
from nodes.parts.cell import LearningCell
from nodes.rules import BPTT, TBPTT, EProp

X = np.random.default_rng(0).standard_normal((400, 2))


class Echo(LearningCell):
    """``h[t] = tanh(w h[t-1] + W_in x[t])``: a cell of one's own is its equation.

    Parameters
    ----------
    units : int
        How many.
    """

    class Params(NamedTuple):
        W_in: np.ndarray
        w: np.ndarray
        V: np.ndarray
        offset: np.ndarray
        feedback: np.ndarray

    class State(NamedTuple):
        h: np.ndarray
        past: Any = ()

    units: int = 4

    @property
    def width(self):
        return self.units

    @property
    def weights(self):
        return ("W_in", "w")

    def init(self, rng, n_in, n_out):
        W_in = rng.standard_normal((self.units, n_in))
        return self.Params(W_in, np.full(self.units, 0.5), *self.draw_head(rng, n_in, n_out))

    def start(self, n_out, n_in=0):
        return self.remembers(self.State(np.zeros(self.units)), n_in)

    def moved(self, params, state, x):
        return state._replace(h=tanh(params.w * state.h + matvec(params.W_in, x)))


def test_a_cell_of_ones_own_learns_by_its_equation():
    cell = Echo()
    check_node(cell)
    check_rule(cell.rule, cell)


def test_it_gives_out_what_it_foresees_and_how_wrong_it_was():
    model = ng.Model(LSTM(units=5, emits=("error", "h", "prediction")), seed=1).fit(X)
    h, said, wrong = np.split(model.reset().run(X), [5, 7], axis=1)
    p = model.params["lstm"]
    np.testing.assert_allclose(said, h @ p.V.T + p.offset, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(wrong[1:], X[1:] - said[:-1], rtol=1e-10, atol=1e-12)


def test_frozen_only_the_head_learns():
    before = ng.Model(GRU(units=5, frozen=True), seed=1)
    after = before.clone(seed=1).fit(X).params["gru"]
    drawn = before.run(X[:1]), before.params["gru"]
    for name in ("W", "W_in", "bias", "feedback"):
        np.testing.assert_array_equal(getattr(after, name), getattr(drawn[1], name))
    assert np.abs(after.V).max() > 0


def test_without_a_rule_there_is_no_head():
    p = GRU(units=5, rule=None).init(np.random.default_rng(0), 2, 5)
    assert p.V.shape == (0, 5)
    assert ng.Model(GRU(units=5, rule=None)).run(steps=3).shape == (3, 5)


def test_what_learns_is_a_reservoir_to_the_readout_behind_it():
    u = np.sin(np.arange(500) / 4)[:, None]
    model = ng.Model(Input() >> GRU(units=20) >> Ridge(ridge=1e-6), seed=1)
    model.fit(u[:-1], u[1:], warmup=20)
    np.testing.assert_allclose(model.run(u[:-1])[-100:], u[-100:], atol=0.02)


def test_its_rule_comes_back_from_a_file(tmp_path):
    model = ng.Model(GRU(units=3, rule=TBPTT(steps=4, rate=0.01)), seed=1).fit(X)
    model.save(tmp_path / "cell.safetensors")
    again = ng.load(tmp_path / "cell.safetensors")
    assert again.graph.nodes[0].rule == TBPTT(steps=4, rate=0.01)
    np.testing.assert_array_equal(again.partial_fit(X), model.partial_fit(X))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"rule": None, "frozen": True}, "frozen would have no effect, for rule is None"),
        ({"rule": None, "emits": "error"}, "one or more of h .*; a head needs a rule"),
        ({"rule": BPTT(), "emits": "h"}, "taught by BPTT gives out its prediction"),
        ({"rule": ng.Rule}, "is the class itself|should be"),
    ],
)
def test_bad_fields_are_told(fields, said):
    with pytest.raises(ng.errors.FieldError, match=said):
        GRU(units=3, **fields)


def test_it_needs_an_input():
    with pytest.raises(ng.errors.FieldError, match=r"GRU foresees .* nothing is wired.*rule=None"):
        ng.Model(GRU(units=3)).run(steps=4)


def test_the_rule_of_a_cell_is_refused_by_other_nodes():
    with pytest.raises(ng.errors.ContractError, match=r"EProp teaches a cell: write LSTM\(rule="):
        EProp().begin(GRU(units=3).init(np.random.default_rng(0), 2, 3))


def test_raw_input_is_warned_of():
    x = 100 + np.random.default_rng(0).standard_normal((30, 2))
    assert "put a Scaler in front" in GRU(units=2).doubts(x, x, None)[0]
