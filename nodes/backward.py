"""A node that reads each series from its end."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, ClassVar

import numpy as np
from pydantic import model_validator

from nodegraph.arrays import Array
from nodes.parts.around_node import AroundNode

__all__ = ["Backward"]


class Backward(AroundNode):
    """``y[t] = f(x[T-1], ..., x[t])``: a node that reads each series of T steps from its end [1]_.

    Both directions stand side by side in ``[Reservoir(), Backward(node=Reservoir())]``: what
    reads them knows at every step what was and what will be. A series must be there whole, so such
    a model takes lists of series, or one whole series in `fit` and in `run` at its start; not
    streams, `step`, `partial_fit`, `generate` or feedback loops. Its chunk is the whole series,
    whose outputs are in memory. `warmup` leaves out the first steps of a series, which this node
    reads last; to leave out the last ones, make their targets NaN.

    Parameters
    ----------
    node : Node
        A node that does not learn. In YAML ``node: {kind: Reservoir, units: 500}``. Its ports are
        those of the whole, and are read from the end as well: what arrives at ``dt`` at step t is
        the time to step t + 1, of which its node is told when it comes from there.

    References
    ----------
    .. [1] M. Schuster, K. K. Paliwal, IEEE Transactions on Signal Processing 45 (1997) 2673-2681.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Reduce
    >>> ng.Model(Backward(node=Reduce(kind="mean"))).run([np.arange(4.0)[:, None]])[0][:, 0]
    array([1.5, 2. , 2.5, 3. ])
    """

    from_end: ClassVar[bool] = True
    alike = property(attrgetter("node.alike"))

    @model_validator(mode="after")
    def _can_be_turned_round(self) -> Backward:
        kind = type(self.node).__name__
        if self.node.learner is not None:
            raise ValueError(
                f"node: {kind} learns, and steps are learned from in their order; take one that "
                "does not (as with rule=None, where there is that field)"
            )
        if self.node.from_end:
            raise ValueError(f"node: {kind} is turned round twice; write {self.node.node!r}")
        if (self.every, self.node.every) != (1, 1):
            raise ValueError("every: a clock counts from the start of a series; leave it out")
        return self

    @property
    def declared_size(self) -> int | None:
        """The number of outputs of its node, where that is declared."""
        return self.node.declared_size

    def size(self, n_in: int, **widths: int) -> int:
        """Return the number of outputs of its node."""
        return self.node.size(n_in, **widths)

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers each large array of its node will hold."""
        return self.node.cost(n_in, n_out)

    def init(self, rng: np.random.Generator, n_in: int, n_out: int, **widths: int) -> Any:
        """Return the params of its node."""
        return self.node.init(rng, n_in, n_out, **self.asked("init", widths))

    def start(self, n_out: int, **told: Any) -> Any:
        """Return the state of its node before the last row."""
        return self.node.start(n_out, **self.asked("start", told))

    def step(self, params: Any, state: Any, x: Array, **ports: Array) -> tuple[Any, Array]:
        """Return ``(state, y)`` one step earlier."""
        return self.node.step(params, state, x, **ports)

    def draw_noise(self, rng: np.random.Generator, n_steps: int, n_out: int) -> Array | None:
        """Return the noise of its node."""
        return self.node.draw_noise(rng, n_steps, n_out)

    def doubts(self, x: Array, y: Array, params: Any) -> list[str]:
        """Return what looks wrong with what its node read and gave out."""
        return self.node.doubts(x, y, params)
