"""Outputs of finished stages, which workers elsewhere keep from pass to pass."""

import numpy as np
import pytest
from counted import RUNS, Counted

import nodegraph as ng
from nodegraph.engines import shelf
from nodegraph.engines.shelf import Keeping, Shelf
from nodegraph.testing.comparing import same_trees
from nodes import Input, Reservoir, Ridge, Scaler, TaughtLayer

RNG = np.random.default_rng(3)
XS = [RNG.standard_normal((n, 2)) for n in (90, 40, 70, 30, 60, 80, 20, 50)]
YS = [np.cumsum(x, axis=0) / 9 for x in XS]
ROWS = sum(map(len, XS))

pytestmark = pytest.mark.usefixtures("small_leaves")


def cascade(depth):
    """Readouts that each hear what the one before says, through a reservoir."""
    seen = graph = Input(name="u") >> Scaler(name="s")
    for k in range(depth):
        pool = Reservoir(units=7, noise=0.01 * (k == 1), name=f"r{k}") >> Counted(name=f"n{k}")
        out = Ridge(name=f"y{k}", ridge=1e-3)
        graph = graph & (seen >> pool >> out)
        seen = out
    return graph


def again():
    """A layer that learns in three rounds through the data."""
    pool = Reservoir(units=7, name="r0") >> Counted(name="n0")
    return Input(name="u") >> pool >> TaughtLayer(units=5, rounds=3, name="y0")


@pytest.fixture
def staying(spread):
    """Workers that stay when they have nothing to do, as actors do."""

    def made(count, deaths=(), which=0):
        engine = spread(count, deaths)
        idle, start = [], engine.pool.start

        def started(groups):
            there = [idle.pop(which) for _ in groups if idle]
            return there + start(groups[len(there) :])

        def release(workers):
            for worker in workers:
                worker.call("unload")
            idle.extend(workers)

        engine.pool.start, engine.pool.release, engine.idle = started, release, idle
        return engine

    return made


def learned(graph, engine):
    RUNS.clear()
    model = ng.Model(graph, seed=1, engine=engine)
    return model.fit(XS, {name: YS for name in model.plan.rules if name.startswith("y")}, warmup=3)


def same_learning(one, other):
    assert one.report == other.report
    for name in one.plan.nodes:
        mine, theirs = one._settle().slots[name], other._settle().slots[name]
        for part in ("params", "memory", "state", "past"):
            same_trees(getattr(mine, part), getattr(theirs, part), f"{name}.{part}")


def test_a_cascade_of_twelve_runs_twelve_reservoirs(staying):
    one = staying(1)
    there = learned(cascade(12), one)
    assert dict(RUNS) == {f"n{k}": ROWS for k in range(12)}
    same_learning(there, learned(cascade(12), "local"))
    assert one.idle[0].worker._shelf.n_bytes == 0  # nothing is kept for nobody


def test_further_passes_run_no_more_than_they_do_here(staying):
    there, runs = learned(again(), staying(1)), dict(RUNS)
    same_learning(there, learned(again(), "local"))
    assert runs == dict(RUNS) == {"n0": 2 * ROWS}


@pytest.mark.parametrize("count", [2, 3])
def test_workers_are_given_the_series_that_they_had(staying, count):
    there = learned(cascade(4), staying(count))
    assert dict(RUNS) == {f"n{k}": ROWS for k in range(4)}
    same_learning(there, learned(cascade(4), "local"))


def test_series_that_go_to_another_worker_run_again_to_the_same_bits(staying):
    there = learned(cascade(4), staying(2, which=-1))
    assert all(ROWS < RUNS[f"n{k}"] <= (4 - k) * ROWS for k in range(3))
    same_learning(there, learned(cascade(4), "local"))


@pytest.mark.parametrize("deaths", [{9, 40}, {25}, {31, 32}])
def test_what_dies_with_a_worker_is_made_again(staying, deaths):
    engine = staying(2, deaths)
    there = learned(cascade(3), engine)
    assert engine.pool.died == len(deaths)
    same_learning(there, learned(cascade(3), "local"))


def test_where_there_is_no_room_all_is_run_again(staying, monkeypatch):
    monkeypatch.setattr(shelf, "OF_MEMORY", 0.0)
    there = learned(cascade(3), staying(1))
    assert dict(RUNS) == {"n0": 3 * ROWS, "n1": 2 * ROWS, "n2": ROWS}
    same_learning(there, learned(cascade(3), "local"))


def test_a_shelf_holds_what_fits_and_what_is_named(monkeypatch):
    monkeypatch.setattr(shelf, "available_bytes", lambda: 4 * 8 * 100)
    monkeypatch.setattr(shelf, "usable_cpus", lambda: 1)
    one, series = Shelf(), ng.data.series.Series({}, {}, 30)
    one.open(Keeping("a", ("x", "y"), False))
    pieces = [{"x": np.ones((10, 1)), "y": np.ones((10, 2))}] * 3
    one.put([(0, series), (1, series)], pieces * 2)  # 90 numbers each: room for 100
    assert one.n_bytes == 90 * 8 and one.find(1, ["x"]) is None
    assert one.find(0, ["y"])["y"][:].shape == (30, 2)
    one.open(Keeping("a", ("x",), False))
    assert one.n_bytes == 30 * 8 and one.find(0, ["x", "y"]) is None
    one.close(Keeping("a", ("x",), False))
    assert one.n_bytes == 30 * 8
    one.close(Keeping("a", ("x",), True))
    assert one.n_bytes == 0


def test_outputs_of_another_course_are_none_of_this_one():
    one, series = Shelf(), ng.data.series.Series({}, {}, 3)
    one.open(Keeping("a", ("x",), False))
    one.put([(0, series)], [{"x": np.ones((3, 1))}])
    one.open(Keeping("b", ("x",), False))
    assert one.find(0, ["x"]) is None
