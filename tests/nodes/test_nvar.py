from itertools import combinations_with_replacement
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.engines import local
from nodegraph.errors import DataWarning
from nodegraph.testing import check_node
from nodes import NVAR, Input, Reservoir, Ridge


def by_hand(u, delay, orders, strides):
    padded = np.vstack([np.zeros(((delay - 1) * strides, u.shape[1])), u])
    rows = []
    for t in range(len(u)):
        now = t + (delay - 1) * strides
        z = np.concatenate([padded[now - k * strides] for k in range(delay)])
        products = [
            np.prod(z[list(chosen)])
            for order in orders
            for chosen in combinations_with_replacement(range(len(z)), order)
        ]
        rows.append([*z, *products])
    return np.array(rows)


@pytest.mark.parametrize("fields", [{}, {"delay": 3, "order": (2, 3), "strides": 2}, {"delay": 1}])
def test_it_keeps_the_contract(fields):
    check_node(NVAR(**fields))


@settings(max_examples=30, deadline=None)
@given(
    delay=st.integers(1, 4),
    orders=st.sets(st.integers(2, 4), min_size=1, max_size=2).map(sorted),
    strides=st.integers(1, 3),
    n_in=st.integers(1, 2),
)
def test_it_gives_lags_and_all_their_products(delay, orders, strides, n_in):
    u = np.random.default_rng(0).standard_normal((12, n_in))
    apart = {"strides": strides} if delay > 1 else {}
    y = ng.Model(NVAR(delay=delay, order=orders, **apart)).run(u)
    np.testing.assert_allclose(y, by_hand(u, delay, orders, strides), rtol=1e-12)


def test_one_order_gives_products_of_that_many_factors_alone():
    u = np.random.default_rng(0).standard_normal((9, 2))
    y = ng.Model(NVAR(delay=2, order=3)).run(u)
    assert y.shape == (9, 4 + comb(6, 3))
    np.testing.assert_allclose(y, by_hand(u, 2, [3], 1), rtol=1e-12)


def test_order_one_is_the_linear_part_alone():
    u = np.arange(4.0)[:, None]
    np.testing.assert_array_equal(
        ng.Model(NVAR(delay=2, order=1)).run(u), [[0, 0], [1, 0], [2, 1], [3, 2]]
    )


def test_three_signals_twice_have_83_products_up_to_degree_three():
    assert NVAR(delay=2, order=(2, 3)).size(3) == 6 + 21 + 56


def test_reset_and_independent_series_know_nothing_of_what_was():
    u = np.random.default_rng(0).standard_normal((10, 2))
    model = ng.Model(Input() >> NVAR(delay=3, strides=2))
    first = model.run(u)
    assert not np.array_equal(model.run(u), first)
    np.testing.assert_array_equal(model.run([u, u])[1], first)
    np.testing.assert_array_equal(model.reset().run(u), first)


@pytest.mark.parametrize("fields", [{"delay": 0}, {"order": 0}, {"order": ()}, {"strides": -1}])
def test_nonsense_is_refused(fields):
    with pytest.raises(ng.errors.FieldError, match=f"NVAR.{next(iter(fields))}: should"):
        NVAR(**fields)


KINDS = {
    "two factors": {},
    "orders": {"delay": 3, "order": (2, 3), "strides": 2},
    "plain": {"delay": 1, "order": 1},
    "clock": {"every": 3, "phase": 1},
}


def looped(fields, dtype="float64"):
    node, around = NVAR(name="it", **fields), Reservoir(units=2, name="around")
    graph = (Input() >> node >> around) & (around >> ng.delay(1) >> node)
    return ng.Model(graph, seed=5, dtype=dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", KINDS)
def test_loops_in_one_program_have_the_bits_of_loops_in_python(kind, dtype, monkeypatch):
    u = np.random.default_rng(0).uniform(-1, 1, (120, 3))
    fast, ran = looped(KINDS[kind], dtype), []
    fuse = local.fuse
    monkeypatch.setattr(local, "fuse", lambda *args: ran.append(fuse(*args)) or ran[-1])
    found = np.concatenate([fast.run(u[:77]), fast.run(u[77:])])
    assert ran == [True, True]
    monkeypatch.setattr(local, "fuse", lambda *_: False)
    slow = looped(KINDS[kind], dtype)
    np.testing.assert_array_equal(found, slow.run(u))
    for one, other in zip(fast.state["it"], slow.state["it"], strict=True):
        np.testing.assert_array_equal(one, other)
    stepped = looped(KINDS[kind], dtype)
    np.testing.assert_array_equal(found, [stepped.step(row) for row in u])


def test_inputs_from_before_the_start_of_all_rows_are_told():
    """Of 100 rows none has an input of 140 steps ago; one of 70 steps ago is there at 30."""
    x = np.random.default_rng(0).normal(size=(100, 2))

    def fitted(**fields):
        return ng.Model(Input() >> NVAR(order=1, **fields) >> Ridge()).fit(x, x[:, :1])

    told = "nvar: 1 of its 3 inputs, those of 140 steps ago and more, are zeros .* write delay=2 or"
    with pytest.warns(DataWarning, match=told):
        assert not fitted(delay=3, strides=70).params["ridge"].W_out[:, 4:].any()
    assert fitted(delay=2, strides=70).params["ridge"].W_out.all()
