"""Sizes, weights and start states of a plan."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import BudgetError, DataError
from nodegraph.graph.plan import Plan
from nodegraph.host import memory_budget as budget
from nodegraph.model.initializer import Initializer, generator
from nodes import NVAR, Input, Reservoir, Ridge


def initializer(graph, seed=1, dtype="f8"):
    return Initializer(Plan.of(graph), seed, np.dtype(dtype))


def test_a_generator_depends_on_seed_name_and_purpose_alone():
    one = generator(1, "r", 0).random(3)
    assert np.array_equal(one, generator(1, "r", 0).random(3))
    for other in (generator(2, "r", 0), generator(1, "q", 0), generator(1, "r", 1)):
        assert not np.array_equal(one, other.random(3))
    name = int.from_bytes(b"r", "little")
    assert np.array_equal(one, np.random.default_rng([1, name, 0]).random(3))


def test_sizes_follow_from_data_fields_and_targets():
    made = initializer(Input(name="u") >> [Reservoir(name="r", units=5), NVAR(name="n", delay=2)]
                   >> Ridge(name="out"))  # fmt: skip
    assert made.sizes() == {"r": 5}
    made.see({"u": 3}, {})
    assert made.sizes() == {"u": 3, "r": 5, "n": 6 + 6 * 7 // 2}
    made.see({"u": 3}, {"out": 2})
    assert made.sizes()["out"] == 2


def test_a_node_is_built_when_its_widths_are_known_and_only_once():
    made, slots = (
        initializer(Input(name="u") >> Reservoir(name="r", units=5) >> Ridge(name="out")),
        {},
    )
    made.see({"u": 3}, {})
    made.build(slots)
    assert set(slots) == {"u", "r"} and slots["r"].params.W_in.shape == (5, 3)
    before = slots["r"]
    made.see({"u": 3}, {"out": 2})
    made.build(slots)
    assert slots["r"] is before and slots["out"].params.W_out.shape == (2, 5)


def test_weights_are_those_of_the_node_and_its_own_generator():
    node, slots = Reservoir(name="r", units=5), {}
    made = initializer(Input(name="u") >> node, dtype="f4")
    made.see({"u": 3}, {})
    made.build(slots)
    expected = node.init(generator(1, "r", 0), 3, 5)
    assert np.array_equal(slots["r"].params.bias, expected.bias.astype("f4"))
    assert slots["r"].state.x.dtype == np.float32


def test_widths_stay_as_they_were_first_seen():
    made = initializer(Input(name="u") >> Ridge(name="out"))
    made.see({"u": 3}, {"out": 2})
    with pytest.raises(DataError, match=r"u: the input should have 3 columns .* got 4$"):
        made.see({"u": 4}, {})
    with pytest.raises(DataError, match=r"out: the target should have 2 columns .* one flat step"):
        made.see({}, {"out": 1})


def test_a_copy_takes_note_of_widths_by_itself():
    made = initializer(Input(name="u") >> Ridge(name="out"))
    made.copy().see({"u": 3}, {})
    assert made.data == {}


def test_each_series_has_noise_of_its_own_and_starts_from_zero():
    made, slots = initializer(Input(name="u") >> Reservoir(name="r", units=5, noise=0.1)), {}
    made.see({"u": 1}, {})
    made.build(slots)
    slots["r"].state = slots["r"].state._replace(x=np.ones(5))
    one, two = (made.fresh(slots, ["r"], i)["r"] for i in range(2))
    assert not one.state.x.any() and one.params is slots["r"].params
    assert not np.array_equal(one.noise.random(3), two.noise.random(3))
    again = made.fresh(slots, ["r"], 0)["r"].noise.random(6)
    assert np.array_equal(again, generator(1, "r", 1, 1).random(6))


def test_a_node_without_noise_has_no_generator_and_shares_no_state_between_series():
    made, slots = initializer(Input(name="u") >> Reservoir(name="r", units=5)), {}
    made.see({"u": 1}, {})
    made.build(slots)
    one, two = (made.fresh(slots, ["r"], i)["r"] for i in range(2))
    assert one.noise is None and slots["r"].noise is None
    one.state.x[:] = 1.0
    assert not two.state.x.any() and not made.fresh(slots, ["r"], 2)["r"].state.x.any()


def test_arrays_that_would_not_fit_are_refused_before_any_is_made(monkeypatch):
    monkeypatch.setattr(budget, "available_bytes", lambda: 10_000)
    with pytest.raises(BudgetError, match=r"r\.W"):
        ng.Model(Input() >> Reservoir(name="r", units=500, connectivity=1.0)).run(np.ones((3, 1)))


def test_a_delay_that_would_not_fit_in_memory_names_its_node():
    graph = Input(name="u") >> ng.delay(10**12) >> Reservoir(units=2, name="r")
    with pytest.raises(BudgetError, match=r"u, its last 1000000000000 outputs = 8\.0 TB"):
        ng.Model(graph, seed=1).run(np.ones((3, 1)))
