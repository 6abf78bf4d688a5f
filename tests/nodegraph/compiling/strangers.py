"""What becomes of steps as strangers write them: a node around each, and a look at what it does."""

import warnings
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np

import nodegraph as ng
from nodegraph.arrays import copy_tree, leaves
from nodegraph.engines.compiled.traced_steps import prepared
from nodegraph.engines.prepared import fold
from nodegraph.testing import run_node

N = 6
GENERATOR = np.random.default_rng(0)
EXPECTED: dict[str, tuple[type[ng.Node], str, str]] = {}  # step, outcome, what is said


class Weights(NamedTuple):
    W: Any
    U: Any
    B: Any
    places: Any


class S(NamedTuple):
    v: Any
    M: Any
    k: Any


class Stranger(ng.Node):
    """v (6,), M (6, 6), k (); params W (6, 6), U (6, 2), B (4, 6), places (3,) of int."""

    again: ClassVar[bool] = True  # whether two runs are alike

    def init(self, rng, n_in, n_out):
        f = rng.standard_normal
        return Weights(f((N, N)) / 3, f((N, n_in)), f((4, N)), np.array([0, 2, 5]))

    def start(self, n_out):
        M = np.random.default_rng(5).standard_normal((N, N)) / 3
        return S(np.linspace(-1, 1, N), M, np.zeros((), np.int64))


def _expect(outcome: str, said: str) -> Callable[[Any], Any]:
    def keep(function: Any) -> Any:
        kind = type(function.__name__, (Stranger,), {"step": function})
        EXPECTED[function.__name__] = kind, outcome, said
        return function

    return keep


def compiles(function: Any) -> Any:
    """Say that a step compiles to what Python makes of it."""
    return _expect("compiles", "")(function)


def falls_back(said: str) -> Callable[[Any], Any]:
    """Say that a step runs through Python, and what is told of it."""
    return _expect("falls back", said)


def is_refused(said: str) -> Callable[[Any], Any]:
    """Say that a step is an error, and what is told of it."""
    return _expect("is refused", said)


def outcome(node: ng.Node, alike: bool = True) -> tuple[str, str]:
    """Return what becomes of a node's step, and what is said.

    Parameters
    ----------
    node : Node
    alike : bool
        Whether two runs of the plain step are.
    """
    p, s = node.init(np.random.default_rng(0), 2, N), node.start(N)
    xs = np.random.default_rng(1).standard_normal((9, 2))
    with np.errstate(all="ignore"):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            try:
                after, ys = run_node(node, p, copy_tree(s), xs)
            except ng.errors.ContractError as error:
                return "is refused", str(error)
        said = " ".join(str(w.message) for w in told)
        plain, expected = fold(type(node)(), p, copy_tree(s), xs, {})
    pairs = [(ys, expected), *zip(_arrays(after), _arrays(plain), strict=True)]
    same = all(np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True) for a, b in pairs)
    if alike and not same:
        return "is wrong", said
    if said:
        return "falls back", said
    _, found = prepared(node, p).run_many([copy_tree(s)] * 7, [xs[: 1 + i] for i in range(7)])
    lanes = all(np.array_equal(y, ys[: len(y)], equal_nan=True) for y in found)
    return ("compiles" if lanes else "is wrong in lanes"), ""


def _arrays(tree: Any) -> list[Any]:
    return [array for _, array in leaves(tree)]
