import numpy as np
import pytest
from scipy.linalg import solve_discrete_are

import nodegraph as ng
from nodegraph.testing import check_node, run_node
from nodes import ForwardUnit, Input, Ridge

U = np.random.default_rng(0).standard_normal((60, 2))
ALL = ("state", "prediction", "error")


def unit(**fields):
    return ForwardUnit(kind="predictive_coding", **fields)


@pytest.mark.parametrize(
    "fields", [{}, {"units": 7, "emits": ALL}, {"activation": "identity", "iterations": 0}]
)
def test_it_keeps_the_contract(fields):
    check_node(unit(**{"units": 20, **fields}))


def test_its_outputs_are_those_of_the_equation():
    node = unit(units=4, dim=2, fan_in=3, iterations=2, relaxation=0.7, prior=0.5, emits=ALL)
    p = node.init(np.random.default_rng(1), 2, node.declared_size)
    p = p._replace(pi=np.random.default_rng(2).uniform(0.2, 2, (2, 3)))
    _, ys = run_node(node, p, node.start(16), U)
    x = np.zeros((2, 2))
    for t in range(60):
        bus, states, ahead, errors = np.concatenate([U[t], np.tanh(x).ravel()]), [], [], []
        for i in range(2):
            A, C, pi, z = p.A[i], p.C[i], p.pi[i], bus[p.reads[i]]
            forecast = A @ np.tanh(x[i])
            g, new = 0.7 / (0.5 + sum(pi * (C**2).sum(axis=1))), forecast
            for _ in range(2):
                e = z - C @ np.tanh(new)
                new = new + g * (
                    (1 - np.tanh(new) ** 2) * (C.T @ (pi * e)) - 0.5 * (new - forecast)
                )
            errors.append(z - C @ np.tanh(forecast))
            states.append(new)
            ahead.append(C @ np.tanh(A @ np.tanh(new)))
        x = np.array(states)
        expected = np.concatenate([np.tanh(x).ravel(), *ahead, *errors])
        np.testing.assert_allclose(ys[t], expected, rtol=1e-9, atol=1e-12)


def kalman_states(A, C, q, r, zs):
    """Return the estimates of the steady Kalman filter, and the variance of its forecasts."""
    d = len(A)
    P = solve_discrete_are(A.T, C.T, q * np.eye(d), r * np.eye(len(C)))
    gain = P @ C.T @ np.linalg.inv(C @ P @ C.T + r * np.eye(len(C)))
    x, states = np.zeros(d), []
    for z in zs:
        forecast = A @ x
        x = forecast + gain @ (z - C @ forecast)
        states.append(x)
    return np.array(states), P


def test_with_a_linear_f_and_fixed_precisions_it_is_the_steady_kalman_filter():
    rng = np.random.default_rng(3)
    turn = 0.4
    A = 0.95 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    C = np.linalg.qr(rng.standard_normal((4, 2)))[0] * 1.3  # so that P is a multiple of 1
    q, r = 0.05, 0.2
    x, zs = np.zeros(2), []
    for _ in range(200):
        x = A @ x + np.sqrt(q) * rng.standard_normal(2)
        zs.append(C @ x + np.sqrt(r) * rng.standard_normal(4))
    expected, P = kalman_states(A, C, q, r, np.array(zs))
    np.testing.assert_allclose(P, P[0, 0] * np.eye(2), atol=1e-12)
    node = unit(units=2, dim=2, fan_in=4, activation="identity", iterations=400, prior=1 / P[0, 0])
    params = node.init(rng, 4, 2)._replace(
        reads=np.arange(4)[None], A=A[None], C=C[None], pi=np.full((1, 4), 1 / r)
    )
    _, ys = run_node(node, params, node.start(2), np.array(zs))
    np.testing.assert_allclose(ys, expected, rtol=1e-9, atol=1e-10)


def test_relaxation_goes_down_the_energy():
    u, x = np.array([0.9, -0.4]), np.random.default_rng(4).standard_normal((2, 5))
    params = unit(units=10, dim=5).init(np.random.default_rng(1), 2, 10)
    forecast = np.einsum("cij,cj->ci", params.A, np.tanh(x))
    energies = []
    for iterations in range(8):
        node = unit(units=10, dim=5, iterations=iterations, relaxation=1.0, prior=1.0)
        state, _ = node.step(params, node.start(10)._replace(x=x), u)
        e = state.z - np.einsum("cij,cj->ci", params.C, np.tanh(state.x))
        energies.append((e**2).sum(axis=1) / 2 + ((state.x - forecast) ** 2).sum(axis=1) / 2)
    assert (np.diff(energies, axis=0) < 0).all()


def test_learning_predicts_better_than_frozen_cells():
    u = np.sin(np.arange(3000) / 5)[:, None]

    def error(frozen):
        node = unit(units=20, frozen=frozen, emits=("error",), input_share=1.0)
        model = ng.Model(node, seed=1)
        if not frozen:
            model.fit(u)
        return np.sqrt(np.mean(model.reset().run(u)[200:] ** 2))

    assert error(frozen=False) < 0.5 * error(frozen=True)


def test_the_last_cell_shows_what_there_is_room_for():
    model = ng.Model(Input() >> unit(units=7, dim=5) >> Ridge(), seed=1)
    model.fit(U, U[:, :1])
    assert model.params["forward_unit"].A.shape == (2, 5, 5)
    assert model.run(U, outputs=["forward_unit"])["forward_unit"].shape == (60, 7)
