"""Run a YAML graph from Python, with some of its values changed."""

from pathlib import Path

import nodegraph as ng

file = Path(__file__).parents[1] / "graphs" / "narma10.yaml"
for units in (50, 100, 200):
    result = ng.run_spec(ng.read_yaml(file, [f"nodes.reservoir.units={units}"]))
    print(f"{units} units: nrmse {result.scores[0].values['nrmse']:.3f}")
