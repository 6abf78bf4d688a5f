"""Few labels: units learn from 6000 rows by themselves, a readout from the 150 that have a target.

Of the Lorenz system x is seen, and it is to be told 25 steps (half a time unit) ahead.
"""

import numpy as np

import nodegraph as ng
from nodes import ForwardUnit, Input, Reservoir, Ridge

ROWS, LABELS, AHEAD = 6000, 150, 25

x = ng.datasets.lorenz(ROWS + 2000 + AHEAD, h=0.02, discard=1000)[:, :1]
x = (x - x[:ROWS].mean()) / x[:ROWS].std()
u, y = x[:-AHEAD], x[AHEAD:]
labelled = y[:ROWS].copy()
labelled[: ROWS - LABELS] = np.nan  # rows without a target teach the readout nothing

errors = {}
for name, population in (
    ("echo state network", Reservoir(units=100)),
    ("forward units, frozen", ForwardUnit(units=100, frozen=True)),
    ("forward units", ForwardUnit(units=100)),
):
    model = ng.Model(Input() >> population >> Ridge(ridge=1e-2), seed=1)
    model.fit(u[:ROWS], labelled, warmup=200)
    errors[name] = ng.metrics.nrmse(y[ROWS:], model.run(u[ROWS:]))
    print(f"{name:22}  NRMSE {errors[name]:.2f}")

gain = errors["echo state network"] / errors["forward units"]
