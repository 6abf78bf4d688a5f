"""A file of the user that hides our package from workers is named, with the cure."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from nodegraph.engines.ray.ray_pool import RayPool
from nodegraph.engines.ray.resources import Resources


def pool():
    names = ("GetTimeoutError RayActorError ObjectLostError OwnerDiedError WorkerCrashedError "
             "OutOfMemoryError NodeDiedError RayTaskError RaySystemError ObjectStoreFullError "
             "OutOfDiskError RayError").split()  # fmt: skip
    kinds = {name: type(name, (Exception,), {}) for name in names}
    ray = SimpleNamespace(exceptions=SimpleNamespace(**kinds))
    return RayPool(ray, {}, Resources.of({"num_cpus": 1}, "engine"), 1.0), kinds


TOLD = "No module named 'nodes.reservoir'; 'nodes' is not a package"


@pytest.mark.parametrize("kind", ["RayActorError", "RayTaskError", "RaySystemError"])
@pytest.mark.parametrize("hidden", [True, False])
def test_a_file_called_nodes_is_named_where_it_is_what_workers_find(
    kind, hidden, tmp_path, monkeypatch
):
    if hidden:
        theirs = ModuleType("nodes")
        theirs.__file__ = str(tmp_path / "nodes.py")
        monkeypatch.setitem(sys.modules, "nodes", theirs)
    team, kinds = pool()
    error = kinds[kind](f"ModuleNotFoundError: {TOLD}")
    error.cause = ModuleNotFoundError(TOLD, name="nodes.reservoir")
    said = str(team._meaning(error))
    assert (str(tmp_path / "nodes.py") in said and "rename it" in said) == hidden
    assert ("install it on every machine" in said) == (not hidden)


def test_other_modules_that_are_missing_are_to_be_installed():
    team, kinds = pool()
    error = kinds["RaySystemError"]("ModuleNotFoundError: No module named 'nodes_of_mine'")
    assert "install it on every machine" in str(team._meaning(error))
