"""Functions of numpy inside a compiled step, to compare with numpy itself."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

import nodegraph as ng
import nodegraph.compiling.functions
from nodegraph.compiling.arrays import symbol
from nodegraph.compiling.ir import Trace, TraceError
from nodegraph.testing import run_node


class Table(ng.Node):
    """Its params are arrays; its state becomes what functions make of them."""

    functions: ClassVar[list[Callable[..., Any]]]

    def step(self, params, state, x):
        return tuple(function(*params) for function in self.functions), x


def traced(function: Callable[..., Any], *arrays: np.ndarray) -> str:
    """Return why a function is not compiled; empty if it is."""
    try:
        with Trace() as trace:
            function(*(symbol(trace, i, a.shape, a.dtype) for i, a in enumerate(arrays)))
    except TraceError as error:
        return str(error)
    return ""


def plain(function: Callable[..., Any], *arrays: np.ndarray) -> Any:
    """Return what numpy makes of arrays, odd numbers too."""
    with np.errstate(all="ignore"):
        return np.asarray(function(*arrays))


def compiled(functions: Mapping[str, Callable[..., Any]], *arrays: np.ndarray) -> dict[str, Any]:
    """Return what each function makes of arrays in a compiled step of the shapes that numpy has."""
    kind = type("Table", (Table,), {"functions": list(functions.values())})
    state = tuple(np.zeros_like(plain(f, *arrays)) for f in functions.values())
    after, _ = run_node(kind(), arrays, state, np.zeros((1, 1)))
    return dict(zip(functions, after, strict=True))
