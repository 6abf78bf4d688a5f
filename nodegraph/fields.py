"""Types of fields for authors of nodes and rules; they stand in `nodegraph.graph`."""

from nodegraph.graph.described import Described
from nodegraph.graph.fields import (
    BySource,
    Classes,
    Fraction,
    Matrix,
    PerUnit,
    PerUnitFraction,
    Start,
    Tensor,
    UnitInterval,
    Vector,
)

__all__ = [
    "BySource",
    "Classes",
    "Described",
    "Fraction",
    "Matrix",
    "PerUnit",
    "PerUnitFraction",
    "Start",
    "Tensor",
    "UnitInterval",
    "Vector",
]
