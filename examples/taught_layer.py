"""A layer that is taught by a linear head of its own, beside the same units as they were drawn.

The Mackey-Glass series is to be told 50 steps ahead from its last 20 values. Each of 100 hidden
units learns from the error of the layer's own head alone; the twin has the same whitened inputs,
the same weights to start from, and a head.
"""

from statistics import median

import nodegraph as ng
from nodes import NVAR, Input, TaughtLayer

AHEAD, ROWS = 50, 2000

x = ng.datasets.mackey_glass(4000 + AHEAD, seed=1)
x = (x - x[:ROWS].mean()) / x[:ROWS].std()
u, y = x[:-AHEAD], x[AHEAD:]


def error(seed, **fields):
    """Return the error on rows that were not learned from."""
    layer = TaughtLayer(units=100, emits="prediction", **fields)
    model = ng.Model(Input() >> NVAR(delay=20, order=1) >> layer, seed=seed)
    model.fit(u[:ROWS], y[:ROWS], warmup=100)
    return ng.metrics.nrmse(y[ROWS:], model.run(u[ROWS:]))


errors = {}
for name, fields in (
    ("frozen", {"frozen": True}),
    ("taught", {}),
    ("taught, feedback random", {"feedback": "random"}),
):
    errors[name] = median(error(seed, **fields) for seed in range(5))
    print(f"{name:24}  NRMSE {errors[name]:.3f}")

gain = errors["frozen"] / errors["taught"]
