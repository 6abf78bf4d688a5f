import importlib
import sys
from importlib.metadata import entry_points

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines import LOCAL, choose
from nodegraph.errors import ContractError, GraphError
from nodes import Input, Reservoir, Ridge

ENGINE = """
from nodegraph.engines.local import execute as local

calls = []

def engine():
    return execute

def execute(plan, slots, chunks, work):
    calls.append(work.wanted)
    yield from local(plan, slots, chunks, work)
"""


@pytest.fixture
def theirs(tmp_path, monkeypatch):
    """Install a package that offers an engine by the word ``slow``."""
    info = tmp_path / "slow_engine-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: slow_engine\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[nodegraph.engines]\nslow = slow_engine:engine\n")
    (tmp_path / "slow_engine.py").write_text(ENGINE)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("slow_engine")
    del sys.modules["slow_engine"]


def test_an_engine_of_another_package_is_chosen_by_its_word(theirs):
    x = np.sin(np.arange(200.0))[:, None]
    graph = Input() >> Reservoir(units=10) >> Ridge()
    here = ng.Model(graph, seed=1).fit(x[:-1], x[1:])
    there = ng.Model(graph, seed=1, engine="slow").fit(x[:-1], x[1:])
    assert theirs.calls
    assert np.array_equal(here.run(x), there.run(x))


def test_the_engines_that_ship_are_found_in_the_same_way():
    assert choose("local") is LOCAL
    assert "ray" in entry_points(group="nodegraph.engines").names


def test_an_unknown_word_is_answered_with_those_that_are_known(theirs):
    with pytest.raises(
        GraphError, match=r"unknown engine 'fast'; write 'local' or 'ray' or 'slow'"
    ):
        choose("fast")


class Belt:
    cuts = True

    def execute(self, plan, slots, chunks, request):
        raise AssertionError("it is refused before")


def test_an_engine_with_a_word_that_nobody_asks_for_is_refused():
    with pytest.raises(ContractError, match=r"Belt\.cuts would .* write remote = True"):
        ng.Model(Input() >> Ridge(), engine=Belt())
