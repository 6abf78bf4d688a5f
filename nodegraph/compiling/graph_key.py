"""A traced step as text: all that its plan and its machine code can depend on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from nodegraph.compiling.ir import Dim, Op, Region, Trace

__all__ = ["graph_text"]


def graph_text(trace: Trace, finals: Mapping[Any, Op], io: Mapping[Any, int], dtype: str) -> str:
    """Return what is the same for two traces only if they are the same graph, numbers included.

    Numbers of captured arrays are not in it: a program is given them as it is given leaves.

    Raises
    ------
    TypeError
        If there is something in it for which there are no words.
    """
    known = _Known()
    ops = [known.op(op) for op in trace.ops]
    # behind the operations, and in order of discovery: each mentions those around it
    regions = [known.region(region) for region in known.regions]
    axes = [(dim.value, dim.many, dim.eights) for dim in known.axes]
    ends = [(path, op.number) for path, op in finals.items()]
    leaves = [(path, op.number) for path, op in trace.leaves.items()]
    whole = [ops, regions, axes, ends, leaves, [*io.items()], dtype]
    return json.dumps(whole, check_circular=False)


class _Known:
    """Axes and regions by number."""

    def __init__(self) -> None:
        self.axes: dict[Dim, int] = {}
        self.regions: dict[Region, int] = {}

    def op(self, op: Op) -> Any:
        args, axes = [a.number for a in op.args], self._numbers(op.dims)
        region, value = self._number(op.region), op.value
        if value is not None:
            value = self._value(value)
        return op.kind, args, op.attrs, axes, op.shape, op.dtype, region, value

    def _numbers(self, dims: Iterable[Dim]) -> list[int]:
        axes = self.axes
        return [axes.setdefault(dim.root(), len(axes)) for dim in dims]

    def _number(self, region: Region) -> int:
        if region not in self.regions:
            if region.parent is not None:
                self._number(region.parent)
            self.regions[region] = len(self.regions)
        return self.regions[region]

    def _value(self, value: Any) -> Any:
        if isinstance(value, Region):
            return "region", self._number(value)
        if isinstance(value, tuple):
            return "axes", self._numbers(value)
        return value.tobytes().hex() if isinstance(value, np.generic) else value

    def region(self, region: Region) -> Any:
        parent = None if region.parent is None else self.regions[region.parent]
        count = None if region.count is None else region.count.number
        return parent, count, [o.number for o in region.ops], [o.number for o in region.outs]
