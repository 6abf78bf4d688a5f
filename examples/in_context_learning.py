"""Memories that store errors are steps of gradient descent: a stack learns from its context.

While examples (x_i, y_i) pass by, a `LinearAttention` stores
``S = sum_i (y_i - forecast_i) (rate x_i)'``; read under x, S adds to the forecast what one step of
gradient descent on the squared error adds. No weight is trained: what is learned stands in the
memories (K. Ahn et al., NeurIPS 2023).
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import nodegraph as ng
from nodes import Dense, Gate, Input, LinearAttention

EXAMPLES, INPUTS, DEPTH = 60, 4, 15


def linear(W, name):
    """Return a layer that gives out ``W x``."""
    return Dense(units=len(W), W_in=W, activation="identity", name=name)


def stack(depth, rate):
    """Return a graph in which ``after_3`` gives out the forecasts after 3 steps."""
    x, y, key = Input(name="x"), Input(name="y"), linear(rate * np.eye(INPUTS), "key")
    graph, memories = x >> key, []
    for step in range(1, depth + 1):
        error, gate = (
            linear([[1.0] + [-1.0] * len(memories)], f"error_{step}"),
            Gate(name=f"gate_{step}"),
        )
        memory = LinearAttention(normalise=False, name=f"memory_{step}")
        graph &= [y, *memories] >> error >> gate >> memory["value"]
        graph = graph & (Input(name=f"turn_{step}") >> gate["gate"])
        graph = graph & (key >> memory["key"]) & (x >> memory)
        memories.append(memory)
        graph = graph & (memories >> linear([[1.0] * step], f"after_{step}"))
    return graph


rng = np.random.default_rng(0)
x = rng.standard_normal((EXAMPLES, INPUTS)) * [1.0, 0.8, 0.6, 0.5]
y = x @ rng.standard_normal((INPUTS, 1))
curvature = np.linalg.eigvalsh(x.T @ x)
model = ng.Model(stack(DEPTH, 2 / (curvature[0] + curvature[-1])))

# Memory i is written to in turn i of the examples; then all are asked for the same rows.
turns = np.repeat(np.eye(DEPTH, DEPTH + 1), EXAMPLES, axis=1)
data = {"x": np.tile(x, (DEPTH + 1, 1)), "y": np.tile(y, (DEPTH + 1, 1))}
data |= {f"turn_{i + 1}": turns[i][:, None] for i in range(DEPTH)}
names = [f"after_{i + 1}" for i in range(DEPTH)]
told = model.run(data, outputs=names)
errors = [np.abs(told[name][-EXAMPLES:] - y).max() for name in names]
condition = curvature[-1] / curvature[0]
rate = (condition - 1) / (condition + 1)

figure, axes = plt.subplots()
depths = np.arange(1, DEPTH + 1)
axes.semilogy(depths, errors, "o-", label="largest error of the forecasts")
bound = errors[0] * rate ** (depths - 1)
axes.semilogy(depths, bound, "--", label="rate of the condition number")
axes.set(xlabel="memories in the stack", ylabel="error")
axes.legend()
picture = Path(tempfile.gettempdir(), "in_context_learning.png")
figure.savefig(picture)

shrinkage = errors[0] / errors[-1]
print(f"{DEPTH} memories leave 1/{shrinkage:.0f} of the error of one; {picture}")
