import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.data.series import Series
from nodegraph.engines import LOCAL, choose
from nodegraph.engines.gathering import (
    ENOUGH,
    FEWEST,
    GatherTask,
    Keeper,
    count_groups,
    gathered,
    leaves,
)
from nodegraph.engines.merge_tree import Bough
from nodegraph.host.progress import Silent


class Lists:
    """Gathers the numbers of series, and writes down what is merged with what."""

    names = ("out",)

    def at(self, engine, progress):
        return self

    def gather(self, sums, group, shelf):
        before = "" if sums is None else sums["out"]
        return {"out": before + "".join(chr(97 + i) for i, _ in group)}

    def merge(self, name, one, other):
        return f"({one} {other})"


class Notes(Keeper):
    """Remembers what it heard."""

    def __init__(self, boughs=()):
        super().__init__(boughs)
        self.heard = []

    def hear(self, boughs, groups):
        self.heard.append((list(boughs), groups))


TASK = GatherTask(Lists(), (), "out learned from")


def made(lengths):
    return [Series({}, {}, n) for n in lengths]


def total(data, workers=None, boughs=(), engine=LOCAL, keeper=None):
    keeper = keeper or Keeper(boughs)
    return gathered(engine, TASK, data, workers, Silent(), keeper)["out"]


def test_neighbours_go_into_one_sum_and_four_sums_into_the_next():
    data = leaves(made([ENOUGH // 2] * 13), ENOUGH // 4)  # two groups of one series in each leaf
    assert [len(leaf) for leaf in data] == [2] * 6 + [1]
    assert total(data) == "((((ab cd) ef) gh) ((ij kl) m))"


@given(lengths=st.lists(st.integers(1, 3000), min_size=1, max_size=80), rows=st.integers(64, 4096))
def test_leaves_hold_all_series_in_their_order_and_are_worth_a_merge(lengths, rows):
    data = leaves(made(lengths), rows)
    assert [i for leaf in data for group in leaf for i, _ in group] == list(range(len(lengths)))
    sizes = [sum(one.n_steps for group in leaf for _, one in group) for leaf in data]
    enough = max(rows, min(ENOUGH, -(-sum(lengths) // FEWEST)))
    assert all(size >= enough for size in sizes[:-1])
    assert len(data) <= FEWEST or min(sizes[:-1]) >= ENOUGH


@pytest.mark.parametrize("workers", [1, 3])
def test_wherever_it_was_kept_it_ends_in_the_same_sum(workers):
    data, straight = leaves(made([ENOUGH // 2] * 26), ENOUGH // 4), Notes()
    wanted = total(data, keeper=straight)
    for boughs, groups in straight.heard:
        assert groups == count_groups(data, boughs) + sum(one.groups for one in boughs)
        assert total(data, workers, boughs) == wanted


def test_what_lies_ready_is_merged_though_nothing_is_missing():
    data = leaves(made([ENOUGH] * 6), ENOUGH)
    there = [Bough(i, i + 1, 0, {"out": str(i)}) for i in reversed(range(6))]
    assert total(data, boughs=there) == "((((0 1) 2) 3) (4 5))"


def test_an_engine_that_maps_gives_leaves_away():
    given = []

    class Away:
        def execute(self, plan, slots, chunks, request):
            raise AssertionError("nothing is executed here")

        def map(self, task, items, workers):
            for item in items:
                given.append(item)
                yield task(item, LOCAL, Silent())

    data = leaves(made(np.full(9, ENOUGH)), ENOUGH)
    assert total(data, engine=choose(Away())) == total(data)
    assert given == data
