import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_node
from nodes import ForwardUnit, Input, Ridge

U = np.random.default_rng(0).standard_normal((60, 2))


def lorenz_x(steps, seed):
    """Return the first coordinate of Lorenz's system every 0.02 time units, by Runge and Kutta."""

    def flow(s):
        x, y, z = s
        return np.array([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z])

    s, rows, h = np.array([1.0, 1.0, 25.0 + seed]), [], 0.02
    for _ in range(steps + 500):
        a = flow(s)
        b = flow(s + h / 2 * a)
        c = flow(s + h / 2 * b)
        s = s + h / 6 * (a + 2 * b + 2 * c + flow(s + h * c))
        rows.append(s[:1])
    series = np.array(rows[500:])
    return (series - series.mean()) / series.std()


@pytest.mark.parametrize(
    "fields", [{}, {"frozen": True, "fan_in": 3, "features": 2, "lags": 0, "horizon": 2}]
)
def test_it_keeps_the_contract(fields):
    check_node(ForwardUnit(units=7, **fields))


def test_its_outputs_are_those_of_the_equation():
    node = ForwardUnit(units=5, lags=3, fan_in=4, features=3, horizon=2)
    p = node.init(np.random.default_rng(1), 2, 5)
    p = p._replace(
        head=np.random.default_rng(2).standard_normal((5, 8)), skill=np.linspace(0, 1, 5)
    )
    _, ys = node.run(p, node.start(5, 2), U)
    bus = np.zeros((60 + 3, 7))
    y = np.zeros(5)
    for t in range(60):
        bus[t + 3] = [*U[t], *y]
        for i in range(5):
            z = np.array([bus[t + 3 - p.lags[i, j], p.reads[i, j]] for j in range(4)])
            h = np.array([*z, 1, *np.tanh(p.mix[i] @ z + p.shift[i])])
            s = p.skill[i]
            y[i] = 3 * np.tanh((s * p.head[i] @ h + (1 - s) * p.random[i] @ h) / 3)
        np.testing.assert_allclose(ys[t], y, rtol=1e-9, atol=1e-12)


def test_every_unit_reads_an_input_and_forecasts_one():
    p = ForwardUnit(units=50, input_share=0.0).init(np.random.default_rng(0), 3, 50)
    np.testing.assert_array_equal(p.reads[:, 0], p.channel)
    assert p.channel.max() < 3 <= p.reads[:, 1:].min()
    assert p.tau.min() >= 1


def test_frozen_units_keep_their_random_heads():
    model = ng.Model(Input() >> ForwardUnit(units=8, frozen=True) >> Ridge())
    model.fit(U, U[:, :1])
    p = model.params["forward_unit"]
    np.testing.assert_array_equal(p.head, p.random)


def test_a_fit_teaches_the_units_and_then_the_readout():
    u = np.sin(np.arange(500) / 5)[:, None]
    model = ng.Model(Input() >> ForwardUnit(units=10, horizon=9) >> Ridge(), seed=1)
    model.fit(u[:-20], u[20:], warmup=100)
    assert [part["node"] for part in model.report] == ["forward_unit", "ridge"]
    p = model.params["forward_unit"]
    assert np.abs(p.head - p.random).max() > 0.1
    assert p.skill.min() > 0.9
    y = model.reset().run(u[:-20])
    assert np.abs(y - u[20:])[100:].max() < 0.02


def test_a_unit_that_forecasts_gives_out_its_channel_of_later():
    u = np.sin(np.arange(800) / 5)[:, None]
    exact = {"input_share": 1.0, "gate": False, "alpha": 1e-6, "feature_scaling": 0.5}
    model = ng.Model(ForwardUnit(units=6, horizon=8, **exact))
    model.fit(u)
    ys, p = model.reset().run(u), model.params["forward_unit"]
    for i, tau in enumerate(p.tau):
        said = 3 * np.arctanh(ys[200:-tau, i] / 3)  # undo the bound
        np.testing.assert_allclose(said, u[200 + tau :, 0], atol=0.005)


def test_learning_to_forecast_helps_to_forecast_a_hidden_attractor():
    x, ahead = lorenz_x(3600, seed=0), 25
    u, y = x[:-ahead], x[ahead:]

    def error(frozen):
        node = ForwardUnit(units=40, frozen=frozen)
        model = ng.Model(Input() >> node >> Ridge(ridge=1e-4), seed=2)
        model.fit(u[:2500], y[:2500], warmup=100)
        return np.sqrt(np.mean((model.run(u[2500:]) - y[2500:]) ** 2)) / y[2500:].std()

    assert error(frozen=False) < 0.7 * error(frozen=True)


def test_it_needs_an_input():
    with pytest.raises(ng.errors.FieldError, match="forecasts its input, but nothing is wired"):
        ng.Model(ForwardUnit(units=3)).run(steps=4)


@pytest.mark.parametrize(
    "fields",
    [{"kind": "tpc"}, {"units": 0}, {"fan_in": 0}, {"lags": -1}, {"input_share": 2}, {"alpha": 0}],
)
def test_nonsense_is_refused(fields):
    with pytest.raises(ng.errors.FieldError, match=rf"ForwardUnit\.{next(iter(fields))}: should"):
        ForwardUnit(**{"units": 3, **fields})
