import importlib
import pkgutil
import shutil

import numpy as np
from numba import config
from numba.core.registry import CPUDispatcher

from nodes import kernels
from nodes.kernels import activated, compiling


def test_the_cache_folder_of_other_code_is_left_alone():
    before = config.CACHE_DIR
    activated(1, np.zeros(2))
    assert before == config.CACHE_DIR


def test_a_change_in_any_source_names_another_cache_folder(tmp_path, monkeypatch):
    here = tmp_path / "kernels"
    shutil.copytree(compiling._HERE, here, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(compiling._HERE.parent / "activations.py", tmp_path)
    monkeypatch.setattr(compiling, "_HERE", here)
    digest = compiling._digest.__wrapped__
    assert digest() == compiling._digest()
    with (here / "scalars.py").open("a") as source:
        source.write("# changed")
    assert digest() != compiling._digest()


def test_no_two_compiled_functions_share_a_name():
    names = [module.name for module in pkgutil.iter_modules(kernels.__path__)]
    modules = [importlib.import_module(f"nodes.kernels.{name}") for name in names]
    parts = {f for module in modules for f in vars(module).values() if isinstance(f, CPUDispatcher)}
    assert len(parts) > 5
    assert not [f.py_func.__qualname__ for f in parts if "<locals>" in f.py_func.__qualname__]
