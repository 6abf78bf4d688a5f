"""Parts that stay with their workers: nothing of another time, model or weight is ever used."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.engines.ray import mail, worker
from nodegraph.errors import EngineError
from nodegraph.testing import check_engine
from nodegraph.testing.comparing import same_trees
from nodes import RLS, Input, Reservoir, Ridge, Scaler

SEEDS = st.integers(0, 10**9)


def data(steps=60):
    rng = np.random.default_rng(5)
    return rng.standard_normal((steps, 2)), rng.standard_normal((steps, 2))


@pytest.fixture
def engine(split, posted):
    engine = split(0, 9, pool=posted, window=3, chunks=2, together=2)
    engine.groups = lambda plan: [[name] for block in plan.blocks for name in block.names]
    return engine


@settings(max_examples=15)
@given(seed=SEEDS, deaths=st.sets(st.integers(1, 300), max_size=5), after=st.booleans())
def test_any_graph_learns_as_it_does_here_though_workers_die(split, posted, seed, deaths, after):
    engine = split(seed, 4, deaths, after, posted, window=3, chunks=3, restarts=7)
    check_engine(engine, seed=seed)
    check_engine(engine, seed=seed + 1)  # what is left of the first one must not show


def chain(units=8, leak=0.5, readout=Ridge):
    return (
        Input(name="u")
        >> Scaler(name="s")
        >> Reservoir(units=units, leak_rate=leak, noise=0.01, name="r")
        >> readout(name="o")
    )


def scale(model, by):
    params = model.params["r"]
    model.params["r"] = params._replace(W_in=by * params.W_in)


def steps_of(model, other):
    """Yield what is done to a model, and what it gives: each call finds workers that know it."""
    x, y = data()
    yield model.fit(x, y, warmup=3) and None
    yield model.run(x)
    yield model.run(x)
    yield model.reset() and None
    yield model.run(x, noise=True)
    yield other.run(x)  # other weights under the same names
    yield model.run(x)
    scale(model, 2)
    yield model.run(x)
    yield model.fit(y, x) and None
    yield model.run(y)


def test_what_is_changed_between_two_calls_is_what_is_used(engine):
    def both(one):
        first, second = (ng.Model(chain(), seed=seed, engine=one) for seed in (4, 5))
        second.fit(*data(), engine="local")
        return first, list(steps_of(first, second))

    (here, wanted), (there, found) = both("local"), both(engine)
    assert len(engine.pool.workers) == 4
    for number, (mine, theirs) in enumerate(zip(wanted, found, strict=True)):
        same_trees(mine, theirs, f"call {number}")
    for name in here.plan.nodes:
        same_trees(here.params[name], there.params[name], name)
        same_trees(here.state[name], there.state[name], name)


def test_another_field_under_the_same_name_and_weights_is_another_node(engine):
    x, _ = data()
    models = {leak: ng.Model(chain(leak=leak), seed=4, engine=engine) for leak in (0.5, 0.7)}
    for leak in (0.5, 0.7, 0.5, 0.7):
        wanted = ng.Model(chain(leak=leak), seed=4)
        for model in (wanted, models[leak]):
            model.reset()
            model.fit(*data())
        np.testing.assert_array_equal(models[leak].run(x), wanted.run(x))


def test_weights_that_are_written_into_are_sent_again(engine):
    """No one should do so, but a number that was is not to be seen again."""
    x, _ = data()
    models = [ng.Model(Input() >> Reservoir(units=6, name="r"), seed=4, engine=one)
              for one in ("local", engine)]  # fmt: skip
    for model in models:
        model.run(x)
        model.reset()
        W = model._settle().slots["r"].params.W_in
        W.flags.writeable = True
        W *= 3
    fresh = ng.Model(Input() >> Reservoir(units=6, name="r"), seed=4)
    fresh.run(x)
    scale(fresh, 3)
    fresh.reset()
    np.testing.assert_array_equal(models[1].run(x), fresh.run(x))


def test_online_learning_goes_on_from_here_not_from_what_a_worker_holds(engine):
    x, y = data()
    here, there = (ng.Model(chain(readout=RLS), seed=4, engine=e) for e in ("local", engine))
    for model in (here, there):
        model.fit(x, y)
        model.partial_fit(x, y)
        model.partial_fit(x, y, engine="local")  # workers hear nothing of it
    np.testing.assert_array_equal(here.partial_fit(y, x), there.partial_fit(y, x))
    same_trees(here.params["o"], there.params["o"], "o")


def test_nodes_are_sent_once_and_those_that_changed_once_more(engine):
    model, (x, y) = ng.Model(chain(), seed=4, engine=engine), data()
    model.fit(x, y)
    model.run(x)

    def sent():
        engine.pool.letters.clear()
        model.run(x)
        return {name for _, new, _ in engine.pool.letters for name in new}

    assert sent() == set()
    scale(model, 2)
    assert sent() == {"r", "o"}  # o cannot learn more now
    assert sent() == set()


def test_heavy_parts_go_as_they_are_and_are_let_go(engine, monkeypatch):
    x, y = data()
    wanted = ng.Model(chain(), seed=4).fit(x, y).run(x)
    monkeypatch.setattr(mail, "LIGHT", 100)
    monkeypatch.setattr(worker, "LIGHT", 100)
    there = ng.Model(chain(), seed=4, engine=engine).fit(x, y)
    np.testing.assert_array_equal(there.run(x), wanted)
    names = {name for names, *_ in engine.pool.letters for name in names}
    assert "r" not in names and "u" in names
    stays = {worker.title: worker.stays for worker in engine.pool.workers}
    assert stays["u"] and not stays["r"]


def test_a_worker_that_lacks_what_it_should_hold_says_so():
    recipient = mail.Recipient()
    with pytest.raises(EngineError, match="r: its worker does not hold what it should"):
        recipient.begin(({"r": 3}, {}, None), "snapshot")
