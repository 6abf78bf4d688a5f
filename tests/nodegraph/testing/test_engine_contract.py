"""The contract of an engine fails on something that breaks it."""

import numpy as np
import pytest

from nodegraph.engines import local
from nodegraph.errors import NodegraphError
from nodegraph.testing import check_engine


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
