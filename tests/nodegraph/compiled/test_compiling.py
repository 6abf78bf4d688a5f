import shutil

import numpy as np
import pytest
from numba import config

from nodegraph.compiled import compiling
from nodes.kernels import affine


def test_the_cache_folder_of_other_code_is_left_alone():
    before = config.CACHE_DIR
    affine(np.zeros((1, 2)), np.ones((1, 2)), np.zeros(1))
    assert before == config.CACHE_DIR


def test_a_change_in_any_source_names_another_cache_folder(tmp_path, monkeypatch):
    digest = compiling._digest.__wrapped__
    shared, home = tmp_path / "compiled", tmp_path / "kernels"
    shutil.copytree(compiling._HERE, shared, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(compiling, "_HERE", shared)
    home.mkdir()
    seen = {digest(home)}
    for source in (home / "new.py", tmp_path / "activations.py", shared / "compiling.py"):
        with source.open("a") as text:
            text.write("# changed")
        seen.add(digest(home))
    assert len(seen) == 4


@pytest.mark.parametrize("error", [RuntimeError, OSError])
def test_code_that_cannot_be_kept_on_disk_is_compiled_all_the_same(error):
    asked = []

    def how(signature, cache=False):
        asked.append(cache)
        if cache:
            raise error("no room")
        return lambda function: function

    assert compiling._compile(how, None, test_the_cache_folder_of_other_code_is_left_alone)
    assert asked == [True, False]
