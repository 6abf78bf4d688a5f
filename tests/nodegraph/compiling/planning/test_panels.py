"""Params lie in panels where only products read them and nobody changes them."""

from typing import ClassVar, NamedTuple

import numpy as np
import pytest
from all_ways import XS, node_of, plan_and_code, run_in_all_ways

import nodegraph as ng
from nodegraph import maths as m
from nodegraph.compiling.stages import planned
from nodegraph.engines.compiled.tracing import Teaching, Writer, places


class Params(NamedTuple):
    W: ng.Array
    V: ng.Array


def drawn():
    rng, n = np.random.default_rng(3), 40
    params = Params(rng.standard_normal((n, n)) / 6, rng.standard_normal((n, 3)))
    return params, (rng.standard_normal(n),)


class Decay(ng.Rule):
    """It lets V fade."""

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("V",)

    def begin(self, params):
        return ()

    def update(self, params, memory, seen):
        return params._replace(V=params.V * 0.5), memory


def product(params, state, x):
    h = m.tanh(m.matvec(params.W, state[0]) + m.matvec(params.V, x))
    return (h,), h.copy()


def products_in_a_loop(params, state, x):
    def turn(h):
        return m.tanh(m.matvec(params.W, h) + m.matvec(params.V, x))

    h = m.repeat(3, turn, state[0])
    return (h,), h.copy()


def product_with_a_matrix(params, state, x):
    both = m.einsum("ij,jk->ik", params.W, m.outer(state[0], x[:2]))
    h = m.tanh(both[:, 0] - both[:, 1] + m.matvec(params.V, x))
    return (h,), h.copy()


def parts_of_the_rows(params, state, x):
    h, W = state[0], params.W
    a, b, c = m.matvec(W[30:], h), m.matvec(W[:19], h), m.matvec(W[19:30], h)
    h = m.tanh(np.concatenate([a, b, m.matvec(W[19:30], c[:1] + h)]) + m.matvec(params.V, x))
    return (h,), h.copy()


def rows_read_twice(params, state, x):
    parts = m.matvec(params.W[:20], state[0]), m.matvec(params.W[10:], state[0])[10:]
    h = m.tanh(np.concatenate(parts) + m.matvec(params.V, x))
    return (h,), h.copy()


def parts_and_all_rows(params, state, x):
    h = m.tanh(m.matvec(params.W, state[0]) + m.matvec(params.V, x))
    h = h + m.total(m.matvec(params.W[:20], h)) + m.total(m.matvec(params.W[20:], h))
    return (h,), h.copy()


def every_second_row(params, state, x):
    W = params.W
    both = np.concatenate([m.matvec(W[::2], state[0]), m.matvec(W[1::2], state[0])])
    h = m.tanh(both + m.matvec(params.V, x))
    return (h,), h.copy()


def columns_apart(params, state, x):
    h = m.matvec(params.W[:, :20], state[0][:20]) + m.matvec(params.W[:, 20:], state[0][20:])
    h = m.tanh(h + m.matvec(params.V, x))
    return (h,), h.copy()


def read_by_others_too(params, state, x):
    h = m.tanh(m.matvec(params.W * 1.0, state[0]) + params.W[0] + m.matvec(params.V, x))
    return (h,), h.copy()


def turned(params, state, x):
    h = m.tanh(m.vecmat(state[0], params.W) + m.matvec(params.V, x))
    return (h,), h.copy()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("step", "lies"),
    [(product, True), (products_in_a_loop, True), (product_with_a_matrix, True),
     (parts_of_the_rows, True), (rows_read_twice, False), (parts_and_all_rows, False),
     (every_second_row, False), (columns_apart, False),
     (read_by_others_too, False), (turned, False)],
)  # fmt: skip
def test_only_products_read_panels_and_the_bits_are_those_of_python(step, lies, dtype):
    params, state = drawn()
    stores = plan_and_code(step, state, params)[0].memory.leaf_storage
    assert [stores["p", "W"].in_panels, stores["p", "V"].in_panels] == [lies, True]
    assert not any(store.in_panels for path, store in stores.items() if path[0] != "p")
    run_in_all_ways(step, state, params, dtype)


def test_one_number_of_a_matrix_may_stand_for_an_array():
    def step(params, state, x):
        return (np.broadcast_to(params.W[0, 1], 40),), np.broadcast_to(params.V[2, 0], 2)

    params, state = drawn()
    stores = plan_and_code(step, state, params)[0].memory.leaf_storage
    assert not stores["p", "W"].in_panels and not stores["p", "V"].in_panels
    run_in_all_ways(step, state, params)


def test_weights_that_learn_lie_as_they_are_changed():
    (params, state), node, rule = drawn(), node_of(product), Decay()
    writer = Writer(node, params, state, {"x": 3}, XS.dtype, Teaching(rule, (), False))
    stores = planned(writer, places(node, rule), XS.dtype)[0].memory.leaf_storage
    assert [stores["p", name].in_panels for name in Params._fields] == [True, False]
