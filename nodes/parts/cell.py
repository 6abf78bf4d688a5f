"""What recurrent cells share: a head that foresees the input, outputs, being told to wait."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from inspect import signature
from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import model_validator

from nodegraph.arrays import Array
from nodegraph.data.symptoms import is_still, raw_input
from nodegraph.errors import FieldError
from nodegraph.maths import matvec
from nodegraph.node import Node
from nodes.parts.cell_rule import CellRule
from nodes.parts.past import Past, remembered
from nodes.parts.update_mask import update_mask
from nodes.rules.eprop import EProp

__all__ = ["Cell", "Head", "LearningCell"]

SAID = ("prediction", "error")  # what a head can give out


class Head(NamedTuple):
    """What foresees the next input, ``x[t+1] ~ V h[t] + offset``, and tells units of errors."""

    V: Array  # (n_heard, n)
    offset: Array  # (n_heard,)
    feedback: Array  # (n, n_heard)


class Cell(Node, ABC):
    """A recurrent cell: its equation is `moved`; it learns by itself, and can be told to wait.

    A head of its own foresees the cell's next input, ``x[t+1] ~ V h[t] + offset``; from its error
    head and weights learn by `rule`. Nothing but the input drives the learning: no target, no
    error of another node (but see `nodes.rules.BPTT`).

    Where something is wired to the port ``update`` and none of its signals is above 0, the state
    stays as it is, to the bit.
    """

    shows: ClassVar[tuple[str, ...]] = ("h",)  # what it can give out, each with a number per unit
    carried: ClassVar[tuple[str, ...]] = ("h",)  # from step to step; the head reads the first
    unit_axis: ClassVar[Mapping[str, int]] = {}
    floors: ClassVar[Mapping[str, float]] = {}  # of params that have a least number

    @classmethod
    def __pydantic_init_subclass__(cls, **more: Any) -> None:
        """Read off the signature of `moved` which ports there are, beside ``update``."""
        super().__pydantic_init_subclass__(**more)
        known = [*signature(cls.moved).parameters][4:]
        cls.hears_noise = "noise" in known
        cls.step_ports = ("x", "update", *(port for port in known if port != "noise"))

    @property
    @abstractmethod
    def taught(self) -> CellRule | None:
        """The rule that it learns by."""

    @property
    @abstractmethod
    def given(self) -> tuple[str, ...]:
        """What is given out."""

    @property
    @abstractmethod
    def width(self) -> int:
        """The number of units."""

    @property
    @abstractmethod
    def weights(self) -> tuple[str, ...]:
        """Names of the params that can learn."""

    @abstractmethod
    def moved(self, params: Any, state: Any, x: Array) -> Any:
        """Return the state one step later.

        Further keyword arguments are ports, or ``noise``, as those of `Node.step` are.
        """

    def carry(self, state: Any) -> list[Any]:
        """Return what is carried from step to step, (n,) each."""
        return [getattr(state, name) for name in self.carried]

    def with_carry(self, state: Any, values: Sequence[Any]) -> Any:
        """Return the state with other arrays in place of what is carried."""
        return state._replace(**dict(zip(self.carried, values, strict=True)))

    def shown(self, state: Any, name: str) -> Array:
        """Return what can be given out, by name."""
        shown: Array = getattr(state, name)
        return shown

    def links(self, params: Any) -> dict[str, Array]:
        """Return where there are weights, of params that do not have all."""
        return {}

    @property
    def declared_size(self) -> int | None:
        """The number of signals given out, if the input does not matter for it."""
        return None if {*self.given} & {*SAID} else self.size(0)

    def size(self, n_in: int) -> int:
        """Return the number of signals given out."""
        return sum(n_in if name in SAID else self.width_of(name) for name in self.given)

    def width_of(self, name: str) -> int:
        """Return of how many numbers that is which is given out by this name."""
        return self.width

    def draw_head(self, rng: np.random.Generator, n_in: int, n_out: int) -> Head:
        """Return the head, 0 at first."""
        n, heard = self.width, 0
        if self.taught is not None:
            heard = n_out if self.taught.supervised else n_in
            if n_in == 0:
                kind = type(self).__name__
                raise FieldError(
                    f"{kind} foresees its input, but nothing is wired to it; write "
                    f"{kind}(rule=None) if it is to run by itself"
                )
        feedback = rng.standard_normal((n, heard)) / np.sqrt(n)
        return Head(np.zeros((heard, n)), np.zeros(heard), feedback)

    def remembers(self, state: Any, n_in: int) -> Any:
        """Return the start state with room for the past, if the rule looks back."""
        steps = 0 if self.taught is None else self.taught.window
        noise = self.draw_noise(np.random.default_rng(0), 1, self.width)
        others = len(self.step_ports) - 2 + (0 if noise is None else noise.shape[1])
        return state._replace(past=Past.empty(state, n_in, others, steps)) if steps else state

    def relived(self, params: Any, state: Any, x: Array, ports: Mapping[str, Array]) -> Any:
        """Return the state one step later, without what it remembers for its rule."""
        known = (*self.step_ports, "noise")
        heard = {port: row for port, row in ports.items() if port in known}
        return self._told(params, state, x, **heard)

    def _told(
        self, params: Any, state: Any, x: Array, update: Array | None = None, **others: Array
    ) -> Any:
        """Return the state one step later, or as it is if `update` says so."""
        after = self.moved(params, state, x, **others)
        return after if update is None else update_mask((update > 0).any(), after, state)

    def step(self, params: Any, state: Any, x: Array, **ports: Array | None) -> tuple[Any, Array]:
        """Return ``(state, y)`` one step later; ports are ``update`` and those of `moved`."""
        past, state = state.past, state._replace(past=())
        wired = {port: row for port, row in ports.items() if row is not None}
        after = self._told(params, state, x, **wired)
        y = np.concatenate([self._signal(name, params, state, after, x) for name in self.given])
        if self.taught is not None and self.taught.window:
            told = wired.get("update")
            now = remembered(past, state, x, self._others(wired), wired.get("noise"))
            past = now if told is None else update_mask((told > 0).any(), now, past)
        return after._replace(past=past), y

    def _others(self, ports: Mapping[str, Array]) -> list[Any]:
        """Return the largest signal of each other port; 0 where nothing is wired."""
        names = [port for port in self.step_ports if port not in ("x", "update")]
        return [ports[name].max() if name in ports else 0.0 for name in names]

    def _signal(self, name: str, params: Any, state: Any, after: Any, x: Array) -> Array:
        """Return what is given out by that name."""
        if name not in SAID:
            return self.shown(after, name)
        h = self.carry(state if name == "error" else after)[0]
        foreseen: Array = matvec(params.V, h) + params.offset
        return x - foreseen if name == "error" else foreseen

    def doubts(self, x: Array, y: Array, params: Any) -> list[str]:
        """Return that the input is not of mean 0 and variance 1, or that nothing moves."""
        still = "nothing that it gives out moves" * is_still(x, y)
        return [words for words in (raw_input(x, faint=1e-3), still) if words]


class LearningCell(Cell, ABC):
    """A cell that says what it gives out and how it learns.

    Parameters
    ----------
    emits : tuple of str
        What is given out, side by side: arrays of the state by name, "prediction" (of the next
        input) and "error" (of the last prediction); in the node's own order, whatever the order
        they are named in.
    rule : rule of a cell, or None
        `nodes.rules.EProp`, `RFLO`, `TBPTT` or `BPTT`; None for a cell without head.
    frozen : bool
        Whether the weights stay as they are; the head learns all the same: the control.
    """

    emits: tuple[str, ...] | None = None
    rule: CellRule | None = EProp()
    frozen: bool = False

    @property
    def taught(self) -> CellRule | None:
        """The rule that it learns by, if it is one of cells."""
        return self.rule if isinstance(self.rule, CellRule) else None

    @model_validator(mode="after")
    def _emits_what_there_is(self) -> LearningCell:
        said = SAID if self.taught is not None else ()
        known = (*self.shows, *said)
        if self.emits is not None and not (self.emits and {*self.emits} <= {*known}):
            odd = [name for name in self.emits if name not in known]
            more = "; a head needs a rule" if {*odd} & {*SAID} else ""
            raise ValueError(
                f"emits: should be one or more of {', '.join(known)} (got {odd}){more}"
            )
        taught = self.taught
        if taught is not None and taught.supervised and self.given != ("prediction",):
            raise ValueError(
                f"emits: a cell taught by {type(taught).__name__} gives out its prediction; "
                "leave emits out"
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _emits_in_order(cls, fields: Any) -> Any:
        emits = fields.get("emits") if isinstance(fields, dict) else None
        if emits is None:
            return fields
        if not isinstance(emits, Iterable):
            raise ValueError(
                f"emits: should be one or more of {', '.join(cls.shows)} (got {emits!r})"
            )
        known = {name: i for i, name in enumerate((*cls.shows, *SAID))}
        once = dict.fromkeys([emits] if isinstance(emits, str) else emits)
        return {**fields, "emits": tuple(sorted(once, key=lambda n: known.get(n, 9)))}

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        if self.taught is not None:
            return {}
        why = "rule is None, so nothing learns" if self.rule is None else "there is no head"
        return {"frozen": why}

    @property
    def given(self) -> tuple[str, ...]:
        """What is given out."""
        if self.emits is not None:
            return self.emits
        supervised = self.taught is not None and self.taught.supervised
        return ("prediction",) if supervised else self.shows[:1]
