"""A small graph with a task, and the command line called on it in this process."""

from typer.testing import CliRunner

from nodegraph.cli import app

SMALL = """\
nodegraph: 1
name: small
description: A small forecast.
seed: 3
nodes:
  u: {kind: Input}
  reservoir: {kind: Reservoir, units: 20}
  readout: {kind: Ridge, ridge: 1.0e-6}
edges:
  - u >> reservoir >> readout
  - reservoir << readout
task:
  data: {dataset: henon, steps: 300}
  target: {forecast: 1}
  split: {train: 200, warmup: 20}
  metrics: [nrmse]
  baselines: [persistence]
"""


def call(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def fails(*words, code=2):
    done = call(*words)
    assert done.exit_code == code
    assert "Traceback" not in done.stderr and done.stdout == ""
    return " ".join(done.stderr.split())
