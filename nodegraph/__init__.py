"""nodegraph: models as graphs of nodes that each learn by themselves."""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from nodegraph.host.first_seconds import end_at_once

end_at_once()  # before anything that takes long

from nodegraph import errors
from nodegraph.arrays import Array
from nodegraph.data.chunks import Chunks
from nodegraph.data.containers import SeriesOf as Series
from nodegraph.errors import NodegraphError
from nodegraph.files.yaml.writer import to_yaml
from nodegraph.graph import Edge, Graph, delay
from nodegraph.graph.fields import (
    Classes,
    Fraction,
    Matrix,
    PerUnit,
    PerUnitFraction,
    UnitInterval,
    Vector,
)
from nodegraph.graph.lesson import Lesson
from nodegraph.graph.node import Composite, Node
from nodegraph.graph.plan import Plan, plan
from nodegraph.graph.registry import homes, register
from nodegraph.graph.rule import AnyRule, Rule, Seen
from nodegraph.graph.strangers import refuse_name
from nodegraph.host.moved import Moved

if TYPE_CHECKING:
    from nodegraph import datasets, dynamics, metrics, plotting
    from nodegraph.engines.ray.engine import RayEngine
    from nodegraph.experiments.tasks.experiment import run_spec
    from nodegraph.experiments.tasks.result import Result
    from nodegraph.files.yaml.spec import Spec, read_yaml
    from nodegraph.model import Model, load
    from nodegraph.model.ensemble import Ensemble

__version__ = "0.1.0"

sys.meta_path.insert(0, Moved())  # before a folder of an old name that holds caches alone

__all__ = [
    "AnyRule",
    "Array",
    "Chunks",
    "Classes",
    "Composite",
    "Edge",
    "Ensemble",
    "Fraction",
    "Graph",
    "Lesson",
    "Matrix",
    "Model",
    "Node",
    "NodegraphError",
    "PerUnit",
    "PerUnitFraction",
    "Plan",
    "RayEngine",
    "Result",
    "Rule",
    "Seen",
    "Series",
    "Spec",
    "UnitInterval",
    "Vector",
    "datasets",
    "delay",
    "dynamics",
    "errors",
    "load",
    "metrics",
    "plan",
    "plotting",
    "read_yaml",
    "register",
    "run_spec",
    "to_yaml",
]

_LATER = {  # what takes long to import, and not all need: workers have no model
    "Ensemble": "nodegraph.model.ensemble",
    "Model": "nodegraph.model",
    "RayEngine": "nodegraph.engines.ray.engine",
    "Result": "nodegraph.experiments.tasks.result",
    "Spec": "nodegraph.files.yaml.spec",
    "load": "nodegraph.model",
    "read_yaml": "nodegraph.files.yaml.spec",
    "run_spec": "nodegraph.experiments.tasks.experiment",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        found = globals()[name] = getattr(import_module(_LATER[name]), name)
        return found
    if name in __all__:
        return import_module(f"nodegraph.{name}")
    if name in ("maths", "testing"):
        return import_module(f"nodegraph.{name}")
    refuse_name("nodegraph", name, __all__, homes if name[:1].isupper() else dict)


def __dir__() -> list[str]:
    return __all__
