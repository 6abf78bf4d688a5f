"""The mean of several sources: an ensemble that ends in one output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.node import StepCode
from nodes.alike import Alike

__all__ = ["Mean"]


class Mean(Alike):
    """``y[t] = (x_1[t] + ... + x_m[t]) / m``: the mean of m sources of the same width.

    Behind readouts it makes one model of an ensemble; a target given once teaches every member.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import ESN, Input
    >>> u = np.sin(np.arange(400) / 5)[:, None]
    >>> graph = Input() >> [ESN(units=30), ESN(units=40), ESN(units=50)] >> Mean()
    >>> model = ng.Model(graph, seed=1).fit(u[:-1], u[1:], warmup=50)
    >>> bool(np.abs(model.run(u[:-1])[100:] - u[101:]).max() < 1e-3)
    True
    """

    def joined(self, parts: Array) -> Array:
        """Return the mean over sources, summed from the first to the last."""
        total = parts[:, 0]
        for i in range(1, parts.shape[1]):
            total = total + parts[:, i]
        mean: Array = total / total.dtype.type(parts.shape[1])
        return mean

    def step_code(
        self, params: Any, state: Any, dtype: np.dtype[Any], widths: Mapping[str, int]
    ) -> StepCode | None:
        """Return the compiled step for loops."""
        from nodes.kernels.signals import mean_step

        sources = int(params.sources)
        return StepCode(mean_step(dtype), (sources, widths["x"] // sources), state)
