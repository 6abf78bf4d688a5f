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
    "drawing": "plotting.graphs",
    "engines.remote": "engines.ray",
    "explaining": "engines.compiled.explaining",
    "numerics": "host.numerics",
    "progress": "host.progress",
    "registry": "graph.registry",
    "search": "experiments.search",
    "spec": "files.yaml.spec",
    "spectral": "data.metrics.spectral",
    "storage": "model.storage",
    "symptoms": "data.symptoms",
    "tasks": "experiments.tasks",
    "yaml": "files.yaml",
}


class Moved(MetaPathFinder, Loader):
    """Finds a module by its former name; it is the same module, and the new name is told."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where to find a module that has moved, None for all others."""
        if not fullname.startswith("nodegraph."):
            return None
        for old, new in _ROOMS.items():
            before, now = f"nodegraph.{old}", f"nodegraph.{new}"
            if fullname == before or fullname.startswith(f"{before}."):
                return ModuleSpec(fullname, self, loader_state=now + fullname[len(before) :])
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module itself."""
        warnings.warn(f"{spec.name} is {spec.loader_state} by now", DeprecationWarning, 2)
        self._own = (module := import_module(str(spec.loader_state))).__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module as it is."""
        module.__spec__ = self._own
