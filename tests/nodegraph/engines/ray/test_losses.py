"""What is said when something is lost for good, or raised, in a worker."""

from typing import ClassVar

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines import choose
from nodegraph.errors import DivergenceError, EngineError
from nodes import RLS, Input, Reservoir, Ridge

RNG = np.random.default_rng(0)
X = RNG.standard_normal((90, 2))


def doomed(engine, name, seq):
    """Let the worker of a node die each time that it is given chunk `seq`."""
    start = engine.pool.start

    def started(groups):
        workers = start(groups)
        for worker in workers:
            if name in worker.title.split(", "):
                worker.call = deadly(worker, worker.call)
        return workers

    def deadly(worker, call):
        def do(method, *args, returns=1):
            worker.alive = worker.alive and not (method == "run" and args[1] == seq)
            return call(method, *args, returns=returns)

        return do

    engine.pool.start = started
    engine.groups = lambda plan: [(name,) for block in plan.blocks for name in block.names]
    return engine


def online():
    return Input() >> Reservoir(units=6) >> RLS()


@pytest.mark.parametrize("name", ["reservoir", "rls"])
def test_a_worker_lost_for_good_is_named_with_chunk_and_steps(split, name):
    engine = doomed(split(0, 7, window=3, chunks=2, restarts=2), name, 5)
    model = ng.Model(online(), seed=1, engine=engine)
    model.partial_fit(X[:4], X[:4], engine="local")
    with pytest.raises(EngineError) as caught:
        model.partial_fit(X, X)
    wanted = f"lost 3 times without progress: that of {name}, at chunk 5: steps 39 to 45 (the work"
    assert wanted in str(caught.value)
    assert model.time == 4


def test_the_error_says_where_the_checkpoint_is_and_it_leads_to_the_same_bits(split, tmp_path):
    path = tmp_path / "kept.safetensors"
    here = ng.Model(online(), seed=1)
    wanted = here.partial_fit(X, X)
    there = ng.Model(online(), seed=1, engine=doomed(split(0, 7, chunks=2, restarts=1), "rls", 5))
    with pytest.raises(EngineError, match=r"steps 35 to 41 .* kept in .*kept\.safetensors: the"):
        there.partial_fit(X, X, checkpoint=path)
    again = ng.Model(online(), seed=1)
    rest = again.partial_fit(X, X, checkpoint=path, resume=True)
    assert 0 < len(rest) <= 90 - 28  # chunks of 7 before the last snapshot are not gone through
    assert np.array_equal(rest, wanted[-len(rest) :])
    for one, other in zip(here.params["rls"], again.params["rls"], strict=True):
        assert np.array_equal(one, other)


def test_replicas_lost_for_good_name_learners_and_series(spread):
    xs = [RNG.standard_normal((9000, 2)) for _ in range(3)]  # each a group of its own
    model = ng.Model(Input() >> Reservoir(units=6) >> Ridge(), engine=spread(1, range(2, 99)))
    words = r"lost 4 times while ridge learned from series \d: the worker is dead; if memory"
    with pytest.raises(EngineError, match=words):
        model.fit(xs, xs)


def test_those_that_live_keep_their_workers_and_go_back_to_their_own_snapshot(split):
    engine = split(0, 7, {40}, window=3, chunks=2)
    engine.groups = lambda plan: [(name,) for block in plan.blocks for name in block.names]
    started, loaded, start = [], [], engine.pool.start

    def noted(groups):
        workers = start(groups)
        started.extend(worker.title for worker in workers)
        for worker in workers:
            worker.worker.load = noting(worker.title, worker.worker.load)
        return workers

    def noting(title, load):
        def do(loading):
            loaded.append(title)
            load(loading)

        return do

    engine.pool.start = noted
    here = ng.Model(online(), seed=1)
    wanted = here.partial_fit(X, X)
    there = ng.Model(online(), seed=1, engine=engine)
    assert np.array_equal(there.partial_fit(X, X), wanted)
    assert engine.pool.died == 1
    assert len(started) == 4 and len(loaded) == 4  # three nodes, one of them twice


class Fuse(ng.Node):
    """Hands on what comes, and blows at a large number.

    Parameters
    ----------
    limit : float
    """

    limit: float = 1.0
    traced: ClassVar[bool] = False

    def step(self, params, state, x):
        if abs(x).max() > self.limit:
            raise ValueError(f"{abs(x).max():g} is too large")
        return state, x


def notes(graph, x, engine, kind, call="run"):
    model = ng.Model(graph, seed=1, engine=engine)
    with pytest.raises(kind) as caught:
        if call == "run":
            model.run(x)
        else:
            model.fit([x, x, x], [x, x, x])
    return str(caught.value), caught.value.__notes__


def local(rows):
    return choose("local")._replace(rows=lambda plan, sizes: rows)


def loop():
    fuse, res = Fuse(), Reservoir(units=2)
    return (Input() >> fuse >> res) & (fuse << res)


@pytest.mark.parametrize("graph", [lambda: Input() >> Fuse() >> Reservoir(units=3), loop])
def test_what_a_node_raises_names_node_chunk_and_steps_as_here(split, graph):
    x = np.zeros((50, 1))
    x[31] = 3.0
    here = notes(graph(), x, local(7), ValueError)
    assert here == ("3 is too large", ["in node 'fuse', chunk 4: steps 28 to 34"])
    there = notes(graph(), x, split(3, 7), ValueError)
    if graph is loop:  # it was cut, and went through step by step
        here = here[0], ["in node 'fuse', chunk 31: steps 31 to 31"]
    assert there == here


def test_what_diverges_names_the_chunk_as_here(split):
    wild = Input() >> Reservoir(units=5, activation="identity", spectral_radius=9)
    here = notes(wild, np.ones((2000, 1)), local(50), DivergenceError)
    assert notes(wild, np.ones((2000, 1)), split(1, 50), DivergenceError) == here
    assert "reservoir: output is no longer finite at step 3" in here[0]
    assert here[1] == ["in node 'reservoir', chunk 0: steps 0 to 49"]


def test_what_a_node_raises_in_a_list_names_the_series_as_here(split, spread):
    graph = Input() >> Fuse() >> Ridge()
    xs = np.zeros((60, 1))
    xs[7] = 5.0
    found = [notes(graph, xs, e, ValueError, "fit") for e in ("local", spread(2), split(0, 9))]
    assert found[0] == found[1]
    assert found[0][1] == ["in node 'fuse'", "while ridge learned from series 0 to 2"]
    assert found[2][1][-1] == found[0][1][-1]
