"""Steps and updates that run through Python: each is held to what the first one returned."""

from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import ContractError
from nodes import Input

X = np.random.default_rng(0).normal(size=(60, 3))
Y = np.random.default_rng(1).normal(size=(60, 2))
LATE = int(np.argmax(X[:, 0] > 1.2))  # the first row in which something odd happens


class Line(ng.Node):
    """``y = W x + b``."""

    class Params(NamedTuple):
        W: ng.Array
        b: ng.Array

    rule: ng.Rule

    def init(self, rng, n_in, n_out):
        return self.Params(rng.normal(size=(n_out, n_in)), np.zeros(n_out))

    def step(self, params, state, x):
        return state, params.W @ x + params.b


class Mix(ng.Node):
    """The input, and a little of what comes back."""

    def step(self, params, state, x, back):
        return state, x + 0.01 * back


class InPlace(ng.Rule):
    """The delta rule, written into the weights that were given."""

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = ("W", "b")
    traced: ClassVar[bool] = False

    rate: float = 0.1

    def update(self, params, memory, seen):
        W = params.W
        W += self.rate * np.outer(seen.target - seen.y, seen.x)
        params.b[:] += self.rate * (seen.target - seen.y)
        return params, memory


def wanted(W, b, rows):
    """Return what `InPlace` makes of weights."""
    for x, y in rows:
        error = y - W @ x - b
        W, b = W + 0.1 * np.outer(error, x), b + 0.1 * error
    return W, b


def test_a_rule_that_writes_into_its_weights_learns_what_it_says():
    def model():
        return ng.Model(Line(rule=InPlace(), name="line"), seed=1)

    W = np.random.default_rng(3).normal(size=(2, 3))
    given = Line.Params(W.copy(), np.zeros(2))
    rows = [*zip(X, Y, strict=True)]
    expected = wanted(W, np.zeros(2), rows)
    for cuts in ((0, 60), (0, 1, 20, 60)):
        learner = model()
        learner.partial_fit(X[:1], Y[:1])
        learner.params["line"] = given
        learner.reset()
        said = [learner.partial_fit(X[a:b], Y[a:b]) for a, b in pairwise(cuts)]
        np.testing.assert_allclose(learner.params["line"].W, expected[0], rtol=1e-12)
        np.testing.assert_allclose(learner.params["line"].b, expected[1], rtol=1e-12)
        np.testing.assert_allclose(learner.run(X), X @ expected[0].T + expected[1], rtol=1e-12)
        before = wanted(W, np.zeros(2), rows[:-1])
        np.testing.assert_allclose(said[-1][-1], before[0] @ X[-1] + before[1], rtol=1e-12)
    np.testing.assert_array_equal(given.W, W)


def test_an_offline_rule_that_writes_into_its_weights_is_refused():
    class Hasty(InPlace):
        online: ClassVar[bool] = False

        def update(self, params, memory, seen):
            params.W[:] += 1
            return params, memory

        def finish(self, params, memory):
            return params

    with pytest.raises(ContractError, match=r"Hasty.update writes into an array .*finish"):
        ng.Model(Line(rule=Hasty())).fit(X, Y)


def odd(kind):
    """Return a node whose step returns something odd in a late row."""

    class Odd(ng.Node):
        class State(NamedTuple):
            v: Any

        traced: ClassVar[bool] = False

        def start(self, n_out):
            return self.State(np.zeros(n_out))

        def step(self, params, state, x):
            if x[0] > 1.2:
                return {
                    "y": (state, x[:2]),
                    "number": (state, 5.0),
                    "dtype": (state, (x > 0).astype(int)),
                    "state": (self.State(state.v[:1]), x + 0),
                    "none": None,
                }[kind]
            return self.State(state.v + x), x + 0

    return Odd(name="odd")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("y", r"Odd.step returned y as a float64 array of shape \(2,\)"),
        ("number", r"Odd.step returned y as a float"),
        ("dtype", r"Odd.step returned y as a int64 array of shape \(3,\)"),
        ("state", r"Odd.step returned another kind of state than before: v is .*\(1,\), before"),
        ("none", r"Odd.step returned None; expected \(state, y\)"),
    ],
)
def test_a_step_that_returns_something_odd_later_is_refused_wherever_it_runs(kind, words):
    for how in ("run", "step", "series", "loop"):
        node, mix = odd(kind), Mix(name="mix")
        loop = (Input() >> mix >> node) & (node >> ng.delay(1) >> mix["back"])
        model = ng.Model(loop if how == "loop" else node, seed=1)
        with pytest.raises(ContractError, match=words):
            if how == "step":
                for row in X:
                    model.step(row)
            else:
                model.run([X] * 7 if how == "series" else X)


def odd_rule(kind):
    """Return a rule whose update returns something odd in a late row."""

    class Memory(NamedTuple):
        m: Any

    class Odd(InPlace):
        modifies: ClassVar[tuple[str, ...]] = ("W",)

        def begin(self, params):
            return Memory(np.zeros(2))

        def update(self, params, memory, seen):
            if seen.x[0] > 1.2:
                return {
                    "shape": (params._replace(W=params.W[0]), memory),
                    "silent": (params._replace(b=params.b + 1), memory),
                    "memory": (params, Memory(np.zeros(3))),
                    "none": None,
                }[kind]
            return params, Memory(memory.m + 1)

    return Odd()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("shape", r"Odd.update returned other params than the node has: W is .*\(3,\), before"),
        ("silent", r"Odd.update changes b, which is not among what it modifies \(W\)"),
        (
            "memory",
            r"Odd.update returned another kind of memory than before: m is .*\(3,\), before",
        ),
        ("none", r"Odd.update returned None; expected \(params, memory\)"),
    ],
)
def test_an_update_that_returns_something_odd_later_is_refused(kind, words):
    assert LATE > 1
    for cuts in ((0, 60), (0, LATE, 60)):
        model = ng.Model(Line(rule=odd_rule(kind)), seed=1)
        with pytest.raises(ContractError, match=words):
            for a, b in pairwise(cuts):
                model.partial_fit(X[a:b], Y[a:b])
