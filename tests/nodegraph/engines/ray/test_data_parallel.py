import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines.ray.pool import NoRoom
from nodegraph.errors import DivergenceError, EngineError
from nodegraph.testing.comparing import same_trees
from nodes import Input, Reservoir, Ridge, Scaler, TaughtLayer
from nodes.rules import Hebb

pytestmark = pytest.mark.usefixtures("small_leaves")
RNG = np.random.default_rng(0)
XS = [RNG.standard_normal((int(n), 3)) for n in RNG.integers(20, 60, 40)]
YS = [np.cumsum(x, axis=0) for x in XS]


def model(engine):
    res = Reservoir(units=30, noise=0.01)
    return ng.Model(Input() >> Scaler() >> res >> [Ridge(), Ridge()], seed=2, engine=engine)


def fitted(engine, **options):
    one = model(engine)
    target = {name: YS for name, rule in one.plan.rules.items() if rule.supervised}
    return one.fit(XS, target, warmup=10, **options)


@pytest.fixture(scope="module")
def here(small_leaves):
    return fitted("local")


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("deaths", [(), (2, 5, 6, 11)])
def test_any_number_of_replicas_learns_and_gives_the_bits_of_one_thread(
    spread, here, same_files, count, deaths
):
    engine = spread(count, deaths)
    there = fitted(engine)
    assert same_files(here, there)
    wanted, found = here.run(XS), there.run(XS, noise=False)
    for name, parts in wanted.items():
        assert all(np.array_equal(a, b) for a, b in zip(parts, found[name], strict=True))
    assert engine.pool.died == len(deaths)


def test_threads_do_what_replicas_do(here):
    there = fitted("local", workers=3)
    same_trees(here.params["ridge"], there.params["ridge"], "ridge")


def test_a_group_at_which_all_die_is_named(spread, here):
    with pytest.raises(EngineError, match=r"lost 4 times while running series \d+"):
        here.run(XS, engine=spread(2, range(2, 1000)))


@pytest.mark.parametrize("method", ["start", "prepare", "gather"])
def test_one_that_is_dead_before_it_begins_is_replaced_as_well(spread, here, lost, method):
    dead = [True, True] if method == "start" else [False, True, True, False, True]
    engine, deaths = spread(2), iter(dead)
    start = engine.pool.start

    def die_now():
        if next(deaths, False):
            raise lost("it was dead already")

    def started(groups):
        if method == "start":
            die_now()
        workers = start(groups)
        for worker in workers:
            worker.call = fragile(worker.call)
        return workers

    def fragile(call):
        def do(name, *args, **options):
            if name == method:
                die_now()
            return call(name, *args, **options)

        return do

    engine.pool.start = started
    same_trees(here.params["ridge"], fitted(engine).params["ridge"], "ridge")
    assert next(deaths, None) is None


def test_what_goes_wrong_there_is_raised_here(spread):
    wild = Input() >> Reservoir(units=5, activation="identity", spectral_radius=9) >> Ridge()
    with pytest.raises(DivergenceError, match="reservoir"):
        ng.Model(wild, engine=spread(2)).fit(XS, YS)


def test_where_there_is_no_room_for_another_the_others_do_its_work(spread, here, caplog):
    engine = spread(2, (4,))
    start = engine.pool.start

    def only_at_first(groups):
        if engine.pool.died and len(groups) == 1:
            raise NoRoom("no room for its worker")
        return start(groups)

    engine.pool.start = only_at_first
    same_trees(here.params["ridge"], fitted(engine).params["ridge"], "ridge")
    assert engine.pool.died == 1
    assert "no room is left for another worker: it goes on with 1" in caplog.text


def test_each_pass_of_a_taught_layer_is_merged_from_replicas(spread, same_files):
    graph = Input() >> Scaler() >> TaughtLayer(units=5, rounds=1)
    here, there = (
        ng.Model(graph, seed=2, engine=engine).fit(XS, YS) for engine in ("local", spread(2, (5,)))
    )
    assert same_files(here, there)


def test_a_head_that_learned_before_is_taught_no_more_where_another_node_learns(spread):
    branches = [
        TaughtLayer(units=5, rounds=1),
        Scaler() >> Reservoir(units=5, name="r", rule=Hebb()),
    ]
    here, there = (
        ng.Model(Input() >> branches, seed=2, engine=engine).fit(XS[:6], YS[:6])
        for engine in ("local", spread(2))
    )
    same_trees(here.params["r"], there.params["r"], "the reservoir beside it")
