import importlib
import sys

import pytest

from nodegraph.host.moved import _ROOMS


@pytest.mark.parametrize("old", _ROOMS)
def test_a_module_is_found_by_its_former_name_and_is_the_same(old):
    new = importlib.import_module(_ROOMS[old])
    own = new.__spec__
    sys.modules.pop(old, None)
    with pytest.warns(DeprecationWarning, match=f"{old} is {_ROOMS[old]} by"):
        assert importlib.import_module(old) is new
    assert new.__spec__ is own


def test_modules_inside_one_that_moved_are_the_same_too():
    from nodegraph.experiments.tasks import task_data

    for name in ("nodegraph.tasks", "nodegraph.tasks.task_data"):
        sys.modules.pop(name, None)
    with pytest.warns(DeprecationWarning):
        assert importlib.import_module("nodegraph.tasks.task_data") is task_data


def test_a_name_that_never_was_is_not_found():
    with pytest.raises(ModuleNotFoundError, match=r"nodegraph\.specs"):
        importlib.import_module("nodegraph.specs")
