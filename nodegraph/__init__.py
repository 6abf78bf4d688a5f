"""nodegraph: models as graphs of nodes that each learn by themselves."""

from nodegraph import errors
from nodegraph.arrays import Array
from nodegraph.errors import NodegraphError
from nodegraph.fields import Fraction, Matrix, PerUnit, PerUnitFraction, UnitInterval, Vector
from nodegraph.graph import Edge, Graph, delay
from nodegraph.model import Model
from nodegraph.node import Composite, Node
from nodegraph.plan import Plan, plan
from nodegraph.rule import AnyRule, Learned, Lesson, Rule, Seen

__version__ = "0.1.0"

__all__ = [
    "AnyRule",
    "Array",
    "Composite",
    "Edge",
    "Fraction",
    "Graph",
    "Learned",
    "Lesson",
    "Matrix",
    "Model",
    "Node",
    "NodegraphError",
    "PerUnit",
    "PerUnitFraction",
    "Plan",
    "Rule",
    "Seen",
    "UnitInterval",
    "Vector",
    "delay",
    "errors",
    "plan",
]
