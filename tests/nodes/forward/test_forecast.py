import numpy as np
import pytest

import nodegraph as ng
from nodegraph import datasets
from nodegraph.testing import check_node, run_node
from nodes import ForwardUnit, Input, Ridge

U = np.random.default_rng(0).standard_normal((60, 2))
ALL = ("state", "prediction", "error")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"emits": ALL, "reach": 3, "horizon": 2, "fan_in": 4, "features": 3},
        {"frozen": True, "fan_in": 3, "features": 2, "reach": 1, "horizon": 2, "bus": False},
    ],
)
def test_it_keeps_the_contract(fields):
    check_node(ForwardUnit(units=7, kind="forecast", **fields))


def test_its_outputs_are_those_of_the_equation():
    node = ForwardUnit(units=5, reach=4, fan_in=4, features=3, horizon=2, emits=ALL)
    p = node.init(np.random.default_rng(1), 2, 15)
    p = p._replace(
        head=np.random.default_rng(2).standard_normal((5, 8)), skill=np.linspace(0, 1, 5)
    )
    _, ys = run_node(node, p, node.start(15, 2), U)
    bus, h = np.zeros((60 + 3, 7)), np.zeros((60, 5, 8))
    y = np.zeros(5)
    for t in range(60):
        bus[t + 3] = [*U[t], *y]
        expected = np.zeros((3, 5))
        for i in range(5):
            z = np.array([bus[t + 3 - p.lags[i, j], p.reads[i, j]] for j in range(4)])
            h[t, i] = [*z, 1, *np.tanh(p.mix[i] @ z + p.shift[i])]
            s, plain = p.skill[i], p.random[i] @ h[t, i]
            y[i] = 3 * np.tanh((s * p.head[i] @ h[t, i] + (1 - s) * plain) / 3)
            expected[:2, i] = 3 * np.tanh(plain / 3), y[i]
            if t - p.tau[i] >= 3 + 2:
                expected[2, i] = U[t, p.channel[i]] - p.head[i] @ h[t - p.tau[i], i]
        np.testing.assert_allclose(ys[t], expected.ravel(), rtol=1e-9, atol=1e-12)


def test_units_read_the_stretch_before_what_they_forecast():
    node = ForwardUnit(units=60, horizon=12, reach=9, fan_in=5)
    p = node.init(np.random.default_rng(0), 3, 60)
    assert sorted(set(p.tau)) == list(range(1, 13))
    of_input = p.reads < 3
    when = np.where(of_input, -p.lags, -1 + p.tau[np.maximum(p.reads - 3, 0)])
    before = p.tau[:, None] - when
    assert before.min() == 1
    assert before.max() == 9
    assert all(len(set(row)) == 5 for row in before)
    assert (p.lags[~of_input] == 0).all()
    assert (of_input == (when <= 0)).all()


def test_without_the_bus_units_read_the_last_steps_of_the_input_alone():
    p = ForwardUnit(units=40, bus=False, reach=6).init(np.random.default_rng(0), 2, 40)
    assert p.reads.max() < 2
    assert set(p.lags.ravel()) == set(range(6))


def test_frozen_units_keep_their_random_heads():
    model = ng.Model(Input() >> ForwardUnit(units=8, frozen=True) >> Ridge())
    model.fit(U, U[:, :1])
    p = model.params["forward_unit"]
    np.testing.assert_array_equal(p.head, p.random)


def test_a_fit_teaches_the_units_and_then_the_readout():
    u = np.sin(np.arange(500) / 5)[:, None]
    node = ForwardUnit(units=10, horizon=9, reach=9, fan_in=4)
    model = ng.Model(Input() >> node >> Ridge(), seed=1)
    model.fit(u[:-20], u[20:], warmup=100)
    assert [part["node"] for part in model.report] == ["forward_unit", "ridge"]
    p = model.params["forward_unit"]
    assert np.abs(p.head - p.random).max() > 0.1
    assert p.skill.min() > 0.9
    y = model.reset().run(u[:-20])
    assert np.abs(y - u[20:])[100:].max() < 0.02


def test_a_unit_that_forecasts_gives_out_its_channel_of_later():
    u = np.sin(np.arange(800) / 5)[:, None]
    node = ForwardUnit(units=6, horizon=8, reach=6, fan_in=4, gate=False, bus=False)
    model = ng.Model(node)
    model.fit(u)
    ys, p = model.reset().run(u), model.params["forward_unit"]
    for i, tau in enumerate(p.tau):
        said = 3 * np.arctanh(ys[200:-tau, i] / 3)  # undo the bound
        np.testing.assert_allclose(said, u[200 + tau :, 0], atol=0.001)


def test_learning_to_forecast_helps_to_forecast_a_hidden_attractor():
    x, ahead = datasets.lorenz(3600, discard=500)[:, :1], 25
    x = (x - x.mean()) / x.std()
    u, y = x[:-ahead], x[ahead:]

    def error(**fields):
        model = ng.Model(Input() >> ForwardUnit(units=50, **fields) >> Ridge(ridge=1e-4), seed=2)
        model.fit(u[:2500], y[:2500], warmup=100)
        return np.sqrt(np.mean((model.run(u[2500:]) - y[2500:]) ** 2)) / y[2500:].std()

    learned = error()
    assert learned < 0.25
    assert learned < 0.4 * error(frozen=True)
    assert learned < 0.5 * error(bus=False)
    assert learned < 0.5 * error(feature_scaling=0.0)


def test_it_needs_an_input():
    with pytest.raises(ng.errors.FieldError, match="learns from its input, but nothing is wired"):
        ng.Model(ForwardUnit(units=3)).run(steps=4)


@pytest.mark.parametrize(
    "fields", [{"units": 0}, {"fan_in": 0}, {"reach": 0}, {"bus": 2}, {"alpha": 0}]
)
def test_nonsense_is_refused(fields):
    with pytest.raises(ng.errors.FieldError, match=rf"ForwardUnit\.{next(iter(fields))}: should"):
        ForwardUnit(**{"units": 3, **fields})
