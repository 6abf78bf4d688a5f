"""The contract of a node, as one function that every node's test calls first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from nodegraph.arrays import Array, cast, copy_tree, leaves, tree_map
from nodegraph.engines import first_use
from nodegraph.engines.bound_node import RowSource
from nodegraph.engines.compiled.traced_steps import prepared
from nodegraph.engines.compiled.tracing import Writer
from nodegraph.engines.loops import Instruction, Program
from nodegraph.engines.prepared import StepCode
from nodegraph.errors import ContractError, FieldError
from nodegraph.graph.described import Described
from nodegraph.graph.node import Node
from nodegraph.graph.protocols import Differentiable
from nodegraph.graph.registry import resolve, word
from nodegraph.graph.rule import Rule
from nodegraph.model.initializer import generator
from nodegraph.testing.comparing import close_trees, require, same_trees
from nodegraph.testing.compiled_contract import check_it_is_compiled
from nodegraph.testing.driving import run_node

__all__ = ["check_node", "driven"]

INHERITED = ("name", "every", "phase")


def check_node(
    node: Node,
    n_in: int = 3,
    n_out: int | None = None,
    n_steps: int = 40,
    ports: Mapping[str, int] | None = None,
) -> None:
    """Fail unless `node` keeps the contract of `Node`.

    It is frozen and documented; its fields come back from YAML's plain values; the same seed
    draws the same params; its `step` can be compiled, unless it says ``traced = False``; what
    engines run is a fold of `step`, from the last row to the first for a node that says
    ``from_end = True``; chunks do not show, nor do other series beside one, nor whether
    a loop calls it step by step, to the bit; arguments are left as they are; float32 stays float32;
    a tangent of its own is the derivative of `step`.

    Parameters
    ----------
    node : Node
        With every port that it has wired to 2 signals, to one duration above 0, or to as many as
        `ports` says; so is the target of a head of its own.
    n_in : int
        Width of its input.
    n_out : int, optional
        Number of outputs if the node does not tell it.
    n_steps : int
        Length of the random series.
    ports : mapping, optional
        The number of signals at ports where it is not 2, by name; 0 for nothing wired.
    """
    check_fields(node)
    for dtype in (np.dtype(np.float64), np.dtype(np.float32)):
        trial = _Trial(node, n_in, n_out, n_steps, dtype, ports or {})
        trial.check_draw()
        trial.check_step()
        trial.check_it_is_compiled()
        trial.check_nothing_is_kept_elsewhere()
        trial.check_run_is_a_fold_of_step()
        if not node.from_end:  # it has no chunks
            trial.check_chunks_do_not_show()
        trial.check_many_series()
        trial.check_steps_of_loops()
        trial.check_arguments_are_left_alone()
        trial.check_verbatim()
        trial.check_dtype()
        trial.check_tangent()


def check_fields(part: Any) -> None:
    """Fail unless the fields are frozen, documented, and come back from plain values."""
    kind = type(part)
    require(isinstance(part, Described), f"expected a node or a rule, got {part!r}")
    require(part.model_config.get("frozen"), f"{kind.__name__} is not frozen")
    family = [base for base in kind.__mro__ if issubclass(base, Described)]
    words = set(re.findall(r"\w+", " ".join(base.__doc__ or "" for base in family)))
    names = [field.alias or name for name, field in kind.model_fields.items()]
    missing = [name for name in names if name not in INHERITED and name not in words]
    say = "write each into the docstring of the class, under Parameters"
    require(not missing, f"{kind.__name__} does not say what {missing} mean; {say}")
    plain = part.as_given()
    again = kind(**plain)
    require(_dump(again) == _dump(part), f"{kind.__name__} does not come back from {plain}")
    if resolve_is(kind):
        require(resolve(word(kind)) is kind, f"{word(kind)} does not name {kind}")
    try:
        kind(**plain, no_such_field=1)
    except FieldError as error:
        require("no_such_field" in str(error), "an unknown field is not named")
    else:
        raise AssertionError(f"{kind.__name__} takes any field")


def resolve_is(kind: type) -> bool:
    """Tell whether `kind` belongs to a package that is registered, rather than to a test."""
    return kind.__module__.split(".")[0] == "nodes"


def _dump(part: Any) -> str:
    return repr(part.model_dump())


class _Trial:
    """A node with arrays, ready to be tried."""

    def __init__(
        self,
        node: Node,
        n_in: int,
        n_out: int | None,
        n_steps: int,
        dtype: np.dtype[Any],
        widths: Mapping[str, int],
    ):
        self.node, self.n_in, self.dtype = node, n_in, dtype
        told = {port: limits.signals or 2 for port, limits in node.limits.items()}
        self.widths = dict.fromkeys(node.step_ports, 2) | told | dict(widths)
        self.ports = [p for p in node.step_ports if p != "x" and self.widths[p]]
        self.asked = [*self.ports, *["target"] * node.own_head]
        self.widths.setdefault("target", 2)
        asked = {p: self.widths[p] for p in self.asked if p in node.takes["size"]}
        self.n_out = node.declared_size or n_out or node.size(n_in, **asked)
        rng = np.random.default_rng(1)
        self.widths["x"] = n_in
        self.xs = self.arriving("x", rng, n_steps)
        self.others = {p: self.arriving(p, rng, n_steps) for p in self.ports}
        self.params, self.state = self.draw(), self.start()

    def arriving(self, port: str, rng: np.random.Generator, n_steps: int) -> Array:
        """Return signals for a port, within its limits."""
        rows = rng.standard_normal((n_steps, self.widths[port])).astype(self.dtype)
        limits = self.node.limits.get(port)
        return rows if limits is None else limits.brought_in(rows)

    def draw(self) -> Any:
        extra = {p: self.widths[p] for p in self.asked if p in self.node.takes["init"]}
        params = self.node.init(generator(0, "node"), self.n_in, self.n_out, **extra)
        return _shaken(cast(params, self.dtype), self.node)

    def start(self) -> Any:
        extra = {"n_in": self.n_in} if "n_in" in self.node.takes["start"] else {}
        return cast(self.node.start(self.n_out, **extra), self.dtype, self.node.double)

    def run(self, start: int = 0, stop: int | None = None, state: Any = None) -> tuple[Any, Array]:
        others = {port: rows[start:stop] for port, rows in self.others.items()}
        state = self.start() if state is None else state
        return run_node(self.node, self.params, state, self.xs[start:stop], **others)

    def check_draw(self) -> None:
        same_trees(self.draw(), self.params, "the same seed draws other params")
        cure = "draws come from an argument rng"
        same_trees(self.start(), self.state, f"start gives another state each time; {cure}")

    def check_step(self) -> None:
        """Look at what a model looks at once, and that the output is not part of the state."""
        told = self.params, self.state, self.n_out, self.dtype
        looked = first_use.FirstUse("node", self.node, *told)
        try:
            state, y = looked.step({"x": self.xs, **self.others})
        except ContractError as error:
            raise AssertionError(f"{error}") from error
        kept = copy_tree(state)
        require(y.flags.writeable, "step returns an array of its params; return a copy, y.copy()")
        y[:] = 0.5
        note = "step returns an array that it keeps in the state; return a copy, as y.copy()"
        same_trees(state, kept, note)

    def check_it_is_compiled(self) -> None:
        """Fail with what stands in the way, if the step cannot be compiled and nobody says so."""
        widths = {"x": self.n_in, **{p: rows.shape[1] for p, rows in self.others.items()}}
        check_it_is_compiled(Writer(self.node, self.params, self.state, widths, self.dtype))

    def check_steps_of_loops(self) -> None:
        """Compare the step that loops call, if there is one, with a sweep, also with noise."""
        ready = prepared(self.node, self.params)
        for noise in ({}, self.noise()):
            ports = {"x": self.xs, **self.others, **noise}
            widths = {port: rows.shape[1] for port, rows in ports.items()}
            code = ready.step_code(self.start(), self.dtype, widths)
            if code is None:
                return
            ys, state = driven(self.node, code, ports, self.n_out)
            whole, alone = ready.run(self.start(), ports.pop("x"), **ports)
            same_trees(ys, alone, "loops and sweeps give other outputs")
            same_trees(state, whole, "loops and sweeps leave different states")

    def noise(self) -> dict[str, Array]:
        """Return the noise of all steps, if there is any."""
        drawn = self.node.draw_noise(np.random.default_rng(5), len(self.xs), self.n_out)
        return {} if drawn is None else {"noise": drawn.astype(self.dtype)}

    def check_run_is_a_fold_of_step(self) -> None:
        """Compare a run with steps in their order, or from the end for a node that says so."""
        state, ys = self.run()
        cure = 'if it cannot take these, write limits: ClassVar = {"x": Limits(low, high)}'
        require(np.isfinite(ys).all(), f"step gives NaN or inf for inputs around 0; {cure}")
        rtol = 1e-9 if self.dtype.itemsize == 8 else 1e-4
        folded = self.start()
        order = range(len(self.xs))
        for t in reversed(order) if self.node.from_end else order:
            others = {port: rows[t] for port, rows in self.others.items()}
            folded, y = self.node.step(self.params, folded, self.xs[t], **others)
            require(np.shape(y) == (self.n_out,), f"step gives shape {np.shape(y)}")
            close_trees(y, ys[t], f"run and step disagree at step {t}", rtol)
        close_trees(state, folded, "run and step leave different states", rtol)

    def check_nothing_is_kept_elsewhere(self) -> None:
        """Run the series again after as many steps, and after one more."""
        whole, ys = self.run()
        for stop in (1, len(self.xs)):
            self.run(0, stop)
            state, again = self.run()
            cure = "what lasts belongs into the state"
            same_trees(again, ys, f"the same series again gives other outputs; {cure}")
            same_trees(state, whole, f"the same series again leaves another state; {cure}")

    def check_chunks_do_not_show(self) -> None:
        whole, ys = self.run()
        for size in (1, 7, 64):
            state, parts = self.start(), []
            for start in range(0, len(self.xs), size):
                state, part = self.run(start, start + size, state)
                parts.append(part)
            same_trees(np.concatenate(parts), ys, f"chunks of {size} give other outputs")
            same_trees(state, whole, f"chunks of {size} leave another state")

    def check_many_series(self) -> None:
        bounds = (0, 5), (5, 6), (6, None), (0, 1), (2, 20), (3, None), (0, 8)
        cuts = [slice(*pair) for pair in bounds]  # enough of them to go side by side
        others = {port: [rows[cut] for cut in cuts] for port, rows in self.others.items()}
        states, ys = prepared(self.node, self.params).run_many(
            [self.start() for _ in cuts], [self.xs[cut] for cut in cuts], **others
        )
        for i, cut in enumerate(cuts):
            state, alone = self.run(cut.start, cut.stop)
            same_trees(ys[i], alone, "a series gives other outputs beside others")
            same_trees(states[i], state, "a series leaves another state beside others")

    def check_arguments_are_left_alone(self) -> None:
        before = copy_tree((self.params, self.state, self.xs, tuple(self.others.values())))
        state, ys = run_node(self.node, self.params, self.state, self.xs, **self.others)
        same_trees((self.params, self.state, self.xs, tuple(self.others.values())), before,
                   "run changed its arguments")  # fmt: skip
        kept = copy_tree(state)
        if ys is not self.xs and ys.flags.writeable and not np.shares_memory(ys, self.xs):
            ys[:] = 0.5
            same_trees(state, kept, "the state is a view of the outputs")

    def check_verbatim(self) -> None:
        """Compare the output of a node that says so with what came to `x`."""
        if self.node.verbatim:
            same_trees(self.run()[1], self.xs, "it is verbatim, but gives out something else")

    def check_tangent(self) -> None:
        """Compare a tangent of its own with differences of `step`, in double precision."""
        if not isinstance(self.node, Differentiable) or self.dtype.itemsize < 8:
            return
        state = self.run(0, 5)[0]
        rows = {"x": self.xs[5], **{port: rows[5] for port, rows in self.others.items()}}
        rng = np.random.default_rng(3)

        def drawn(leaf: Any) -> Any:
            return rng.standard_normal((*np.shape(leaf), 2))

        ways = {port: drawn(row) for port, row in rows.items()}
        d_state = tree_map(drawn, state)
        told = self.node.tangent(self.params, state, rows, d_state, ways)
        for k in range(2):
            pair = [self._moved(state, rows, d_state, ways, k, e) for e in (-1e-6, 1e-6)]
            for (path, low), (_, high), (_, d) in zip(*map(leaves, (*pair, told)), strict=True):
                np.testing.assert_allclose(
                    d[..., k], (high - low) / 2e-6, rtol=1e-5, atol=1e-6,
                    err_msg=f"tangent is not the derivative of step ({path})",
                )  # fmt: skip

    def _moved(
        self, state: Any, rows: Any, d_state: Any, ways: Any, k: int, e: float
    ) -> tuple[Any, Array]:
        """Return what a step gives, moved by `e` along direction `k`."""
        steps = iter([way for _, way in leaves(d_state)])
        near = tree_map(lambda leaf: leaf + e * next(steps)[..., k], state)
        moved = {port: row + e * ways[port][..., k] for port, row in rows.items()}
        found: tuple[Any, Array] = self.node.step(self.params, near, **moved)
        return found

    def check_dtype(self) -> None:
        state, ys = self.run()
        require(ys.dtype == self.dtype, f"float32 became {ys.dtype}")
        for path, leaf in leaves(state):
            if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f":
                field = path.lstrip("0123456789.").split(".")[0]  # of one part, if there are parts
                wanted = np.float64 if field in self.node.double else self.dtype
                require(leaf.dtype == wanted, f"state {path} became {leaf.dtype}")


def driven(
    node: Node, code: StepCode, ports: dict[str, Array], n_out: int, rule: Rule | None = None
) -> tuple[Array, Any]:
    """Return what a compiled step gives out over rows, and the state that it leaves."""
    xs = ports["x"]
    ys = np.full((len(xs), n_out), np.nan, xs.dtype)
    sources = [(port, [RowSource(rows, 0)]) for port, rows in ports.items()]
    Program([Instruction(node, code, RowSource(ys, 0), sources, rule)], 0, xs.dtype).run(0, len(xs))
    return ys, code.unpack(code.state)


def _shaken(params: Any, node: Node) -> Any:
    """Return the params of a learner moved off zero, so that its output says something."""
    if node.learner is None or not getattr(params, "_fields", ()):
        return params
    rng = np.random.default_rng(2)
    changed = {
        name: rng.standard_normal(np.shape(array)).astype(array.dtype)
        for name, array in zip(getattr(params, "_fields", ()), params, strict=False)
        if isinstance(array, np.ndarray) and array.dtype.kind == "f" and not array.any()
    }
    return params._replace(**changed) if changed else params
