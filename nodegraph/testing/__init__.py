"""The contracts of nodes, rules and engines as checks, for this package and for plug-ins."""

from nodegraph.testing.differences import finite_differences
from nodegraph.testing.driving import run_node, teach
from nodegraph.testing.engine_contract import check_engine
from nodegraph.testing.node_contract import check_node
from nodegraph.testing.recording import check_replay
from nodegraph.testing.reference import interpret
from nodegraph.testing.rule_contract import check_rule

__all__ = [
    "check_engine",
    "check_node",
    "check_replay",
    "check_rule",
    "finite_differences",
    "interpret",
    "run_node",
    "teach",
]
