"""The contract of an engine fails on something that breaks it."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines import local
from nodegraph.errors import NodegraphError
from nodegraph.testing import check_engine, interpret
from nodes import TD, Input, Ridge


class Late:
    """An engine that gives everything one step late."""

    def execute(self, plan, slots, chunks, work):
        for outputs in local.execute(plan, slots, chunks, work):
            yield {name: np.roll(rows, 1, axis=0) for name, rows in outputs.items()}


class Forgetful:
    """An engine that loses the states between calls."""

    def execute(self, plan, slots, chunks, work):
        before = {name: slot.state for name, slot in slots.items()}
        yield from local.execute(plan, slots, chunks, work)
        for name, slot in slots.items():
            slot.state = before[name]


@pytest.mark.parametrize("engine", [Late(), Forgetful()], ids=["late", "forgetful"])
def test_an_engine_that_breaks_the_contract_fails(engine):
    def broken(seed):
        try:
            check_engine(engine, seed=seed)
        except (AssertionError, NodegraphError):
            return True
        return False

    assert sum(broken(seed) for seed in range(12)) >= 6


def test_parameters_that_arrive_are_those_of_the_step():
    """y = W_out[t] x[t], both of them data."""
    u, w, readout = Input(name="u"), Input(name="w"), Ridge(units=1, name="readout")
    model = ng.Model((u >> readout) & (w >> readout["W_out"]))
    rng = np.random.default_rng(3)
    data = {"u": rng.normal(size=(9, 2)), "w": rng.normal(size=(9, 2))}
    model.run(data)
    said, _ = interpret(model, data, 9)
    expected = (data["u"] * data["w"]).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(said["readout"], expected, atol=1e-15)


def test_what_the_rule_alone_hears_is_no_signal_of_the_step():
    """The first step of TD is W += rate r x, from weights of 0 and before any trace."""
    u, r = Input(name="u"), Input(name="r")
    td = TD(units=1, rate=0.1, trace_decay=0.0, fit_bias=False, name="td")
    graph = (u >> td) & (r >> td["reward"])
    x, reward = np.array([[1.0, -2.0], [0.5, 0.0]]), np.array([[0.0], [3.0]])
    model = ng.Model(graph)
    model.partial_fit({"u": x, "r": reward})
    fresh = ng.Model(graph)
    fresh.partial_fit({"u": x[:1], "r": reward[:1]})  # no step came before: nothing is learned
    assert not fresh.params["td"].W_out.any()
    _, params = interpret(fresh, {"u": x, "r": reward}, 2, {"td": [None, None]})
    np.testing.assert_array_equal(params["td"].W_out, model.params["td"].W_out)
    np.testing.assert_allclose(params["td"].W_out, [0.1 * 3.0 * x[0]])
