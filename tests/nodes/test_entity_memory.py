import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.testing import check_node, run_node
from nodes import EntityMemory, Input

KEYS = [[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]


@pytest.mark.parametrize("fields", [{}, {"hops": 2, "content": 1.0}])
def test_contract(fields):
    check_node(EntityMemory(units=5, **fields), n_in=4, ports={"question": 2})


def by_hand(node, params, facts, asked):
    """Return the equations slot by slot, by the update of the paper with U = R - I and V = 0."""
    E, R, w = params
    U, h, rows = R - np.eye(len(R)), np.zeros(w.shape), []
    for x, q in zip(facts, asked, strict=True):
        a, b = np.split(x, 2)
        for j in range(len(w)) if x.any() else ():
            s = E @ a
            g = 1 / (1 + np.exp(-node.sharpness * (s @ w[j] + node.content * s @ h[j] - 0.5)))
            h[j] += g * (U @ h[j] + E @ b)
            h[j] /= max(1, np.sqrt(np.sum(h[j] ** 2)))
        u, row = E @ q, []
        for _ in range(node.hops):
            p = np.exp(node.sharpness * w @ u)
            u = h.T @ (p / p.sum())
            row.append(u)
        rows.append(np.concatenate(row))
    return np.array(rows)


@pytest.mark.parametrize(("hops", "keys"), [(1, None), (3, KEYS)])
def test_it_is_the_memory_of_the_equations(hops, keys):
    rng = np.random.default_rng(hops)
    node = EntityMemory(hops=hops, units=6, keys=keys, sharpness=2.0, content=0.7)
    params = node.init(rng, 6, node.declared_size, question=3)
    facts, asked = rng.standard_normal((12, 6)), rng.standard_normal((12, 3))
    facts[[0, 3, 7]] = 0
    _, ys = run_node(node, params, node.start(6 * hops, 6), facts, question=asked)
    np.testing.assert_allclose(ys, by_hand(node, params, facts, asked), rtol=1e-10, atol=1e-12)
    assert not ys[0].any()


def test_a_fact_changes_the_slot_that_it_is_about_and_no_other():
    node, rng = EntityMemory(units=200), np.random.default_rng(0)
    params, start = node.init(rng, 8, 200, question=4), node.start(200, 8)
    fact = np.eye(8)[[1]] + np.eye(8)[[6]]
    state, _ = run_node(node, params, start, fact, question=np.zeros((1, 4)))
    np.testing.assert_allclose(state.h[1], params.E[:, 2], atol=1e-5)
    assert abs(state.h[[0, 2, 3]]).max() < 1e-3


def test_ports_and_keys_of_another_width_are_refused():
    facts, asked = Input(name="facts"), Input(name="asked")
    data = {"facts": np.ones((4, 4)), "asked": np.ones((4, 2))}
    with pytest.raises(FieldError, match=r"facts \(port x\), 0 at the port question; wire facts"):
        ng.Model(facts >> EntityMemory()).run(np.ones((4, 2)))
    node = EntityMemory(keys=KEYS)
    with pytest.raises(FieldError, match="keys are of 3 words, the question of 2"):
        ng.Model((facts >> node) & (asked >> node["question"])).run(data)
