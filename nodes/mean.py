"""The mean of several sources: an ensemble that ends in one output."""

from __future__ import annotations

from nodegraph.arrays import Array
from nodes.parts.alike import Alike, summed

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
        y: Array = summed(parts) / len(parts)
        return y
