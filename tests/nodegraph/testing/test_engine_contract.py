"""The contract of an engine fails on something that breaks it."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines import local
from nodegraph.errors import NodegraphError
from nodegraph.testing import check_engine, interpret
from nodes import Input, Ridge


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
