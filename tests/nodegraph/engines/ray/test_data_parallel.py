import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines.ray.pool import NoRoom
from nodegraph.errors import DivergenceError, EngineError
from nodegraph.testing.comparing import same_trees
from nodes import Input, Reservoir, Ridge, Scaler, TaughtLayer

RNG = np.random.default_rng(0)
XS = [RNG.standard_normal((int(n), 3)) for n in RNG.integers(100, 900, 40)]
YS = [np.cumsum(x, axis=0) for x in XS]


def model(engine):
    res = Reservoir(units=30, noise=0.01)
    return ng.Model(Input() >> Scaler() >> res >> [Ridge(), Ridge()], seed=2, engine=engine)


def fitted(engine, **options):
    one = model(engine)
    target = {name: YS for name, rule in one.plan.rules.items() if rule.supervised}
    return one.fit(XS, target, warmup=10, **options)


HERE = fitted("local")


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("deaths", [(), (2, 5, 6, 11)])
def test_any_number_of_replicas_learns_and_gives_the_bits_of_one_thread(
    spread, same_files, count, deaths
):
    engine = spread(count, deaths)
    there = fitted(engine)
    assert same_files(HERE, there)
    wanted, found = HERE.run(XS), there.run(XS, noise=False)
    for name, parts in wanted.items():
        assert all(np.array_equal(a, b) for a, b in zip(parts, found[name], strict=True))
    assert engine.pool.died == len(deaths)


def test_the_states_stay_where_they_are(spread):
    engine = spread(2)
    seen = []
    take = engine.pool.take
    engine.pool.take = lambda refs: seen.append(take(refs)) or seen[-1]
    fitted(engine)
    sizes = [np.size(part) for (found,) in filter(None, seen) if found for held in found[0].values()
             for part in _arrays(held)]  # fmt: skip
    assert max(sizes) <= 256 * 30  # rows that wait for their block of 256, and 30 x 30 sums


def _arrays(tree):
    if isinstance(tree, tuple):
        return [array for part in tree for array in _arrays(part)]
    return [tree] if isinstance(tree, np.ndarray) else []


def test_threads_do_what_replicas_do():
    there = fitted("local", workers=3)
    same_trees(HERE.params["ridge"], there.params["ridge"], "ridge")


def test_a_group_at_which_all_die_is_named(spread):
    with pytest.raises(
        EngineError, match=r"lost 4 times while ridge.* learned from series \d+ to \d+"
    ):
        fitted(spread(2, range(4, 1000)))


@pytest.mark.parametrize("method", ["start", "prepare", "do"])
def test_one_that_is_dead_before_it_begins_is_replaced_as_well(spread, lost, method):
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
    same_trees(HERE.params["ridge"], fitted(engine).params["ridge"], "ridge")
    assert next(deaths, None) is None


def test_what_goes_wrong_there_is_raised_here(spread):
    wild = Input() >> Reservoir(units=5, activation="identity", spectral_radius=9) >> Ridge()
    with pytest.raises(DivergenceError, match="reservoir"):
        ng.Model(wild, engine=spread(2)).fit(XS, YS)


def test_where_there_is_no_room_for_another_the_others_do_its_work(spread, caplog):
    engine = spread(2, (4,))
    start = engine.pool.start

    def only_at_first(groups):
        if engine.pool.died:
            raise NoRoom("no room for its worker")
        return start(groups)

    engine.pool.start = only_at_first
    same_trees(HERE.params["ridge"], fitted(engine).params["ridge"], "ridge")
    assert engine.pool.died == 1
    assert "no room is left for another worker: it goes on with 1" in caplog.text


def test_each_pass_of_a_taught_layer_is_merged_from_replicas(spread, same_files):
    graph = Input() >> Scaler() >> TaughtLayer(units=5, rounds=1)
    here, there = (
        ng.Model(graph, seed=2, engine=engine).fit(XS, YS) for engine in ("local", spread(2, (5,)))
    )
    assert same_files(here, there)
