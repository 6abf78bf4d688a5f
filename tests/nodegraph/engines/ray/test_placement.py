import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines.ray.cost import advice, stays
from nodegraph.engines.ray.partition import cut, span_of
from nodegraph.engines.ray.placement import Estimate, group_nodes, window_of
from nodegraph.errors import DataWarning, EngineError
from nodegraph.testing.zoo import Sum
from nodes import ESN, Input, Reservoir, Ridge


def chain(count):
    nodes = [Sum(name=f"n{i}") for i in range(count)]
    graph = nodes[0]
    for node in nodes[1:]:
        graph = graph >> node
    return ng.plan(graph)


def costs(*steps):
    return {f"n{i}": Estimate(step, 1) for i, step in enumerate(steps)}


def test_heavy_neighbours_are_parted_evenly():
    found = group_nodes(chain(4), costs(100, 100, 100, 100), 2)
    assert found == [("n0", "n1"), ("n2", "n3")]
    assert len(group_nodes(chain(4), costs(100, 100, 100, 100), 4)) == 4


def test_light_neighbours_stay_with_heavy_ones():
    found = group_nodes(chain(5), costs(1, 100, 1, 100, 1), 4)
    assert found == [("n0", "n1", "n2"), ("n3", "n4")]


def test_what_is_lighter_than_handing_it_on_stays_together():
    assert len(group_nodes(chain(3), costs(5, 5, 5), 3)) == 1
    assert len(group_nodes(chain(3), costs(5, 5, 5), 3, hop=0.0)) == 3


def test_nodes_that_need_another_machine_are_apart():
    found = group_nodes(chain(3), costs(1, 1, 1), 1, {"n1": "gpu"})
    assert found == [("n0",), ("n1",), ("n2",)]


def test_needs_of_no_node_are_told():
    with pytest.warns(DataWarning, match=r"no node is named 'm1', .* there are n0, n1, n2"):
        group_nodes(chain(3), costs(1, 1, 1), 1, {"n1": "gpu", "m1": "gpu"})


def test_every_node_is_alone_if_that_is_asked_for():
    found = group_nodes(chain(3), costs(1, 1, 1), 1, placement="node")
    assert found == [("n0",), ("n1",), ("n2",)]


def test_an_esn_keeps_its_reservoir_and_readout_together():
    plan = ng.plan(Input() >> [ESN(units=5) for _ in range(12)])
    even = {name: Estimate(100.0, 5) for name in plan.nodes}
    groups = group_nodes(plan, even, 2)
    assert len(groups) == 2
    homes = {name: i for i, group in enumerate(groups) for name in group}
    assert all(
        homes[name] == homes[name.replace("reservoir", "readout")]
        for name in homes
        if "reservoir" in name
    )
    assert abs(len(groups[0]) - len(groups[1])) <= 1


def test_a_loop_is_whole_and_moves_whole_chunks():
    res, out = Reservoir(units=5), Ridge()
    plan = ng.plan((Input() >> res >> out) & (res << out))
    groups = group_nodes(plan, {name: Estimate(100.0, 5) for name in plan.nodes}, 3)
    assert ("reservoir", "ridge") in groups
    assert span_of(plan, cut(plan, groups, ("ridge",), ())) is None


def test_the_advice_says_from_which_chunk_on_actors_pay():
    plan = chain(2)
    words = advice(plan, costs(4, 4), [("n0", "n1")], 512, 2)
    assert "too small for actors: about 8.0 us a step" in words
    assert "from chunk=2001 on" in words  # 8000 us to hand on, 4 us a step saved
    words = advice(plan, costs(400, 400), [("n0",), ("n1",)], 512, 2)
    assert "about 1.9 times" in words  # 800 / (400 + 8000 / 512)
    alone = advice(chain(1), costs(5), [("n0",)], 512, 2)
    assert "all work is in one block (n0)" in alone


def test_chunks_under_way_fit_in_a_quarter_of_the_store():
    assert window_of(8, 10, 1000) == 8
    assert window_of(8, 100, 1000) == 2
    assert window_of(8, 900, 1000) == 1
    with pytest.raises(EngineError, match=r"a chunk becomes 2.0 GB .* has 1.0 GB: give a smaller"):
        window_of(8, 2 * 10**9, 1e9)


def test_parts_say_what_they_hear_and_what_comes_late():
    a, b = Sum(name="a"), Sum(name="b")
    plan = ng.plan((a >> b) & (b >> ng.delay(5) >> a))
    parts = cut(plan, [("a",), ("b",)], ("b",), ())
    assert [(part.reads, set(part.late), part.sends) for part in parts] == [
        (("b",), {"b"}, ("a",)),
        (("a",), set(), ("b",)),
    ]
    assert span_of(plan, parts) == 5
    assert np.array_equal([len(part.plan.blocks) for part in parts], [1, 1])


def test_what_actors_would_save_decides_who_works():
    even = {name: Estimate(50.0, 5) for name in "abcd"}
    apart, alone = [("a", "b"), ("c", "d")], [("a", "b", "c", "d")]
    cold, ready = {"warm": False, "joined": False}, {"warm": True, "joined": False}
    assert stays(even, apart, 50_000, **cold)  # 10 s of work, of which 5 s would be saved
    assert not stays(even, apart, 50_000, **ready)
    assert stays(even, alone, 50_000, **ready)
    assert not stays(even, alone, 70_000, **cold)  # 14 s: may be for another machine
    assert not stays(even, alone, 50_000, warm=True, joined=True)
