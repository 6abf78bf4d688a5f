"""A population of units that learn by themselves; the kinds of units are in `nodes.forward`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt, field_validator

from nodegraph.arrays import Array
from nodegraph.data.symptoms import is_still, raw_input
from nodegraph.errors import FieldError
from nodegraph.node import Node
from nodegraph.rule import Rule

__all__ = ["Emits", "ForwardUnit"]

Emitted = Literal["state", "prediction", "error"]
Emits = Annotated[tuple[Emitted, ...], Field(min_length=1)]
_ORDER: tuple[Emitted, ...] = ("state", "prediction", "error")


class ForwardUnit(Node, ABC):
    """Units that learn on their own, each from what it reads and what it was a step before.

    All units of a population look at one bus, ``g[t] = [u[t], y[t-1]]``: the input, and what each
    of them made one step before. Each predicts, compares what it predicted with what comes, and
    changes its own weights by that; no error of a readout or of another unit reaches it.
    ``ForwardUnit(kind="attention")`` makes units of a kind, with the fields of that kind:
    `nodegraph kinds ForwardUnit.attention` lists them.

    In `fit` the units learn before the readouts downstream, then stay as they are; in
    `partial_fit` they learn at every step. Inputs should have a mean of about 0 and a variance of
    about 1.

    Parameters
    ----------
    units : int
        Number of state variables that the population shows.
    kind : {"forecast", "predictive_coding", "forward_forward", "attention", "dendritic"}
        What the units learn.
    frozen : bool
        Whether they keep the weights that they were born with: the control, so that what says how
        they learn may stay where it is.
    emits : tuple of {"state", "prediction", "error"}
        What is given out, side by side in this order, whatever the order given.
    """

    label: ClassVar[str] = "ForwardUnit"
    variants: ClassVar[dict[str, type[ForwardUnit]]] = {}

    units: PositiveInt = 100
    kind: str = "forecast"
    frozen: bool = False
    emits: Emits = ("state",)

    def __new__(cls, /, *values: Any, **fields: Any) -> ForwardUnit:
        """Return an instance of the class of that kind, still without fields."""
        return super().__new__(
            _chosen(fields.get("kind", "forecast")) if cls is ForwardUnit else cls
        )

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        """Make the kind known by its name."""
        super().__pydantic_init_subclass__(**options)
        if "kind" in cls.__annotations__:
            ForwardUnit.variants[cls.model_fields["kind"].default] = cls

    @field_validator("emits", mode="before")
    @classmethod
    def _in_order(cls, emits: Any) -> Any:
        if isinstance(emits, str):
            return (emits,)
        if isinstance(emits, Iterable) and set(emits := tuple(emits)) <= set(_ORDER):
            return tuple(name for name in _ORDER if name in emits)
        return emits

    def __repr_name__(self) -> str:
        """Return the name by which all kinds are made."""
        return "ForwardUnit"

    @property
    def rule(self) -> Rule | None:
        """The rule that the units learn by; none if they are frozen."""
        return None if self.frozen else self.local_rule

    @property
    @abstractmethod
    def local_rule(self) -> Rule:
        """The rule that units of this kind learn by."""

    def widths(self) -> dict[Emitted, int]:
        """Return how many signals there are of each sort that can be given out."""
        return {name: self.units for name in _ORDER}

    @property
    def declared_size(self) -> int:
        """The number of signals given out."""
        widths = self.widths()
        return sum(widths[name] for name in self.emits)

    def doubts(self, x: Array, y: Array, params: Any) -> list[str]:
        """Return that the input is not of mean 0 and variance 1, or that nothing moves."""
        still = "nothing that it gives out moves" * is_still(x, y)
        return [words for words in (raw_input(x, faint=1e-3), still) if words]

    def check_wired(self, n_in: int) -> None:
        """Refuse to be born without input."""
        if n_in == 0:
            raise FieldError(
                f"ForwardUnit of kind {self.kind} learns from its input, but nothing is wired to it"
            )


def _chosen(kind: Any) -> type[ForwardUnit]:
    variants = ForwardUnit.variants
    if isinstance(kind, str) and kind in variants:
        return variants[kind]
    known = ", ".join(repr(name) for name in variants)
    raise FieldError(f"ForwardUnit.kind: should be one of {known} (got {kind!r})")
