"""Whatever ends a run, what was learned is kept; whatever dies on the way leaves no trace."""

import os
import signal
import time

import pytest
from raylets import command, family
from runs import Run, others_words, same_bits


def actors(raylets):
    return [pid for member in raylets.members.values() for pid in family(member.pid)
            if command(pid).startswith("ray::Actor")]  # fmt: skip


def test_an_actor_that_is_killed_is_replaced_and_the_other_stays(raylets, joined, here):
    run = joined().under_way()
    before = actors(raylets)
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    new = set(before)
    while len(new - set(before)) == 0 and run.process.poll() is None:
        new = set(actors(raylets))
        time.sleep(0.05)
    assert before[1] in new
    assert run.end() == 0, run.err
    same_bits(here, run.arrays())
    assert not others_words(run.err)
    assert "another one goes on from chunk" in run.err


def test_a_machine_that_is_lost_leaves_no_trace_with_default_settings(raylets, joined, here):
    run = joined().under_way()
    raylets.kill("second", "raylet/raylet")
    assert run.end() == 0, run.err
    raylets.down("second")
    same_bits(here, run.arrays())
    assert not others_words(run.err)
    assert "share the CPUs of the others, so that it goes on more slowly" in run.err


@pytest.mark.parametrize(
    ("numbers", "group", "status"),
    [
        ([signal.SIGTERM], False, 143),
        ([signal.SIGINT], False, 130),
        ([signal.SIGUSR1], False, 138),
        ([signal.SIGTERM, signal.SIGTERM], False, 143),
        ([signal.SIGUSR1, signal.SIGTERM], True, 138),
        ([signal.SIGKILL], False, -9),
    ],
    ids=["TERM", "INT", "USR1", "TERM twice", "USR1 and TERM to all", "KILL"],
)
def test_a_driver_that_is_told_to_end_is_followed_by_one_that_goes_on(
    raylets, joined, goes_on, numbers, group, status
):
    run = joined().under_way().signal(*numbers, group=group)
    assert run.end() == status
    assert not others_words(run.err)
    assert status < 0 or "the next run goes on there" in run.err
    goes_on()


def test_a_signal_to_a_driver_and_its_own_ray_at_once_keeps_all(tmp_path, goes_on):
    run = Run(tmp_path).under_way().signal(signal.SIGTERM, group=True)
    assert run.end() == 143
    assert not others_words(run.err)
    assert "the next run goes on there" in run.err
    goes_on()


def test_shares_are_those_that_fit_on_the_machines(joined, here):
    run = joined(changes=["engine.placement=node"])  # five actors on two machines with one CPU each
    assert run.end() == 0, run.err
    same_bits(here, run.arrays())


def test_what_has_no_room_is_refused_at_once_with_what_to_write(joined, tmp_path):
    run = joined(changes=["engine.placement=node", "engine.num_cpus=1"])
    assert run.end() == 2
    words = "5 workers want 5 CPUs, and there are 2 machines with 1 CPU each; leave out placement"
    assert words in run.err
    assert "num_cpus: 0.333" in run.err
    assert "kept" not in run.err and not (tmp_path / "out").exists()
