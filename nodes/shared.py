"""One node that works on several parts of its input, with the same weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import PositiveInt, model_validator

from nodegraph.arrays import Array
from nodegraph.errors import FieldError, GraphError
from nodegraph.graph import Graph
from nodegraph.node import Node
from nodes.parts.any_node import AnyNode
from nodes.rules.shared_learning import SharedLearning

__all__ = ["Shared"]


class Shared(Node):
    """``y = [f(x_1), f(x_2), ...]``: one node f over equal parts of the input, side by side [1]_.

    Each part has a state of its own; weights are one. A readout learns from the rows of all parts:
    ``Patches(width=8, halo=4) >> Shared(node=Reservoir(units=500), copies=8) >>
    Shared(node=Ridge(), copies=8)`` learns what is the same everywhere from everywhere.

    Parameters
    ----------
    node : Node
        A node of one input, without learning, or a `Ridge`, `Lasso` or `LogisticRegression` without
        classes. In YAML ``node: {kind: Reservoir, units: 500}``.
    copies : int
        In how many parts the columns of the input are cut.

    References
    ----------
    .. [1] J. Pathak, B. Hunt, M. Girvan, Z. Lu, E. Ott, Physical Review Letters 120 (2018) 024102.

    Examples
    --------
    >>> import nodegraph as ng
    >>> from nodes import NVAR
    >>> ng.Model(Shared(node=NVAR(delay=1, order=2), copies=2)).run([[2.0, 3.0]])
    array([[2., 4., 3., 9.]])
    """

    node: AnyNode
    copies: PositiveInt

    @model_validator(mode="after")
    def _can_be_shared(self) -> Shared:
        learner, kind = self.node.learner, type(self.node).__name__
        if learner is not None and (why := SharedLearning.why_not(learner)):
            raise ValueError(f"node: {kind} {why}")
        if getattr(self.node, "classes", None) is not None:
            raise ValueError(
                f"node: {kind} has classes, and a target of all parts has no labels; leave classes "
                "out, and give as targets the 0 and 1 of each class, part beside part"
            )
        if (every := self.node.every) != 1:
            raise ValueError(f"node: copies have one clock; write Shared(every={every}, ...)")
        if not type(self.node).traced:
            raise ValueError(f"node: {kind} runs through Python alone and cannot be shared")
        return self

    @property
    def rule(self) -> SharedLearning | None:
        """The rule that it learns by: that of its node, from the rows of all parts."""
        learner = self.node.learner
        return None if learner is None else SharedLearning(rule=learner, copies=self.copies)

    def __getitem__(self, port: str) -> Graph:
        """Return this node with `port` as the place where the next edge arrives."""
        if port == "weight" and port in self.node.ports:
            raise GraphError(
                f"{self.name or 'Shared'} has no port 'weight': what counts a row would "
                "count all its parts alike; to leave a row out, make its targets NaN"
            )
        return super().__getitem__(port)

    @property
    def ready(self) -> bool:
        """Whether its node is."""
        return self.node.ready

    @property
    def declared_size(self) -> int | None:
        """The number of outputs of all parts, where that of one is declared."""
        one = self.node.declared_size
        return None if one is None else one * self.copies

    def size(self, n_in: int) -> int:
        """Return the number of outputs of all parts."""
        return self.node.size(n_in // self.copies) * self.copies

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Any:
        """Return the params of its node, for one part; refuse parts that are not equal."""
        for what, n in (("input", n_in), ("output", n_out)):
            if n % self.copies:
                raise FieldError(
                    f"copies: the {n} columns of the {what} do not divide into {self.copies} parts"
                )
        return self.node.init(rng, n_in // self.copies, n_out // self.copies)

    def start(self, n_out: int, n_in: int = 0) -> Any:
        """Return the states of all parts."""
        extra = {"n_in": n_in // self.copies} if "n_in" in self.node.takes["start"] else {}
        return tuple(self.node.start(n_out // self.copies, **extra) for _ in range(self.copies))

    def step(
        self, params: Any, state: Any, x: Array, noise: Array | None = None
    ) -> tuple[Any, Array]:
        """Return ``(state, y)`` one step later."""
        parts = zip(state, np.split(x, self.copies), self._shares(noise), strict=True)
        done = [self.node.step(params, own, part, **extra) for own, part, extra in parts]
        return tuple(own for own, _ in done), np.concatenate([y for _, y in done])

    def _shares(self, noise: Array | None) -> list[dict[str, Array]]:
        if noise is None:
            return [{}] * self.copies
        return [{"noise": part} for part in np.split(noise, self.copies)]

    def draw_noise(self, rng: np.random.Generator, n_steps: int, n_out: int) -> Array | None:
        """Return the noise of its node, for all parts."""
        return self.node.draw_noise(rng, n_steps, n_out)
