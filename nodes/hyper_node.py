"""A readout whose outputs are the weights of another node."""

from __future__ import annotations

from nodegraph.node import Name
from nodes.ridge import Ridge

__all__ = ["HyperNode"]


class HyperNode(Ridge):
    """Tells the parameters of another node from a context: ``params = W_out context + bias`` [1]_.

    An edge into an array of a node's params brings it, row by row, at every step:
    ``hyper >> readout["W_out"]``. The node does not learn then; the hypernetwork does, by ridge
    regression on pairs of a context and the parameters that the node learned by itself in it,
    without any error of the node.

    Parameters
    ----------
    of : str, optional
        The name of the node whose parameters it gives out; an edge into another is refused.
    units, ridge, fit_bias, solver, classes, W_out, bias
        As of `Ridge`.

    References
    ----------
    .. [1] D. Ha, A. Dai, Q. V. Le, Int. Conf. Learning Representations 5 (2017).

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input
    >>> context, u = Input(name="context"), Input(name="u")
    >>> hyper, readout = HyperNode(of="readout"), Ridge(units=1, name="readout")
    >>> graph = (context >> hyper >> readout["W_out"]) & (u >> readout)
    >>> c, own = np.array([[0.0], [1.0], [2.0]]), np.array([[1.0, 0.0], [1.0, 3.0], [1.0, 6.0]])
    >>> model = ng.Model(graph).fit({"context": c, "u": np.zeros((3, 2))}, own)
    >>> model.run({"context": [[1.5]], "u": [[1.0, 1.0]]}).round(3)  # 1 + 1.5 * 3
    array([[5.5]])
    """

    of: Name | None = None

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        return {field: why for field, why in super().idle().items() if field != "of"}
