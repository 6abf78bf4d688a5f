"""One node that works on several parts of its input, with the same weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import PositiveInt, model_validator

from nodegraph.arrays import Array
from nodegraph.errors import FieldError, GraphError
from nodegraph.graph import Graph
from nodegraph.node import Limits
from nodes.parts.around_node import AroundNode
from nodes.rules.shared_learning import SharedLearning

__all__ = ["Shared"]


class Shared(AroundNode):
    """``y = [f(x_1), f(x_2), ...]``: one node f over equal parts of the input, side by side [1]_.

    Each part has a state of its own; weights are one. A readout learns from the rows of all parts:
    ``Patches(width=8, halo=4) >> Shared(node=Reservoir(units=500), copies=8) >>
    Shared(node=Ridge(), copies=8)`` learns what is the same everywhere from everywhere.

    Parameters
    ----------
    node : Node
        A node that does not learn, or a `Ridge`, `Lasso` or `LogisticRegression` without classes.
        In YAML ``node: {kind: Reservoir, units: 500}``.
    copies : int
        In how many parts the columns of the input are cut, and those of every other port of the
        node; a port where one signal arrives, such as ``dt``, is heard by all parts.

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
        if self.node.from_end:
            raise ValueError(
                f"node: {kind} reads series from their end, and the whole does not; write "
                f"Backward(node=Shared(copies={self.copies}, ...))"
            )
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
    def input_parts(self) -> int:
        """In how many parts the columns of the input are cut."""
        return self.copies

    @property
    def declared_size(self) -> int | None:
        """The number of outputs of all parts, where that of one is declared."""
        one = self.node.declared_size
        return None if one is None else one * self.copies

    @property
    def limits(self) -> dict[str, Limits]:  # type: ignore[override]
        """What may arrive at each port; how many signals is looked at part by part."""
        own = self.node.limits
        return own if self.copies == 1 else {p: own[p]._replace(signals=None) for p in own}

    def size(self, n_in: int, **widths: int) -> int:
        """Return the number of outputs of all parts."""
        each = {port: self._each(port, width) for port, width in widths.items()}
        return self.node.size(n_in // self.copies, **each) * self.copies

    def _each(self, what: str, columns: int) -> int:
        """Return how many columns of a port arrive at a part; refuse parts that are not equal."""
        if columns % self.copies and (columns != 1 or what in ("input", "output")):
            one = "" if what in ("input", "output") else ", and are not one for all"
            raise FieldError(
                f"copies: the {columns} columns of the {what} do not divide into {self.copies} "
                f"parts{one}"
            )
        return columns // self.copies or columns

    def init(self, rng: np.random.Generator, n_in: int, n_out: int, **widths: int) -> Any:
        """Return the params of its node, for one part; refuse parts that are not equal."""
        n_in, n_out = self._each("input", n_in), self._each("output", n_out)
        each = {port: self._each(port, width) for port, width in widths.items()}
        for port, limits in self.node.limits.items():
            if (wanted := limits.signals) not in (None, each.get(port, wanted)):
                got = f"got {widths[port]} for all"
                raise FieldError(f"{port}: each of {self.copies} parts takes {wanted}, {got}")
        return self.node.init(rng, n_in, n_out, **self.asked("init", each))

    def start(self, n_out: int, n_in: int = 0, rng: np.random.Generator | None = None) -> Any:
        """Return the states of all parts."""
        told = self.asked("start", {"n_in": n_in // self.copies, "rng": rng})
        return tuple(self.node.start(n_out // self.copies, **told) for _ in range(self.copies))

    def step(self, params: Any, state: Any, x: Array, **ports: Array | None) -> tuple[Any, Array]:
        """Return ``(state, y)`` one step later."""
        heard = {"x": x} | {port: row for port, row in ports.items() if row is not None}
        parts = {port: self._parts(row) for port, row in heard.items()}
        done = [
            self.node.step(params, own, **{port: rows[i] for port, rows in parts.items()})
            for i, own in enumerate(state)
        ]
        return tuple(own for own, _ in done), np.concatenate([y for _, y in done])

    def _parts(self, row: Array) -> list[Array]:
        """Return what each part hears of a row."""
        return [row] * self.copies if len(row) == 1 else np.split(row, self.copies)

    def draw_noise(self, rng: np.random.Generator, n_steps: int, n_out: int) -> Array | None:
        """Return the noise of its node, for all parts."""
        each = [
            self.node.draw_noise(rng, n_steps, n_out // self.copies) for _ in range(self.copies)
        ]
        drawn = [noise for noise in each if noise is not None]
        return np.concatenate(drawn, axis=1) if drawn else None
