import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.engines.ray.resources import Resources
from nodegraph.engines.ray.room import (
    Place,
    how_many,
    largest_share,
    packed,
    places,
    refusal,
)

CPUS = st.lists(st.integers(0, 64), min_size=1, max_size=6)


@given(cpus=CPUS, count=st.integers(1, 200))
def test_the_largest_share_fits_and_a_larger_one_does_not(cpus, count):
    free = [{"CPU": float(n)} for n in cpus]
    share = largest_share(Resources(), count, [], free)
    if share is None:
        assert sum(1000 * n for n in cpus) < count
        return

    def room(thousandths):
        return sum(1000 * n // thousandths for n in cpus)

    thousandths = round(1000 * share)
    assert room(thousandths) >= count
    assert thousandths == 1000 or room(thousandths + 1) < count
    assert how_many(Resources(share), free, count) == count


@given(cpus=CPUS, wanted=st.lists(st.integers(1, 9), max_size=20))
def test_what_is_packed_is_on_no_machine_too_much(cpus, wanted):
    homes = packed([Resources(float(n)) for n in wanted], [{"CPU": float(n)} for n in cpus])
    for i, n in enumerate(cpus):
        held = (
            0
            if homes is None
            else sum(w for w, home in zip(wanted, homes, strict=True) if home == i)
        )
        assert held <= n


def test_nodes_with_needs_of_their_own_leave_less_for_the_others():
    free = [{"CPU": 2.0, "fast": 1.0}, {"CPU": 1.0}]
    fixed = [Resources(2.0, 0.0, (("fast", 1.0),))]
    assert largest_share(Resources(), 2, fixed, free) == 0.5
    assert largest_share(Resources(), 2, fixed * 2, free) is None


@pytest.mark.parametrize(
    ("needs", "free", "words"),
    [
        ([Resources(999.0)], 2.0, "it wants 999 CPUs, and there is 1 machine with 2 CPUs; "
         "write num_cpus: 1.0, or add machines"),
        ([Resources(1.0)] * 2, 0.0, "there is 1 machine with 2 CPUs (0 free); wait for what is in "
         "use, or add machines"),
        ([Resources(1.0, 0.0, (("warp", 1.0),))], 2.0, "with 2 CPUs and 0 warp; add machines"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_is_there_and_what_to_write(needs, free, words):
    assert words in refusal(["a"] * len(needs), needs, [Place("m", {"CPU": 2.0}, {"CPU": free})])


def test_nodes_that_are_to_be_alone_are_not_told_to_take_fewer_workers():
    there = [Place("m", {"CPU": 2.0}, {"CPU": 2.0})]
    assert "; write workers: 2, or " in refusal(["a"] * 5, [Resources()] * 5, there)
    words = refusal(["a"] * 5, [Resources()] * 5, there, alone=True)
    assert words.endswith("; leave out placement: node, or write num_cpus: 0.4, or add machines")


def test_of_one_that_no_machine_is_large_enough_for_nothing_else_is_told():
    there = [Place("m", {"CPU": 2.0}, {"CPU": 2.0})]
    needs = [Resources(), Resources(resources=(("big", 1.0),))]
    assert refusal(["a", "b"], needs, there) == (
        "b: no room for its worker: it wants 1 CPU and 1 big, and there is 1 machine with 2 CPUs "
        "and 0 big; add machines"
    )
    assert refusal([""], needs[1:], there).startswith("a replica: no room for its worker: it wants")


class Fake:
    """As much of Ray as is asked, seen from afar."""

    def __init__(self):
        self.util = type("U", (), {"client": type("C", (), {"ray": self})})

    def is_connected(self):
        return True

    def nodes(self):
        return [{"NodeID": "a", "Alive": True, "Resources": {"CPU": 2.0}},
                {"NodeID": "b", "Alive": False, "Resources": {"CPU": 9.0}}]  # fmt: skip


def test_machines_that_are_down_are_no_room():
    assert places(Fake()) == [Place("a", {"CPU": 2.0}, {"CPU": 2.0})]
