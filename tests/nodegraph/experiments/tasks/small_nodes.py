"""A small graph, to which tasks are added."""

NODES = """\
nodegraph: 1
name: small
seed: 3
nodes:
  u: {kind: Input}
  reservoir: {kind: Reservoir, units: 40, input_scaling: 0.5, bias_scaling: 0.3}
  readout: {kind: Ridge, ridge: 1.0e-6}
edges: u >> reservoir >> readout
"""
