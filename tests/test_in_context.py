"""What learns in its context: stacks of fast weights are gradient descent and temporal differences.

K. Ahn et al., Adv. Neural Inf. Process. Syst. 36 (2023); J. Wang et al., Int. Conf. Learning
Representations 13 (2025).
"""

import numpy as np
import pytest

import nodegraph as ng
from nodes import Dense, Gate, Input, LinearAttention

N, D, DEPTH, GAMMA = 25, 3, 4, 0.9
RNG = np.random.default_rng(0)
X, X_NEXT = RNG.standard_normal((2, N, D))
Y = RNG.standard_normal(N)


def linear(W, name):
    return Dense(units=len(W), W_in=W, activation="identity", name=name)


def stack(gamma=0.0):
    """Return a graph in which memory l stores ``target + gamma w.next - w.x`` under a key.

    w is what the memories before it hold together; each is read under x and, by a twin, under next.
    """
    x, after, key, y = (Input(name=name) for name in ("x", "next", "key", "y"))
    graph, held, held_next = x & after & key & y, [], []
    for step in range(DEPTH):
        weights = [1.0, *[-1.0] * len(held), *[gamma] * len(held)]
        error, gate = linear([weights], f"error{step}"), Gate(name=f"gate{step}")
        graph = graph & ([y, *held, *held_next] >> error >> gate)
        graph = graph & (Input(name=f"turn{step}") >> gate["gate"])
        for query, group, name in ((x, held, "held"), (after, held_next, "next_held")):
            memory = LinearAttention(normalise=False, name=f"{name}{step}")
            graph = graph & (query >> memory) & (key >> memory["key"])
            graph = graph & (gate >> memory["value"])
            group.append(memory)
    return graph


def in_context(keys, target=Y, gamma=0.0):
    """Return w after each step, as the memories tell it: asked for the unit vectors."""
    turns = np.repeat(np.eye(DEPTH), N, axis=0)

    def shown(rows, last=0.0):
        return np.concatenate(
            [np.tile(rows, (DEPTH, 1)), np.broadcast_to(last, (D, rows.shape[1]))]
        )

    data = {"x": shown(X, np.eye(D)), "next": shown(X_NEXT), "key": shown(keys)}
    data["y"] = shown(target[:, None])
    for step in range(DEPTH):
        data[f"turn{step}"] = np.concatenate([turns[:, [step]], np.zeros((D, 1))])
    names = [f"held{step}" for step in range(DEPTH)]
    said = ng.Model(stack(gamma)).run(data, outputs=names)
    return np.cumsum([said[name][-D:, 0] for name in names], axis=0)


def descended(step):
    w, found = np.zeros(D), []
    for _ in range(DEPTH):
        w = w + step(w)
        found.append(w)
    return found


def test_gradient_descent_on_regression():
    found = in_context(0.02 * X)
    np.testing.assert_allclose(
        found, descended(lambda w: 0.02 * X.T @ (Y - X @ w)), rtol=1e-10, atol=1e-12
    )


def test_gradient_descent_with_a_preconditioner():
    A = np.linalg.inv(X.T @ X + np.eye(D))
    found = in_context(X @ A)
    np.testing.assert_allclose(
        found, descended(lambda w: A @ X.T @ (Y - X @ w)), rtol=1e-10, atol=1e-12
    )


def traces(decay):
    e = np.zeros((N, D))
    for i in range(N):
        e[i] = X[i] + (decay * e[i - 1] if i else 0)
    return e


@pytest.mark.parametrize(
    ("keys", "gamma", "target"),
    [
        (X, GAMMA, Y),
        (traces(GAMMA * 0.7), GAMMA, Y),
        (X - GAMMA * X_NEXT, GAMMA, Y),
        (X, 1.0, Y - Y.mean()),
    ],
    ids=["TD(0)", "TD(lambda)", "residual gradient", "average reward"],
)
def test_temporal_differences(keys, gamma, target):
    rate = 0.05 / N
    found = in_context(rate * keys, target, gamma)

    def step(w):
        return rate * keys.T @ (target + gamma * X_NEXT @ w - X @ w)

    np.testing.assert_allclose(found, descended(step), rtol=1e-10, atol=1e-12)
