import importlib
import pkgutil

from numba.core.registry import CPUDispatcher

from nodes import kernels


def test_no_two_compiled_functions_share_a_name():
    names = [f"nodes.kernels.{module.name}" for module in pkgutil.iter_modules(kernels.__path__)]
    modules = map(importlib.import_module, names)
    parts = {f for module in modules for f in vars(module).values() if isinstance(f, CPUDispatcher)}
    assert len(parts) > 2
    assert not [f.py_func.__qualname__ for f in parts if "<locals>" in f.py_func.__qualname__]
