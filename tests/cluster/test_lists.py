"""Lists of series: sums that lie on two machines, one of which dies, or whose driver ends."""

import os
import signal

import pytest
from raylets import command, family
from runs import SERIES, Run, others_words, same_bits, series_file


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """What the local engine makes of the series."""
    folder = tmp_path_factory.mktemp("series")
    series_file(folder)
    run = Run(folder, "--engine", "local", text=SERIES)
    assert run.end() == 0, run.err
    return run.arrays()


@pytest.fixture
def spread(raylets, tmp_path):
    """Start a run over the series on two machines; some of it is learned and kept."""
    series_file(tmp_path)
    return Run(tmp_path, "--address", raylets.address, env=raylets.env, text=SERIES).under_way()


def test_an_actor_that_dies_leaves_no_trace(raylets, spread, alone):
    pids = [p for member in raylets.members.values() for p in family(member.pid)]
    os.kill(next(p for p in pids if command(p).startswith("ray::Actor")), signal.SIGKILL)
    assert spread.end() == 0, spread.err
    assert "1 of 2 workers were lost: what they were at is done again" in spread.err
    assert not others_words(spread.err)
    same_bits(alone, spread.arrays())
    assert not list(spread.folder.glob("out/checkpoint*"))


def test_a_machine_that_dies_leaves_no_trace(raylets, spread, alone):
    raylets.down("second")
    assert spread.end() == 0, spread.err
    assert "1 of 2 workers were lost: what they were at is done again" in spread.err
    assert not others_words(spread.err)
    same_bits(alone, spread.arrays())


def test_sums_that_actors_wrote_are_gone_on_with_by_a_process_alone(spread, alone, tmp_path):
    assert spread.signal(signal.SIGTERM).end() == 143
    assert list(tmp_path.glob("out/checkpoint.sums/*.safetensors"))
    again = Run(tmp_path, "--engine", "local", text=SERIES)
    assert again.end() == 0, again.err
    assert "note: learning goes on after" in again.err and "groups of series" in again.err
    same_bits(alone, again.arrays())
    assert not list(tmp_path.glob("out/checkpoint*"))
