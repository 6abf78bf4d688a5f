import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_node, run_node
from nodes import ForwardUnit, Input, Ridge

U = np.random.default_rng(0).standard_normal((60, 2))
ALL = ("state", "prediction", "error")


def unit(**fields):
    return ForwardUnit(kind="dendritic", **fields)


@pytest.mark.parametrize("target", ["drive", "net", "own"])
def test_it_keeps_the_contract(target):
    check_node(unit(units=9, target=target, emits=ALL))


@pytest.mark.parametrize("target", ["drive", "net", "own"])
def test_its_outputs_are_those_of_the_equation(target):
    node = unit(units=5, fan_in=3, leak_rate=0.4, horizon=3, target=target, emits=ALL)
    p = node.init(np.random.default_rng(1), 2, 15)
    _, ys = run_node(node, p, node.start(15), U)
    xs = [np.zeros(5)] * 4
    for t in range(60):
        new, ahead, error = np.zeros((3, 5))
        for i in range(5):
            s = xs[-1][p.reads[i] - 2]
            drive = p.W_in[i] @ U[t] + p.bias[i]
            net, ahead[i] = drive + p.w[i] @ s, p.v[i] @ s
            new[i] = 0.6 * xs[-1][i] + 0.4 * np.tanh(net + p.gain[i] * ahead[i])
            wanted = {"drive": drive, "net": net, "own": new[i]}[target]
            if t >= p.tau[i]:  # before, nothing was foretold
                error[i] = wanted - p.v[i] @ xs[-p.tau[i]][p.reads[i] - 2]
        xs.append(new)
        np.testing.assert_allclose(ys[t], [*new, *ahead, *error], rtol=1e-9, atol=1e-12)


def test_learning_foretells_the_drive():
    u = np.sin(np.arange(4000) / 6)[:, None]

    def error(frozen):
        model = ng.Model(unit(units=30, frozen=frozen, emits=("error",), rate=0.05), seed=1)
        if not frozen:
            model.fit(u)
        return np.sqrt(np.mean(model.reset().run(u)[200:] ** 2))

    assert error(frozen=False) < 0.5 * error(frozen=True)


def test_it_serves_a_readout():
    u = np.sin(np.arange(800) / 6)[:, None]
    model = ng.Model(Input() >> unit(units=20) >> Ridge(ridge=1e-6), seed=1)
    y = model.fit(u[:600], np.roll(u, 3)[:600], warmup=100).run(u[600:])
    assert np.abs(y - np.roll(u, 3)[600:]).max() < 0.05


@pytest.mark.parametrize("fields", [{"target": "input"}, {"horizon": 0}, {"dim": 3}])
def test_nonsense_is_refused(fields):
    with pytest.raises(ng.errors.FieldError, match=rf"ForwardUnit.*{next(iter(fields))}"):
        unit(units=3, **fields)
