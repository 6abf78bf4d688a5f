"""Modules under the names that they had before they moved into rooms."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["Moved"]

_ROOMS = {
    "nodegraph.drawing": "nodegraph.plotting.graphs",
    "nodegraph.engines.remote": "nodegraph.engines.ray",
    "nodegraph.explaining": "nodegraph.engines.compiled.explaining",
    "nodegraph.numerics": "nodegraph.host.numerics",
    "nodegraph.progress": "nodegraph.host.progress",
    "nodegraph.registry": "nodegraph.graph.registry",
    "nodegraph.search": "nodegraph.experiments.search",
    "nodegraph.spec": "nodegraph.files.yaml.spec",
    "nodegraph.spectral": "nodegraph.data.metrics.spectral",
    "nodegraph.storage": "nodegraph.model.storage",
    "nodegraph.symptoms": "nodegraph.data.symptoms",
    "nodegraph.tasks": "nodegraph.experiments.tasks",
    "nodegraph.yaml": "nodegraph.files.yaml",
    "nodes.activations": "nodes.parts.activations",
    "nodes.random_layer": "nodes.parts.random_layer",
    "nodes.rewards": "nodes.parts.rewards",
    "nodes.weights": "nodes.parts.weights",
}


class Moved(MetaPathFinder, Loader):
    """Finds a module by its former name; it is the same module, and the new name is told."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where to find a module that has moved, None for all others."""
        if not fullname.startswith(("nodegraph.", "nodes.")):
            return None
        for before, now in _ROOMS.items():
            if fullname == before or fullname.startswith(f"{before}."):
                return ModuleSpec(fullname, self, loader_state=now + fullname[len(before) :])
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module itself."""
        warnings.warn(f"{spec.name} is {spec.loader_state} by now", DeprecationWarning, 2)
        module = import_module(str(spec.loader_state))
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module as it is."""
        if module.__spec__ is not None:
            module.__spec__ = module.__spec__.loader_state
