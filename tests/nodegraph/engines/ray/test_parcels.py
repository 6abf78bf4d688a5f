import numpy as np
import pytest

import nodegraph as ng
from nodegraph.data.series import Chunk
from nodegraph.engines.ray.parcels import packed, parcels, unpacked
from nodegraph.engines.ray.partition import cut, depth_of
from nodegraph.engines.ray.placement import group_nodes, together_of
from nodegraph.testing.zoo import Sum

ROWS = np.arange(20.0)[:, None]


def chunks(warmup, *lengths, number=None):
    start = 0
    for length in lengths:
        rows = ROWS[start : start + length]
        yield Chunk(length, {"u": rows}, {"y": -rows}, max(0, warmup - start), number)
        start += length


@pytest.mark.parametrize("size", [1, 2, 3, 9])
@pytest.mark.parametrize("warmup", [0, 3, 7])
def test_chunks_come_out_as_they_went_in(size, warmup):
    given = list(chunks(warmup, 5, 5, 4, 6))
    found = list(parcels(given, size))
    assert [len(parcel.lengths) for parcel in found] == {1: [1] * 4, 2: [2, 2], 3: [3, 1]}.get(
        size, [4]
    )
    assert [parcel.asks for parcel in found] == [""] * (len(found) - 1) + ["last"]
    out = [piece for parcel in found for piece in parcel.pieces()]
    assert [number for number, _, _ in out] == [0, 1, 2, 3]
    for (_, _, chunk), one in zip(out, given, strict=True):
        np.testing.assert_array_equal(chunk.data["u"], one.data["u"])
        np.testing.assert_array_equal(chunk.targets["y"], one.targets["y"])
        assert chunk._replace(data={}, targets={}) == one._replace(data={}, targets={})


def test_chunks_that_do_not_go_on_alike_travel_apart():
    one, two, three = chunks(0, 5, 5, 5)
    others = [
        two._replace(learn_from=2),
        two._replace(number=1),
        two._replace(targets={}),
        two._replace(data={"u": two.data["u"].astype("float32")}),
    ]
    for other in others:
        assert [parcel.lengths for parcel in parcels([one, other], 9)] == [(5,), (5,)]
    assert [parcel.lengths for parcel in parcels([one, two, three], 9)] == [(5, 5, 5)]


def test_more_light_parts_get_more_chunks_at_a_time_but_not_for_ever():
    assert [together_of(n, 256, 1.0) for n in (1, 4, 5, 65, 1000)] == [1, 2, 3, 33, 128]
    assert together_of(1000, 100_000, 1.0) == 1


def test_heavy_parts_get_chunks_one_by_one():
    assert together_of(65, 256, 300.0) == 1  # 77 ms of work, 65 ms of calls
    assert together_of(65, 256, 100.0) == 3  # 26 ms of work


def test_a_chain_is_as_deep_as_it_has_parts_and_a_fan_as_its_longest_way():
    a, b, c, d = (Sum(name=name) for name in "abcd")
    for graph, deep in ((a >> b >> c >> d, 4), (a >> [b, c, d], 2), (a >> [b >> c, d], 3)):
        plan = ng.plan(graph)
        groups = group_nodes(plan, {}, 9, placement="node")
        for wanted in ((), plan.outputs):
            assert depth_of(cut(plan, groups, wanted, ())) == deep


@pytest.mark.parametrize("columns", [1, 5000])
@pytest.mark.parametrize("order", ["C", "F"])
def test_what_is_packed_comes_out_as_it_went_in_with_what_came_behind_it(columns, order):
    rows = np.asarray(np.random.default_rng(0).random((7, columns)), order=order)
    chunk = Chunk(
        7, {"u": rows, "v": ROWS[:7]}, {"y": rows[:, ::2]}, 2, np.int64(5), {"w": rows}, (3, 4)
    )
    (parcel,) = parcels([chunk], 1)
    words, *apart = packed(3, 4, parcel)
    assert isinstance(words, bytes) and len(words) < 150_000
    assert len(apart) == 3 * (columns > 1)
    attempt, seq, found, *behind = unpacked(words, [*apart, None, ROWS])
    assert (attempt, seq, found.lengths, found.first) == (3, 4, (7,), 0)
    assert behind[0] is None and behind[1] is ROWS and len(behind) == 2
    for part in ("data", "targets", "known"):
        there, here = getattr(found.chunk, part), getattr(chunk, part)
        assert there.keys() == here.keys()
        assert all(np.array_equal(there[name], here[name]) for name in here)
    assert found.chunk._replace(data={}, targets={}, known={}) == (7, {}, {}, 2, 5, {}, (3, 4))
    assert all(rows.flags.aligned for rows in found.chunk.data.values())
