"""A graph with its arrays: the one mutable thing a user holds."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import fields
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any, NoReturn, Self

from nodegraph.engines import choose
from nodegraph.errors import (
    ArgumentError,
    DataError,
    GraphError,
    ModelFileError,
    UnknownNameError,
)
from nodegraph.graph import Composable
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.names import keep_streams, node_name
from nodegraph.graph.plan import Plan
from nodegraph.graph.registry import load_plugin
from nodegraph.graph.strangers import refuse_call, refuse_word
from nodegraph.host.numerics import Numerics, checked_numerics
from nodegraph.model.checks import check_snapshot, checked_dtype, checked_seed
from nodegraph.model.estimating import Estimating
from nodegraph.model.initializer import Initializer
from nodegraph.model.mover import is_one, taking_turns
from nodegraph.model.state import ModelState
from nodegraph.model.summary import Summary, summary
from nodegraph.model.uncertainty import intervals_of

__all__ = ["Model"]

_LASTING = {"initializer", "plans", "able", "origin"}  # what follows from graph and sizes
_MOVING = frozenset(one.name for one in fields(ModelState)) - _LASTING


class Model(Estimating):
    """A graph, its params and its state.

    Parameters
    ----------
    graph : Graph, Node or Composite
    seed : int
        Each node draws from a stream of its own, made of this seed and its name. A node (or
        composite) without a name keeps the stream of the first model that it went into, so adding
        or removing a node never changes the weights of another node object or named node.
    dtype : {"float64", "float32"}
        Of weights, states and outputs. Statistics and solves are in float64.
    engine : "local", "ray" or object
        What executes the graph: this process, Ray actors (`nodegraph.RayEngine` has options), or
        an object with a method ``execute(plan, slots, chunks, work)``.
    numerics : {"exact", "portable", "fast"}
        How exactly results are repeated: the same bits on one type of machine, on any x86-64, or
        right to 1e-9 (1e-4 in single precision) with as many BLAS threads as there are. See
        `nodegraph.host.numerics`.

    Attributes
    ----------
    params, state : mapping by node name
        The arrays, read-only; assign to change them, as in
        ``model.params["readout"] = params._replace(bias=bias)``.
    report : list of dict
        What each learner says of the last `fit`: solver, condition number ...
    curves : dict of dict of ndarray
        How the nodes that learn online did in watched learning, by node and quantity: ``step``,
        ``change`` of the weights (relative, since the point before), ``error`` of the predictions
        made before each update (root mean square) where there is a target, and what a rule
        measures itself. See `nodegraph.plotting.learning_curves`.

    Raises
    ------
    GraphError
        If the graph cannot be run.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input, Reservoir, Ridge
    >>> u = np.sin(np.arange(500) / 5)[:, None]
    >>> model = ng.Model(Input() >> Reservoir(units=50) >> Ridge(), seed=1)
    >>> y = model.fit(u[:-1], u[1:], warmup=50).run(u[:-1])
    >>> bool(np.abs(y[100:] - u[101:]).max() < 1e-3)
    True
    """

    @known_arguments
    def __init__(
        self,
        graph: Composable,
        seed: int = 0,
        dtype: Any = "float64",
        engine: Any = "local",
        numerics: Numerics = "exact",
    ):
        if not isinstance(graph, Composable):
            said = (
                f"the class {graph.__name__}" if isinstance(graph, type) else type(graph).__name__
            )
            raise GraphError(f"Model takes a graph or a node, got {said}")
        mode = checked_numerics(numerics)
        plan, kind = Plan.of(graph), checked_dtype(dtype)
        initializer = Initializer(plan, checked_seed(seed), kind, numerics=mode)
        super().__init__(ModelState(initializer), choose(engine))
        self._kept.build_ahead()
        keep_streams(plan.graph.names, dict(plan.graph.owners), plan.streams)

    @known_arguments
    def save(self, path: str | PathLike[str], *, memory: bool = True) -> None:
        """Write the model, its graph and where it stands to one ``.safetensors`` file.

        Parameters
        ----------
        path : path-like
            An old file there stays whole until the new one is.
        memory : bool
            Whether what rules remember goes along, so that `update` and `partial_fit` go on with
            the same bits; without it the file is smaller, and what was loaded refuses both.

        Raises
        ------
        ModelFileError
            If the file cannot be written, or a node holds what is neither array nor number.
        """
        from nodegraph.model import storage

        storage.save(checked_file(path, "model.save"), self._settle(), self.report, memory=memory)

    @classmethod
    @known_arguments
    def load(
        cls,
        path: str | PathLike[str],
        engine: Any = "local",
        *,
        plugin: str | PathLike[str] | None = None,
    ) -> Model:
        """Return the model that `save` wrote; nothing in the file is executed.

        Parameters
        ----------
        path : path-like
        engine : "local", "ray" or object
        plugin : str or path-like, optional
            A module, or a file such as ``my_nodes.py``, that has the nodes and rules of one's own;
            it is imported.

        Raises
        ------
        ModelFileError
            If the file is torn, altered, of another version, or does not fit its own graph.
        """
        from nodegraph.model import storage

        if plugin is not None:
            load_plugin(str(plugin))
        return cls._of(*storage.load(checked_file(path, "ng.load")), engine)

    @classmethod
    def _of(cls, state: ModelState, report: list[dict[str, Any]], engine: Any) -> Model:
        """Return a model with these arrays."""
        made = state.initializer
        model = cls(state.plan.graph, made.seed, made.dtype, engine, made.numerics)
        model._hold(state)
        model.report = report
        return model

    @known_arguments
    def intervals(self, x: Any, y: Any = None, *, rate: float | None = None) -> Any:
        """Return the quantiles between which the target is to be expected; the model moves on.

        The output is a `Ridge(intervals=[0.05, 0.95])` or another readout that learned them.

        Parameters
        ----------
        x : array_like (T, d), list of such, or dict by node name
            As in `run`.
        y : array_like (T, n_out), or list of such, optional
            What came, of which each row is known a step later: bounds move up where it was above
            them more often than it should, and down where less often. How far they have moved is
            part of where the model's own stream stands: the next call goes on there (without y,
            it tells them as they are), `save` keeps it, and `reset` and `fit` put it back. A list
            is independent series, each from the start. A NaN moves nothing.
        rate : float, optional
            How fast they move, as a share of their mean width so far; 0.05 if left out.

        Returns
        -------
        ndarray (T, n_out, n_levels), or list of such

        Raises
        ------
        GraphError
            If the output keeps no residuals.
        DataError
            If y does not fit x, or there is a rate and no y; the model is then as it was before.
        """
        with self._mover.where(is_one(x)):
            return intervals_of(self, x, y, rate)

    @known_arguments
    def snapshot(self) -> Any:
        """Return all that learning and running change, to be given to `restore` later."""
        state = self._settle()
        return deepcopy({name: getattr(state, name) for name in _MOVING})

    @taking_turns
    @known_arguments
    def restore(self, snapshot: Any) -> Self:
        """Put the model back to where `snapshot` was taken."""
        state = self._settle().draft()
        check_snapshot(snapshot, _MOVING, self.plan, state.slots)
        for name, value in deepcopy(snapshot).items():
            setattr(state, name, value)
        self._hold(state)
        return self

    @known_arguments
    def freeze(self, *names: str) -> Self:
        """Keep the params of these nodes as they are in every method, until `unfreeze`.

        Raises
        ------
        DataError
            If no name is given, or one is unknown, or its node has no rule.
        """
        if not names:
            able = ", ".join(f'"{name}"' for name in self.plan.rules) or "none"
            raise DataError(f"freeze: name the nodes that are to stay as they are, of {able}")
        learners = {self._learner(name) for name in names}
        self._settle().frozen |= learners
        return self

    @known_arguments
    def unfreeze(self, *names: str) -> Self:
        """Let these nodes learn again; all of them if none is named."""
        learners = {self._learner(name) for name in names}
        state = self._settle()
        state.frozen -= learners or state.frozen
        return self

    def _learner(self, name: str) -> str:
        found = node_name(name, list(self.plan.nodes), "freezing")
        if found not in self.plan.rules:
            able = ", ".join(self.plan.rules) or "none"
            raise DataError(f"freezing for {found!r}: it has no rule; nodes that learn are {able}")
        return found

    @known_arguments
    def summary(self) -> Summary:
        """Return a table of the nodes in the order in which they run.

        Each row has a node's kind, how many values come in and go out, how many numbers its params
        hold, its rule, and whether it has learned; sizes that are not known yet are ``?``.

        Examples
        --------
        >>> import nodegraph as ng
        >>> from nodes import Input, Reservoir, Ridge
        >>> ng.Model(Input(units=2) >> Reservoir(units=50) >> Ridge(units=1)).summary()
        node       kind       in  out  params  rule          learned
        ---------  ---------  --  ---  ------  ------------  -------
        input      Input       2    2       0
        reservoir  Reservoir   2   50     400
        ridge      Ridge      50    1      51  LeastSquares  not yet
        3 nodes, 451 numbers in params
        """
        return summary(self._kept)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or name in ("report", "curves"):
            return super().__setattr__(name, value)
        self._refuse_change(name)

    def __delattr__(self, name: str) -> None:
        if name.startswith("_"):
            return super().__delattr__(name)
        self._refuse_change(name)

    def _refuse_change(self, name: str) -> NoReturn:
        cure = (
            f"model.{name}[name] = model.{name}[name]._replace(...) changes arrays of a node"
            if name in ("params", "state")
            else "make a new one, as in ng.Model(graph, seed=2), model.clone(seed=2) or "
            "model.clone().set_params(reservoir__leak_rate=0.5)"
        )
        raise UnknownNameError(f"Model.{name} is not to be assigned or deleted: {cure}")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(f"'Model' object has no attribute {name!r}")
        refuse_word(name, dir(self))

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse, and say what to write."""
        refuse_call(self, "write model.run(x) for a series, model.step(x) for one step")

    def __getitem__(self, name: Any) -> NoReturn:
        shown = f"{name!r}" if isinstance(name, str) else '"reservoir"'
        raise ArgumentError(
            f"a Model is no mapping: write model.params[{shown}] for weights, model.state[{shown}] "
            f"for a state, model.graph[{shown}] for a node"
        )

    def __len__(self) -> NoReturn:
        raise ArgumentError(
            "a Model has no length: write len(model.plan.nodes) for how many nodes there are, "
            "model.time for how many steps it has gone"
        )

    def __bool__(self) -> bool:
        return True

    def _refuse_operator(self, _: Any) -> NoReturn:
        raise ArgumentError("a Model is no node: join nodes by a >> b, then ng.Model(graph)")

    __add__ = __and__ = __or__ = __rshift__ = __lshift__ = _refuse_operator

    def __repr__(self) -> str:
        learned = sorted(name for name, slot in self._kept.slots.items() if slot.fitted)
        return (
            f"Model({self.graph!r}, seed={self.seed}, dtype={self.dtype.name}; step {self.time}, "
            f"learned: {', '.join(learned) or 'nothing yet'})"
        )

    def _repr_html_(self) -> str:
        return f"{self.graph._repr_html_()}<pre>{escape(repr(self))}</pre>"


def checked_file(path: Any, call: str) -> Path:
    if not isinstance(path, str | PathLike):
        raise ModelFileError(
            f"{call}: expected a path, got {type(path).__name__}; write "
            f'{call}("m.safetensors"), and read the bytes of that file where you need them'
        )
    return Path(path).expanduser()
