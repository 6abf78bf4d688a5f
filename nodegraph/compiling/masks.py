"""``a[mask]`` of a mask whose truth is known only when the step runs."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from nodegraph.compiling.ir import TraceError
from nodegraph.compiling.operands import lift
from nodegraph.compiling.reasons import MASK

__all__ = ["Masked", "written"]


class Masked(NDArrayOperatorsMixin):
    """For ``a[mask] = ..``, ``a[mask] += ..``, and sums: all of `full`, of which `mask` is meant.

    Parameters
    ----------
    full, mask : symbolic array
        Of one shape.
    """

    refused = MASK

    def __init__(self, full: Any, mask: Any):
        self.full, self.mask = full, mask

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        own = [v for v in inputs if isinstance(v, Masked)]
        if method == "__call__" and options.keys() == {"out"} and options["out"] == (inputs[0],):
            options = {}  # a[mask] += 1 writes what comes out into a
        if method != "__call__" or options:
            self._refuse()
        if any(np.ndim(v) for v in inputs if not isinstance(v, Masked)) or any(
            lift(v.mask) is not lift(self.mask) for v in own
        ):
            raise TraceError("a[mask] goes with numbers and b[mask]; else write where(mask, a, b)")
        parts = [v.full if isinstance(v, Masked) else v for v in inputs]
        return Masked(ufunc(*parts), self.mask)

    def __array_function__(self, function: Any, kinds: Any, args: Any, options: Any) -> Any:
        own = function in _REST or function is np.mean
        return self._reduced(function) if own and not options else self._refuse()

    def _refuse(self, *_: Any) -> NoReturn:
        raise TraceError(MASK)

    __iter__ = __len__ = __getitem__ = __array__ = __bool__ = _refuse

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._refuse()

    @property
    def dtype(self) -> Any:
        return self.full.dtype

    @property
    def ndim(self) -> int:
        return 1

    def _reduced(self, function: Any) -> Any:
        real = self.dtype.kind == "f"
        if function is np.mean:
            count = np.sum(self.mask)
            return self._reduced(np.sum) / (count.astype(self.dtype) if real else count)
        if function in (np.max, np.min) and not real:
            self._refuse()
        return function(np.where(self.mask, self.full, self.dtype.type(_REST[function])))


_REST = {np.sum: 0, np.any: 0, np.all: 1, np.max: -np.inf, np.min: np.inf}  # beside the mask
for _function in (*_REST, np.mean):
    setattr(Masked, _function.__name__, lambda self, what=_function: self._reduced(what))


def written(mask: Any, value: Any, old: Any) -> Any:
    """Return `old` with ``old[mask] = value``."""
    if isinstance(value, Masked):
        if lift(value.mask) is not lift(mask):
            raise TraceError("a[mask] = b[other] has no known length; write where(mask, b, a)")
        value = value.full
    elif np.ndim(value):
        raise TraceError("a[mask] = b of an array has no known length; write where(mask, b, a)")
    return np.where(mask, value, old).astype(old.dtype)
