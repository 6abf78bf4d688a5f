"""A file of the user that hides our package from workers is named, with the cure."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from nodegraph.engines.ray.meaning import meaning


def errors_of_ray():
    names = ("ActorUnschedulableError GetTimeoutError LocalRayletDiedError NodeDiedError "
             "ObjectLostError ObjectStoreFullError OutOfDiskError OutOfMemoryError OwnerDiedError "
             "RayActorError RayError RaySystemError RayTaskError RpcError TaskCancelledError "
             "WorkerCrashedError").split()  # fmt: skip
    kinds = {name: type(name, (Exception,), {}) for name in names}
    return SimpleNamespace(exceptions=SimpleNamespace(**kinds)), kinds


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
    ray, kinds = errors_of_ray()
    error = kinds[kind](f"ModuleNotFoundError: {TOLD}")
    error.cause = ModuleNotFoundError(TOLD, name="nodes.reservoir")
    said = str(meaning(ray, error, []))
    assert (str(tmp_path / "nodes.py") in said and "rename it" in said) == hidden
    assert ("install it on every machine" in said) == (not hidden)


def test_other_modules_that_are_missing_are_to_be_installed():
    ray, kinds = errors_of_ray()
    error = kinds["RaySystemError"]("ModuleNotFoundError: No module named 'nodes_of_mine'")
    assert "install it on every machine" in str(meaning(ray, error, []))
