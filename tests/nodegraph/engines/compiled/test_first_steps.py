"""What a trace cannot see is found by the first steps, and then Python's numbers are given."""

import warnings
from typing import ClassVar, NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.compiling.words import by_numpy
from nodegraph.errors import PlainStepWarning
from nodegraph.maths import cond, matvec, repeat, sym_eye, sym_matvec, sym_rank_one
from nodes import Input

X = np.random.default_rng(0).normal(size=(12, 3))


class Stateless(ng.Node):
    units: int = 3


class AddsToAPart(Stateless):
    def step(self, params, state, x):
        drive = np.zeros((2, 3))
        up, down = drive
        up += x
        down -= 0.5 * x
        return state, drive.sum(axis=0) + 0 * x


class AsksForTheType(Stateless):
    def step(self, params, state, x):
        return state, x if isinstance(x, np.ndarray) else 2 * x


class CountsTurns(Stateless):
    def step(self, params, state, x):
        turns = [0]

        def body(y):
            turns[0] += 1
            return y + turns[0]

        return state, repeat(3, body, x)


class IsNoNumber(Stateless):
    def step(self, params, state, x):
        return state, 1 + 0 * x if isinstance(x, np.ndarray) else np.sqrt(-1 - x * x)


def test_what_is_no_number_is_told_beside_python_s():
    with pytest.warns(PlainStepWarning, match=r"y is -?nan compiled and 1 in Python"):
        np.testing.assert_array_equal(ng.Model(IsNoNumber(), seed=1).run(X), np.ones((12, 3)))


@pytest.mark.parametrize(
    ("node", "expected"),
    [(AddsToAPart(), 0.5 * X), (AsksForTheType(), X), (CountsTurns(), X + 6)],
    ids=lambda value: type(value).__name__,
)
def test_numbers_are_those_of_python_and_it_is_said(node, expected):
    with pytest.warns(PlainStepWarning, match=r"y is .* compiled and .* in Python"):
        ys = ng.Model(Input() >> node).run(X)
    np.testing.assert_allclose(ys, expected, rtol=1e-14, atol=1e-14)


class Weights(NamedTuple):
    W: np.ndarray


class AsksToo(ng.Rule):
    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W",)

    def update(self, params, memory, seen):
        rate = 0.5 if isinstance(seen.x, np.ndarray) else 0.25
        return params._replace(W=params.W + rate * seen.x), memory


class Linear(Stateless):
    Params: ClassVar = Weights
    rule: AsksToo = AsksToo()

    def init(self, rng, n_in, n_out):
        return Weights(np.ones((3, 3)))

    def step(self, params, state, x):
        return state, matvec(params.W, x)


def test_a_rule_is_told_by_its_own_name():
    model = ng.Model(Input() >> Linear(name="linear"))
    with pytest.warns(PlainStepWarning, match=r"AsksToo.update runs through Python.*params.W is"):
        model.partial_fit(X)
    np.testing.assert_allclose(model.params["linear"].W, 1 + 0.5 * np.tile(X.sum(0), (3, 1)))


def test_words_go_by_numpy_with_the_same_meaning():
    rng = np.random.default_rng(1)
    q, x = 5, rng.normal(size=5)
    P = sym_rank_one(sym_eye(q), x, 0.3, 1.1)
    with by_numpy():
        same, product = sym_rank_one(sym_eye(q), x, 0.3, 1.1), sym_matvec(P, x)
    np.testing.assert_allclose(same, P, rtol=1e-14)
    np.testing.assert_allclose(product, 1.1 * (x + 0.3 * x * (x @ x)), rtol=1e-13)
    np.testing.assert_allclose(sym_matvec(P, x), product, rtol=1e-13)


class Even(NamedTuple):
    s: np.ndarray


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_a_sum_that_cancels_leaves_is_no_difference(dtype):
    """Numpy's sum of an even start state is 0 but for rounding, and another than ours."""

    class MeanField(ng.Node):
        units: int = 7

        def start(self, n_out):
            return Even(np.linspace(-1, 1, n_out) / 3)

        def step(self, params, state, x):
            field = np.outer(state.s, np.array([0.1, 0.7, 1.3, 0.2, 0.9, 0.4, 0.6])).sum(axis=0)
            return Even(0.5 * state.s + x), field.astype(x.dtype)

    x = np.random.default_rng(0).normal(size=(12, 7))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ys = ng.Model(Input() >> MeanField(), dtype=dtype).run(x)
    s, w = np.linspace(-1, 1, 7) / 3, np.array([0.1, 0.7, 1.3, 0.2, 0.9, 0.4, 0.6])
    for t, row in enumerate(x):
        np.testing.assert_allclose(ys[t], w * s.sum(), atol=3e-6 if dtype == "float32" else 1e-14)
        s = 0.5 * s + row


def test_a_branch_on_many_numbers_is_told_what_it_asks_for():
    class Branches(Stateless):
        def step(self, params, state, x):
            return state, cond(x > 0, lambda a: 2 * a, x)

    with pytest.raises(ValueError, match=r"cond asks for one number; write \(\.\.\)\.any\(\)"):
        ng.Model(Input() >> Branches()).run(X)
