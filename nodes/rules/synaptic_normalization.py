"""Synaptic normalisation: weights grow by a rule, and each unit keeps their sum."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import PositiveFloat, model_validator

from nodegraph import Array, Node, Rule, Seen
from nodegraph.maths import synapses
from nodegraph.rule import AnyRule
from nodes.parts.plasticity import Plasticity, scaled_rows
from nodes.rules.hebb import Hebb

__all__ = ["SynapticNormalization", "row_lengths"]


class SynapticNormalization(Rule):
    """Weights grow by another rule, then each unit's are scaled back to their length.

    ``W_i <- W_i length_i / |W_i|`` after each step [1]_, [2]_, so that what one synapse wins
    the others of the unit lose. With Hebb's rule a linear unit's weights turn towards the first
    principal component of its input, as with Oja's rule.

    Parameters
    ----------
    rule : Rule
        By which the weights grow: Hebb, AntiHebb, Oja, Sanger, BCM or another `Plasticity`.
    norm : {"l2", "l1"}
        What is kept of each unit's weights: the root of the sum of squares, or the sum of sizes.
    length : float, optional
        To which it is brought; without it each unit keeps what it had.

    References
    ----------
    .. [1] C. von der Malsburg, Kybernetik 14 (1973) 85-100.
    .. [2] A. Lazar, G. Pipa, J. Triesch, Frontiers in Computational Neuroscience 3 (2009) 23.
    """

    class Memory(NamedTuple):
        """What the rule inside remembers, and the length of each unit's weights."""

        own: Array  # (units,)
        lengths: Array  # (units,)

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W", "W_in")

    rule: AnyRule = Hebb()
    norm: Literal["l2", "l1"] = "l2"
    length: PositiveFloat | None = None

    @model_validator(mode="after")
    def _weights_grow(self) -> SynapticNormalization:
        if not isinstance(self.rule, Plasticity):
            raise ValueError(
                f"rule: should let weights grow, as Hebb, AntiHebb, Oja, Sanger and BCM do "
                f"(got {type(self.rule).__name__})"
            )
        return self

    @property
    def growing(self) -> Plasticity:
        """The rule by which the weights grow."""
        if not isinstance(self.rule, Plasticity):
            raise TypeError("checked when it was made")
        return self.rule

    @property
    def moving(self) -> tuple[str, ...]:
        """The weights that grow."""
        return self.growing.moving

    @property
    def epochs(self) -> int:
        """How often `fit` goes through the data."""
        return self.growing.epochs

    def refusal(self, node: Node) -> str | None:
        """Return why this rule cannot teach `node`, or None if it can."""
        return super().refusal(node) or self.growing.refusal(node)

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step."""
        lengths = row_lengths(getattr(params, self.growing.weights), self.norm)
        if self.length is not None:
            lengths = np.full(len(lengths), self.length)
        return self.Memory(*self.growing.begin(params), lengths)

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return the params and the memory one step later."""
        growing, lengths = self.growing, memory.lengths
        params, inner = growing.update(params, growing.Memory(memory.own), seen)
        W = getattr(params, growing.weights)
        now = row_lengths(W, self.norm)
        W = scaled_rows(W, np.where(now > 0, lengths / np.where(now > 0, now, 1.0), 1.0))
        return params._replace(**{growing.weights: W}), self.Memory(inner.own, lengths)


def row_lengths(W: Any, norm: Literal["l2", "l1"] = "l2") -> Array:
    """Return the length of each row, in double precision."""
    w = synapses(W)
    sizes = abs(w.weights).astype(float)  # in single precision squares of 2e19 are infinite
    sums = w.sums(sizes * sizes if norm == "l2" else sizes)
    lengths: Array = np.sqrt(sums) if norm == "l2" else sums
    return lengths
