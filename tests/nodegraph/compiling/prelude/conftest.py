"""Calls functions of the prelude by name, with arrays and numbers."""

import ctypes
import re

import numpy as np
import pytest

from nodegraph.compiling import machine_code
from nodegraph.compiling.prelude.catalogue import definition, is_inlined

KINDS = {
    "ptr": ctypes.c_void_p,
    "i64": ctypes.c_int64,
    "double": ctypes.c_double,
    "float": ctypes.c_float,
    "void": None,
}


@pytest.fixture
def call():
    """Return a function that calls one of the prelude: ``call("dot_f8", a, b, 3)``."""

    def call(name, *arguments):
        text = definition(name)
        if is_inlined(name):
            text = text.replace("internal ", "").replace("alwaysinline ", "")
            text = text.replace(f"@{name}(", "@NAME(")
        head = re.match(r"define (\w+) @NAME\((.*?)\)", text)
        types = [KINDS[argument.split()[0]] for argument in head[2].split(",")]
        address = machine_code.address(text, name)
        values = [a.ctypes.data if isinstance(a, np.ndarray) else a for a in arguments]
        return ctypes.CFUNCTYPE(KINDS[head[1]], *types)(address)(*values)

    return call


@pytest.fixture
def four_at_a_time():
    """Return the order of long sums."""

    def four_at_a_time(terms):
        """Return the sum of rows: ((a + b) + (c + d)) to what there is, then one by one."""
        total = np.zeros(terms.shape[1:], terms.dtype)
        whole = len(terms) // 4 * 4
        for a, b, c, d in terms[:whole].reshape(-1, 4, *terms.shape[1:]):
            total = total + ((a + b) + (c + d))
        for term in terms[whole:]:
            total = total + term
        return total

    return four_at_a_time


@pytest.fixture
def drawn():
    """Return a function that draws numbers of many magnitudes: an order shows in the last bits."""

    def drawn(dtype, *shape, seed=0):
        rng = np.random.default_rng(seed)
        return (rng.standard_normal(shape) * 10.0 ** rng.integers(-6, 6, shape)).astype(dtype)

    return drawn
