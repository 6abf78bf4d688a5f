import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_node, run_node
from nodes import ForwardUnit, Input, Ridge

U = np.random.default_rng(0).standard_normal((60, 2))
ALL = ("state", "prediction", "error")


def unit(**fields):
    return ForwardUnit(kind="attention", **fields)


@pytest.mark.parametrize("fields", [{}, {"units": 7, "emits": ALL, "span": 3}, {"span": 1}])
def test_it_keeps_the_contract(fields):
    check_node(unit(**{"units": 20, **fields}))


def softmax(logits):
    grown = np.exp(logits - logits.max())
    return grown / grown.sum()


def test_its_outputs_are_those_of_the_equation():
    node = unit(units=4, dim=2, fan_in=3, keys=2, span=4, leak_rate=0.3, emits=ALL)
    rng = np.random.default_rng(1)
    p = node.init(rng, 2, node.declared_size)
    p = p._replace(P=rng.standard_normal(p.P.shape), b=rng.standard_normal(p.b.shape))
    _, ys = run_node(node, p, node.start(16), U)
    x, history, told = np.zeros((2, 2)), [np.zeros((2, 3))] * 3, np.zeros((2, 3))
    for t in range(60):
        bus = np.concatenate([U[t], x.ravel()])
        history.append(bus[p.reads])
        for i in range(2):
            B = np.array([history[-1 - j][i] for j in range(4)])
            a = softmax(np.array([(p.Q[i] @ B[0]) @ (p.K[i] @ b) / np.sqrt(2) for b in B]) + p.b[i])
            v = np.concatenate([a @ B, B[0]])
            x[i] = 0.7 * x[i] + 0.3 * np.tanh(p.V[i] @ v + p.bias[i])
            error, told[i] = B[0] - told[i], p.P[i] @ v
            at = 4 + 6 + 3 * i
            np.testing.assert_allclose(ys[t, at : at + 3], error, rtol=1e-8, atol=1e-10)
        expected = np.concatenate([x.ravel(), told.ravel()])
        np.testing.assert_allclose(ys[t, :10], expected, rtol=1e-9, atol=1e-12)


def test_cells_learn_where_to_look():
    """The input repeats what it was three steps ago, so the cell must look two steps back."""
    rng = np.random.default_rng(3)
    u = np.tile(rng.standard_normal((3, 1)), (2000, 1)) + 0.01 * rng.standard_normal((6000, 1))
    for step in range(3, 6000):  # a new pattern now and then
        u[step] = rng.standard_normal() if rng.random() < 0.05 else u[step - 3]
    model = ng.Model(unit(units=10, fan_in=1, input_share=1.0, span=4, rate=0.05), seed=1)
    model.fit(u)
    params = model.params["forward_unit"]
    assert (params.b.argmax(axis=1) == 2).all()


def test_learning_predicts_better_than_the_mean():
    u = np.sin(np.arange(4000) / 5)[:, None]
    model = ng.Model(unit(units=20, input_share=1.0, emits=("error",)), seed=1)
    model.fit(u)
    assert np.sqrt(np.mean(model.reset().run(u)[200:] ** 2)) < 0.2 * u.std()


def test_it_serves_a_readout():
    u = np.sin(np.arange(800) / 6)[:, None]
    model = ng.Model(Input() >> unit(units=20) >> Ridge(ridge=1e-6), seed=1)
    y = model.fit(u[:600], np.roll(u, 3)[:600], warmup=100).run(u[600:])
    assert np.abs(y - np.roll(u, 3)[600:]).max() < 0.05
