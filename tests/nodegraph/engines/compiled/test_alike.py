import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines.compiled.alike import programs_of_alike
from nodegraph.engines.compiled.tracing import Writer, check_again, program_of
from nodegraph.testing.compiled_contract import check_it_is_compiled
from nodegraph.testing.zoo import Trace
from nodes import Dense, Reservoir, Shared
from nodes.rules import Hebb, Oja

X = np.random.default_rng(0).normal(size=(9, 2))


class Scaled(ng.Node):
    by: float | int = 1.0

    def step(self, params, state, x):
        return state, x * self.by


Scaled.__module__ = "nodes.scaled"
GAIN = 2.0


class Stranger(ng.Node):
    def step(self, params, state, x):
        return state, x * GAIN


def program(node):
    return program_of(Writer(node, None, None, {"x": 2}, np.dtype(float)))


def test_nodes_that_say_the_same_have_one_program_and_others_do_not():
    assert program(Scaled(by=2.0)) is program(Scaled(by=2.0, name="other"))
    programs = [program(Scaled(by=by)) for by in (1, 1.0, 0.0, -0.0, 2.5)]
    assert len({id(made) for made in programs}) == 5


def test_a_step_of_the_library_is_traced_once_and_that_of_a_stranger_twice(monkeypatch):
    traced = []

    def step(self, params, state, x):
        traced.append(type(x).__name__)
        return state, x * 7

    for kind, times in ((Scaled, 1), (Stranger, 2)):
        monkeypatch.setattr(kind, "step", step)
        traced.clear()
        program(kind())
        assert traced.count("Var") == times


def test_one_of_the_library_that_keeps_something_breaks_its_contract(monkeypatch):
    def step(self, params, state, x):
        vars(self)["kept"] = x
        return state, x * 8

    monkeypatch.setattr(Scaled, "step", step)
    with pytest.raises(AssertionError, match=r"Scaled: .*it changes self\.kept as it runs"):
        check_it_is_compiled(Writer(Scaled(), None, None, {"x": 2}, np.dtype(float)))


def test_so_do_models_that_are_made_anew():
    ys = [ng.Model(Scaled(by=by)).run(X) for by in (3.0, 3.0, -0.0, 0.0)]
    for y, by in zip(ys, (3.0, 3.0, -0.0, 0.0), strict=True):
        np.testing.assert_array_equal(y, X * by)
        np.testing.assert_array_equal(np.signbit(y), np.signbit(X * by))


def test_a_class_whose_step_was_replaced_is_traced_again(monkeypatch):
    before = program(Scaled(by=2.0))
    monkeypatch.setattr(Scaled, "step", lambda self, params, state, x: (state, x + self.by))
    assert program(Scaled(by=2.0)) is not before
    np.testing.assert_array_equal(ng.Model(Scaled(by=2.0)).run(X), X + 2)


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        (Reservoir(units=3), Reservoir(units=3, name="b"), True),
        (Reservoir(units=3), Reservoir(units=3, leak_rate=0.5), False),
        (Reservoir(units=3, rule=Oja()), Reservoir(units=3, rule=Oja()), True),
        (Reservoir(units=3, rule=Oja()), Reservoir(units=3, rule=Oja(rate=0.2)), False),
        (Reservoir(units=3, rule=Oja()), Reservoir(units=3, rule=Hebb()), False),
        (Dense(units=3, activation="tanh"), Dense(units=3, activation="relu"), False),
        (Reservoir(W=np.eye(3)), Reservoir(W=np.eye(3)), False),  # as good as never alike
        (Shared(node=Scaled(), copies=2), Shared(node=Scaled(), copies=2), True),
    ],
)
def test_fields_tell_who_is_alike(one, other, shared):
    first, second = (programs_of_alike(node, "arrays") for node in (one, other))
    assert (first is second) == shared
    assert programs_of_alike(one, "other arrays") is not first


def test_few_are_kept():
    first = programs_of_alike(Scaled(by=-1.0), "arrays")
    for by in range(100):
        programs_of_alike(Scaled(by=float(by)), "arrays")
    assert programs_of_alike(Scaled(by=-1.0), "arrays") is not first


def test_what_strangers_define_is_traced_for_each_node(monkeypatch):
    np.testing.assert_array_equal(ng.Model(Stranger()).run(X), 2 * X)
    monkeypatch.setattr(f"{__name__}.GAIN", 5.0)
    np.testing.assert_array_equal(ng.Model(Stranger()).run(X), 5 * X)
    inside = [programs_of_alike(Shared(node=Stranger(), copies=2), "arrays") for _ in range(2)]
    assert inside[0] is not inside[1]


def test_the_order_in_which_ports_are_wired_is_no_other_program():
    node, dtype = Trace(), np.dtype(float)
    made = program_of(Writer(node, (), node.start(2), {"feedback": 2, "x": 3}, dtype))
    again = Writer(node, (), node.start(2), {"x": 3, "feedback": 2}, dtype)
    check_again(again, made)
    assert program_of(again) is made
