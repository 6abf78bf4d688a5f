"""What a node is: a checked description, and pure functions of arrays. It holds no arrays."""

from __future__ import annotations

import inspect
import itertools
from abc import ABC, abstractmethod
from functools import cached_property
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Literal,
    NoReturn,
    cast,
    dataclass_transform,
)

import numpy as np
from pydantic import (
    AfterValidator,
    Field,
    NonNegativeInt,
    PositiveInt,
    PrivateAttr,
    model_validator,
)

from nodegraph.arrays import Array
from nodegraph.errors import GraphError
from nodegraph.graph.described import Described
from nodegraph.graph.graph import Composable, End, Graph
from nodegraph.graph.limits import Limits
from nodegraph.graph.names import LONGEST, check_name
from nodegraph.graph.rule import Rule, write_rules_by_kind
from nodegraph.graph.signatures import asked_ports, check_signatures, check_start, refuse_hooks
from nodegraph.graph.strangers import TOLD_OF_A_NODE, refuse_word_of_a_node

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(Described)

__all__ = ["Composite", "Gaps", "Name", "Node"]

Name = Annotated[
    str,
    Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=LONGEST),
    AfterValidator(check_name),
]

Gaps = Literal["refuses", "passes", "fills"]

REMEDY = "lower spectral_radius, scalings or learning rates, or use a bounded activation"
_COMPILED = "leave it out, for step is compiled; run_block of nodegraph.graph.protocols runs blocks"
_GONE = dict.fromkeys(("run", "run_many", "prepared", "step_code"), _COMPILED)
_CALLED = {
    "init": ("rng", "n_in", "n_out"),
    "start": ("n_out",),
    "step": ("params", "state", "x"),
}


@dataclass_transform(kw_only_default=True, field_specifiers=(Field, PrivateAttr))
class _Class(ModelMetaclass):
    """The class of the classes of nodes: it says that operators join nodes, not classes."""

    def _refuse(cls, _: object) -> NoReturn:
        raise GraphError(f"{cls.__name__} is a class: write {cls.__name__}(), fields in the ()")

    __rshift__ = __rrshift__ = __lshift__ = __rlshift__ = __and__ = __rand__ = _refuse


class _Part(Described, Composable, metaclass=_Class):
    """What nodes and composites share: checked fields, a name, and being one's self."""

    name: Name | None = None
    _drawn_as: str | None = PrivateAttr(default=None)  # see `nodegraph.graph.names.streams_of`

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in type(self).model_fields:
            return super().__getattr__(name)
        if name in TOLD_OF_A_NODE:
            refuse_word_of_a_node(type(self).__name__, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


class Node(_Part, ABC):
    """One node of a graph.

    Fields say what the node is; `init` makes its params (weights), `start` its state, and
    `step` moves it on by one step. `step` is all that a node has to say: written in numpy and the
    words of `nodegraph.maths` it is traced and compiled for whatever runs it, to the same bits.

    Parameters
    ----------
    name : str, optional
        What the node is called in its graph; else its class in snake_case.
    every, phase : int
        The node's clock: it steps when ``(t - phase) % every == 0``, t counted from the start of
        the series; in between, its last output is held.
    """

    every: PositiveInt = 1
    phase: NonNegativeInt = 0

    external: ClassVar[bool] = False  # whether data must come from outside
    verbatim: ClassVar[bool] = False  # whether it gives out what comes to x as it is
    gaps: ClassVar[Gaps] = "refuses"  # what it does with NaN, as in data with gaps
    alike: ClassVar[bool] = False  # whether sources of x are equally wide, and it as one of them
    double: ClassVar[tuple[str, ...]] = ()  # fields of its state that are float64 in any model
    limits: ClassVar[dict[str, Limits]] = {}  # between what the signals of a port lie
    sums_up: ClassVar[bool] = False  # whether its last row tells of the whole series
    own_head: ClassVar[bool] = False  # whether its target is that of a head inside it, of any width
    step_ports: ClassVar[tuple[str, ...]] = ("x",)
    asks: ClassVar[tuple[str, ...]] = ()  # ports without which it cannot step
    arriving: ClassVar[tuple[str, ...]] = ()  # arrays of its params that edges bring
    takes: ClassVar[dict[str, frozenset[str]]] = {}
    traced: ClassVar[bool] = True  # whether `step` is to be compiled; else it runs in Python
    smooth: ClassVar[bool] = True  # whether `step` has a derivative; else its outputs jump
    from_end: ClassVar[bool] = False  # whether it reads a series from its end, which must be known
    hears_noise: ClassVar[bool] = False

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Read off the signatures which ports there are and which widths are asked for."""
        super().__pydantic_init_subclass__()
        refuse_hooks(cls, _GONE)
        check_signatures(cls, _CALLED)
        check_start(cls, cls.start)
        write_rules_by_kind(cls)
        known = [*inspect.signature(cls.step).parameters][3:]
        cls.hears_noise = "noise" in known
        cls.step_ports = tuple(port for port in known if port != "noise")
        cls.asks = asked_ports(cls.step)
        methods = {"init": cls.init, "start": cls.start, "size": cls.size}
        cls.takes = {
            name: frozenset(inspect.signature(cast("Any", method)).parameters)
            for name, method in methods.items()
        }

    @property
    def ports(self) -> tuple[str, ...]:
        """Names of the inputs: those of `step`, those of its rule, ``target`` if it is taught."""
        if self.learner is None:
            return self.step_ports
        taught = ("target",) if self.learner.supervised else ()
        return (*self.step_ports, *self.learner.ports, *taught)

    @model_validator(mode="after")
    def _phase_is_within_the_clock(self) -> Node:
        if self.phase >= self.every:
            raise ValueError(f"phase should be below every ({self.every}), got {self.phase}")
        return self

    @property
    def ready(self) -> bool:
        """Whether the node may run before it has learned, as when its weights were given."""
        return self.learner is None or not self.learner.supervised

    @property
    def knows_classes(self) -> bool:
        """Whether whole numbers, as targets, are classes to this node and not quantities."""
        return getattr(self, "classes", None) is not None

    @cached_property
    def learner(self) -> Rule | None:
        """The local rule that changes this node's params, if it has one."""
        rule = getattr(self, "rule", None)
        return rule.of(self) if isinstance(rule, Rule) else None

    @property
    def input_parts(self) -> int:
        """Into how many equal parts, side by side, its input is cut."""
        return 1

    @property
    def declared_size(self) -> int | None:
        """The number of outputs as far as the fields tell it, such as ``units``."""
        units = getattr(self, "units", None)
        return units if isinstance(units, int) else None

    def size(self, n_in: int) -> int:
        """Return the number of outputs of a node that does not declare it; that of its inputs.

        A keyword argument named like a port receives the width of what is wired there.
        """
        return n_in

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers each large array will hold, before any is made."""
        return {}

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Any:
        """Return the params, a NamedTuple of arrays.

        A keyword argument named like a port, such as ``feedback``, receives the width of what is
        wired there.
        """
        return ()

    def start(self, n_out: int) -> Any:
        """Return the state before the first step, a NamedTuple of arrays.

        A keyword argument ``n_in`` receives the width of the input, one called ``rng`` a generator
        that is the same each time, so that every series starts alike.
        """
        return ()

    @abstractmethod
    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, y)`` one step later: `x` of shape (n_in,), `y` of shape (n_out,).

        Further keyword arguments are ports. A keyword argument ``noise`` is not a port: it
        receives a row of what `draw_noise` made, or None.
        """

    def doubts(self, x: Array, y: Array, params: Any) -> list[str]:
        """Return a sentence, with the cure, for each thing that looks wrong after learning.

        Override it to be shown some rows of what the node read and gave out while the model
        learned, (rows, n_in) and (rows, n_out), and its params; `nodegraph.data.symptoms` has what
        to look for. The sentences come in a `DataWarning` after the name of the node.
        """
        return []

    @property
    def remedy(self) -> str:
        """What to do if what it gives out leaves all bounds, for the message of the error."""
        return REMEDY

    def draw_noise(self, rng: np.random.Generator, n_steps: int, n_out: int) -> Array | None:
        """Return the noise of `n_steps` steps, or None for a node without noise."""
        return None

    def __getitem__(self, port: str) -> Graph:
        """Return this node with `port` as the place where the next edge arrives.

        The name of an array of its params is a port as well: what arrives there stands in for it.
        """
        arrays = _arrays(self)
        if port not in (*self.ports, *arrays):
            own = f", and parameters {', '.join(arrays)}" if arrays else ""
            raise GraphError(
                f"{self.name or type(self).__name__} has no port {port!r}; "
                f"it has {', '.join(self.ports)}{own}"
            )
        return Graph(nodes=(self,), heads=(End(self, port),), tails=(End(self, port),))


def _arrays(node: Node) -> tuple[str, ...]:
    """Return the names of the arrays of a node's params."""
    return getattr(getattr(type(node), "Params", None), "_fields", ())


class Composite(_Part, ABC):
    """A short word for a graph: it expands where it stands, so engines never see it.

    Parameters
    ----------
    name : str, optional
        What it is called in its graph, before a dot and the names of its parts; else its class in
        snake_case.
    """

    @abstractmethod
    def expand(self) -> Graph:
        """Return the graph that this word stands for."""

    @cached_property
    def _graph(self) -> Graph:
        graph = self.expand().as_graph()
        owners = dict(graph.owners)
        return Graph(
            graph.nodes,
            graph.edges,
            graph.heads,
            graph.tails,
            tuple((node, (self, *owners.get(node, ()))) for node in graph.nodes),
        )

    def as_graph(self) -> Graph:
        """Return the graph that this word stands for; always the same nodes."""
        return self._graph

    def __getitem__(self, port: str) -> Graph:
        """Return this graph with `port`, of the one node in it that has it, as where edges arrive.

        ``x`` is where they arrive without it.
        """
        graph = self._graph
        if port == "x":
            return graph
        named = {name: (*node.ports, *_arrays(node)) for node, name in graph.names.items()}
        able = [name for name, ports in named.items() if port in ports]
        if len(able) != 1:
            there = sorted({*itertools.chain(*named.values())})
            raise GraphError(
                f"{self.name or type(self).__name__} has no port {port!r}; it has "
                f"{', '.join(there)}"
                if not able
                else f"{self.name or type(self).__name__}: {', '.join(able)} have a port {port!r} "
                "each; wire the parts by themselves in place of this word"
            )
        return graph._with_ends((End(graph[able[0]], port),), graph.tails)
