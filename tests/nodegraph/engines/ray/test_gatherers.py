"""Sums that workers hold, move and merge: the bits of one thread, whoever dies."""

from contextlib import suppress
from functools import partial

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.engines import checkpointer
from nodegraph.engines.ray.leaf_queue import LeafQueue
from nodegraph.errors import EngineError
from nodegraph.model import checkpoints
from nodegraph.testing.comparing import same_trees
from nodes import Input, Reservoir, Ridge, Scaler

RNG = np.random.default_rng(0)
XS = [RNG.standard_normal((int(n), 3)) for n in RNG.integers(20, 60, 40)]
YS = [np.cumsum(x, axis=0) for x in XS]


pytestmark = pytest.mark.usefixtures("small_leaves")


def fitted(engine, **options):
    graph = Input() >> Scaler() >> Reservoir(units=9, noise=0.01) >> [Ridge(), Ridge(ridge=1e-3)]
    model = ng.Model(graph, seed=2, engine=engine)
    target = {name: YS for name, rule in model.plan.rules.items() if rule.supervised}
    return model.fit(XS, target, warmup=5, **options)


@pytest.fixture(scope="module")
def here(small_leaves):
    return fitted("local")


def same(one, other):
    assert one.report == other.report
    for name, mine in one.params.items():
        same_trees(mine, other.params[name], name)


class Dies:
    """A progress that ends the process, so to say, after so many calls."""

    def __init__(self, calls):
        self.left = calls

    def start(self, total, what):
        """Begin."""

    def advance(self, n_steps):
        self.left -= 1
        if self.left < 0:
            raise OSError("killed")

    def stop(self):
        """End."""


@pytest.mark.parametrize("count", [1, 2, 5, 40])
@pytest.mark.parametrize("deaths", [(), (9, 30, 31, 50), (44, 55, 66)])
def test_any_number_of_workers_gathers_the_bits_of_one_thread(spread, here, count, deaths):
    engine = spread(count, deaths)
    same(here, fitted(engine))
    assert engine.pool.died == len(deaths)


@settings(max_examples=10, phases=[Phase.generate])
@given(count=st.integers(1, 6), deaths=st.sets(st.integers(3, 200), max_size=3),
       after=st.booleans(), checkpoint=st.booleans())  # fmt: skip
def test_whenever_workers_die_the_bits_are_the_same(
    spread, here, tmp_path_factory, count, deaths, after, checkpoint
):
    engine = spread(count, deaths)
    engine.pool.after = after
    kept = {"checkpoint": tmp_path_factory.mktemp("kept") / "c.safetensors"} if checkpoint else {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoints, "EVERY", 0.0)
        same(here, fitted(engine, **kept))


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_what_one_engine_kept_any_other_one_goes_on_with(
    spread, here, tmp_path, monkeypatch, shared, seed
):
    rng = np.random.default_rng(seed)
    learn = partial(fitted, checkpoint=tmp_path / "c.safetensors", resume=True)
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    monkeypatch.setattr(checkpointer, "SHARE", 0)

    def engine():
        """Return the local one, or one of some workers, two of whom die."""
        if (count := rng.integers(4)) == 0:
            return "local"
        one = spread(count, rng.integers(3, 100, 2))
        blind(one.pool, shared)
        return one

    for calls in rng.integers(1, 60, 3):
        with suppress(OSError):
            learn(engine(), progress=Dies(calls))
    same(here, learn(engine()))


def blind(pool, shared):
    """Let workers see no file of the driver's, unless they are to."""
    start = pool.start

    def started(groups):
        workers = start(groups)
        for worker in workers:
            worker.worker.sees = lambda path, word: shared and path.read_text() == word
        return workers

    pool.start = started


@pytest.mark.parametrize("shared", [True, False])
def test_what_is_kept_is_written_by_workers_where_they_can(
    spread, tmp_path, monkeypatch, caplog, shared
):
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    monkeypatch.setattr(checkpointer, "SHARE", 0)
    path, engine = tmp_path / "c.safetensors", spread(2)
    blind(engine.pool, shared)
    with suppress(OSError):
        fitted(engine, checkpoint=path, progress=Dies(50))
    files = list((tmp_path / "c.sums").glob("*.safetensors"))
    assert path.exists() and bool(files) == shared
    assert len(files) <= 12  # those of merged sums are gone
    assert caplog.text.count("not one folder for all machines") == (not shared) * 2  # passes


def test_sums_stay_where_they_are_and_one_answer_comes_back(spread):
    engine = spread(3)
    taken, take = [], engine.pool.take
    engine.pool.take = lambda refs: taken.extend(found := take(refs)) or found
    fitted(engine)
    parts = [part for part in taken if part is not None]
    assert len(parts) == 1 + 1 + 2 + 1  # of each stage: memories, and rows to judge nodes by


def test_what_was_kept_is_not_gathered_again_when_its_worker_dies(spread, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    monkeypatch.setattr(checkpointer, "SHARE", 0)
    counts = []
    for deaths, kept in (((), {}), ((120,), {"checkpoint": tmp_path / "c.safetensors"}),
                         ((120,), {})):  # fmt: skip
        engine, calls = spread(3, deaths), []
        count_calls(engine.pool, calls)
        fitted(engine, **kept)
        counts.append(calls.count("gather"))
    assert sorted(set(counts)) == counts


def count_calls(pool, calls):
    start = pool.start

    def started(groups):
        workers = start(groups)
        for worker in workers:
            worker.call = noted(worker.call)
        return workers

    def noted(call):
        def do(method, *args, **options):
            calls.append(method)
            return call(method, *args, **options)

        return do

    pool.start = started


def test_twelve_readouts_with_sums_of_their_own_go_from_worker_to_worker_one_by_one(spread):
    graph = Input() >> Reservoir(units=9) >> [Ridge(ridge=10.0**-i) for i in range(12)]
    models = []
    for engine in ("local", watched := spread(4, (60,))):
        model = ng.Model(graph, seed=3, engine=engine)
        models.append(model.fit(XS, dict.fromkeys(model.plan.rules, YS)))
    same(*models)
    assert watched.pool.died == 1


def test_a_group_at_which_all_die_is_named(spread):
    with pytest.raises(EngineError, match=r"lost 4 times while .* learned from series \d+"):
        fitted(spread(2, range(10, 1000)))


@given(st.integers(0, 70), st.integers(1, 9), st.data())
def test_every_leaf_is_given_to_one_worker_once(count, workers, data):
    queue, given = LeafQueue(range(count), workers), []
    alive = list(range(workers))
    while (leaf := queue.next(data.draw(st.sampled_from(alive)))) is not None:
        given.append(leaf)
        if len(alive) > 1 and data.draw(st.booleans()):
            queue.put_back([given.pop()], [alive.pop()])
    assert sorted(given) == list(range(count))
