import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines.ray.stats import Stats
from nodes import RLS, Identity, Input, Reservoir

X = np.arange(1.0, 401)[:, None]


def slow(engine, seed=0, share=0.5):
    """Let what workers gave be there only now and then."""
    rng = np.random.default_rng(seed)
    engine.pool.ready = lambda ref: rng.random() < share
    return engine


def by_node(engine):
    engine.groups = lambda plan: [(name,) for block in plan.blocks for name in block.names]
    return engine


def chain():
    return Input() >> Identity() >> Identity()


def test_when_all_is_there_in_time_it_is_lockstep(split):
    engine = by_node(split(0, 7, stale=3))
    assert np.array_equal(ng.Model(chain(), engine=engine).run(X), X)


@pytest.mark.parametrize("stale", [0, 1, 4])
def test_values_are_at_most_as_old_as_that(split, stale):
    engine = slow(by_node(split(0, 1, stale=stale)))
    ys = ng.Model(chain(), engine=engine).run(X)
    age = X - ys
    assert age.min() >= 0
    assert age.max() <= 2 * stale  # there are two edges
    assert stale == 0 or age.max() > 0


def test_staleness_is_reported(split):
    engine = slow(by_node(split(0, 1, stale=3)), share=0.3)
    engine.watch = Stats()
    ng.Model(chain(), engine=engine).run(X)
    assert set(engine.watch.stale) == {0, 1, 2, 3}
    assert sum(engine.watch.stale.values()) <= 2 * len(X)


def test_a_loop_runs_on_what_it_has(split):
    a, b = Reservoir(units=5, name="a"), Reservoir(units=5, name="b")
    graph = (Input() >> a >> b) & (b >> ng.delay(1) >> a)
    engine = slow(by_node(split(0, 10, stale=2)))
    ys = ng.Model(graph, engine=engine).run(np.sin(X))
    assert ys.shape == (400, 5)
    assert np.abs(ys).max() <= 1
    assert ys.std() > 0.01


def test_online_learning_goes_on_with_stale_inputs(split):
    u = np.sin(np.arange(2000) / 40)[:, None]
    engine = slow(by_node(split(0, 1, stale=1)), share=0.8)
    model = ng.Model(Input() >> Reservoir(units=30) >> RLS(), seed=1, engine=engine)
    ys = model.partial_fit(u[:-1], u[1:])
    error = np.sqrt(np.mean((ys - u[1:])[-500:] ** 2)) / u.std()
    assert error < 0.2
