"""Types of fields for authors of nodes and rules; they stand in `nodegraph.graph.fields`."""

from nodegraph.graph.fields import (
    Classes,
    Described,
    Fraction,
    Matrix,
    PerUnit,
    PerUnitFraction,
    Start,
    UnitInterval,
    Vector,
)

__all__ = [
    "Classes",
    "Described",
    "Fraction",
    "Matrix",
    "PerUnit",
    "PerUnitFraction",
    "Start",
    "UnitInterval",
    "Vector",
]
