import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.testing import check_node, run_node
from nodes import Input, MemN2N


@pytest.mark.parametrize("hops", [1, 3])
def test_contract(hops):
    check_node(MemN2N(slots=3, hops=hops, units=5), n_in=4, ports={"question": 2})


def by_hand(node, E, facts, asked):
    """Return the equations over a list of facts, without a ring."""
    told, rows = [], []
    for x, q in zip(facts, asked, strict=True):
        if x.any():
            told = [*told, x][-node.slots :]
        u, o = E[0] @ q, np.zeros(node.units)
        for k in range(node.hops):
            u = u + o
            if told:
                about, says = np.split(np.array(told), 2, axis=1)
                age = np.arange(len(told))[::-1]
                p = np.exp(node.sharpness * about @ E[k].T @ u - node.recency * age)
                o = E[k + 1] @ (says.T @ (p / p.sum()))
        rows.append(np.concatenate([u, o]))
    return np.array(rows)


@pytest.mark.parametrize("hops", [1, 2, 3])
def test_it_is_the_memory_of_the_equations(hops):
    rng = np.random.default_rng(hops)
    node = MemN2N(slots=4, hops=hops, units=6, sharpness=2.0, recency=0.3)
    params = node.init(rng, 6, 12, question=3)
    facts, asked = rng.standard_normal((12, 6)), rng.standard_normal((12, 3))
    facts[[0, 3, 7]] = 0
    _, ys = run_node(node, params, node.start(12, 6), facts, question=asked)
    np.testing.assert_allclose(ys, by_hand(node, params.E, facts, asked), rtol=1e-10, atol=1e-12)
    assert not ys[0, 6:].any()


def test_ports_of_another_width_are_refused():
    facts, asked, node = Input(name="facts"), Input(name="asked"), MemN2N(slots=3)
    with pytest.raises(FieldError, match="nothing is wired to the port question; write source"):
        ng.Model(facts >> node).run(np.ones((4, 2)))
    graph = (facts >> node) & (asked >> node["question"])
    with pytest.raises(FieldError, match=r"5 signals arrive as facts \(port x\), 2 at the por"):
        ng.Model(graph).run({"facts": np.ones((4, 5)), "asked": np.ones((4, 2))})
