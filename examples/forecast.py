"""Forecast a chaotic series ten steps ahead, in Python alone."""

import nodegraph as ng
from nodes import Input, Reservoir, Ridge

series = ng.datasets.mackey_glass(4500)
x, y = series[:-10], series[10:]

graph = Input() >> Reservoir(units=300, leak_rate=0.5, bias_scaling=0.5) >> Ridge(ridge=1e-9)
model = ng.Model(graph, seed=1).fit(x[:2500], y[:2500], warmup=100)
error = ng.metrics.nrmse(y[2500:], model.run(x[2500:]))
print(f"ten steps ahead: nrmse {error:.4f}")
