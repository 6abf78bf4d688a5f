import importlib
import pkgutil

from numba.core.registry import CPUDispatcher

from nodegraph import compiled
from nodes import kernels


def test_no_two_compiled_functions_share_a_name():
    packages = [compiled, kernels]
    names = [f"{p.__name__}.{m.name}" for p in packages for m in pkgutil.iter_modules(p.__path__)]
    modules = [importlib.import_module(name) for name in names]
    parts = {f for module in modules for f in vars(module).values() if isinstance(f, CPUDispatcher)}
    assert len(parts) > 5
    assert not [f.py_func.__qualname__ for f in parts if "<locals>" in f.py_func.__qualname__]
