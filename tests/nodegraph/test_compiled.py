from pathlib import Path

import numpy as np
import pytest
from numba import config

from nodegraph import compiled
from nodes.kernels.affine import affine


def test_the_cache_folder_of_other_code_is_left_alone():
    before = config.CACHE_DIR
    affine(np.zeros((1, 2)), np.ones((1, 2)), np.zeros(1))
    assert before == config.CACHE_DIR


def test_a_change_in_any_source_names_another_cache_folder(tmp_path, monkeypatch):
    digest, compiles = compiled._digest.__wrapped__, tmp_path / "compiled.py"
    compiles.write_bytes(Path(compiled.__file__).read_bytes())
    monkeypatch.setattr(compiled, "__file__", str(compiles))
    home = tmp_path / "kernels"
    home.mkdir()
    seen = {digest(home)}
    for source in (home / "new.py", compiles):
        with source.open("a") as text:
            text.write("# changed")
        seen.add(digest(home))
    assert len(seen) == 3


@pytest.mark.parametrize("error", [RuntimeError, OSError])
def test_code_that_cannot_be_kept_on_disk_is_compiled_all_the_same(error):
    asked = []

    def how(signature, cache=False):
        asked.append(cache)
        if cache:
            raise error("no room")
        return lambda function: function

    assert compiled._compile(how, None, test_the_cache_folder_of_other_code_is_left_alone)
    assert asked == [True, False]
