import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import DivergenceError, EngineError
from nodegraph.testing import check_engine
from nodegraph.testing.comparing import same_trees
from nodes import ESN, LMS, NVAR, RLS, Input, Reservoir, Ridge, Scaler
from nodes.rules import BCM, AntiHebb, Hebb, IntrinsicPlasticity, Oja

SEEDS = st.integers(0, 10**9)


def feedback():
    res, out = Reservoir(units=9), Ridge()
    return (Input() >> res >> out) & (res << out)


def long_loops():
    a, b, c = Reservoir(units=4, name="a"), Reservoir(units=3, name="b"), Reservoir(units=5)
    ring = (Input() >> a >> delay(3) >> b >> delay(9) >> c >> Ridge()) & (c >> delay(4) >> a)
    return ring & (b >> delay(2) >> b)


def plastic(rule):
    return Input() >> Reservoir(units=6, rule=rule, noise=0.01) >> Ridge()


def clocked(wired=False):
    u, pool = Input(), Reservoir(units=6)
    out = Ridge(every=3, phase=1)
    graph = (u >> pool >> out) & (out >> delay(2) >> pool["feedback"])
    return graph & (u >> delay(2) >> out["target"]) if wired else graph


GRAPHS = {
    "chain": lambda: Input() >> Scaler() >> Reservoir(units=8, noise=0.01) >> Ridge(),
    "feedback": feedback,
    "long loops": long_loops,
    "ensemble": lambda: Input() >> [ESN(units=5), ESN(units=6), ESN(units=7)],
    "deep": lambda: Input() >> Reservoir(units=5) >> Ridge() >> Reservoir(units=4) >> Ridge(),
    "shared": lambda: Input() >> Reservoir(units=7) >> [Ridge(ridge=1e-3), Ridge(ridge=1e-3)],
    "nvar": lambda: Input() >> NVAR(delay=3, order=2) >> Ridge(),
    "clocks": lambda: Input() >> Reservoir(units=5, every=3, phase=1) >> Ridge(every=2),
    "a clock that is fed back": lambda: clocked(),
    "plastic": lambda: plastic(IntrinsicPlasticity(epochs=2)),
    "oja": lambda: plastic(Oja()),
    "hebb": lambda: plastic(Hebb()),
    "antihebb": lambda: plastic(AntiHebb()),
    "bcm": lambda: plastic(BCM()),
}


def data(n=2, steps=90):
    rng = np.random.default_rng(0)
    return [(rng.standard_normal((steps + i, 2)), rng.standard_normal((steps + i, 2)))
            for i in range(n)]  # fmt: skip


def same_models(one, other):
    assert one.time == other.time
    for name in one.plan.nodes:
        mine, theirs = one._settle().slots[name], other._settle().slots[name]
        for part in ("params", "state", "past", "taught"):
            same_trees(getattr(mine, part), getattr(theirs, part), f"{name}.{part}")
        drawn = [slot.noise and slot.noise.bit_generator.state for slot in (mine, theirs)]
        assert drawn[0] == drawn[1]
        assert mine.fitted == theirs.fitted


@settings(max_examples=15)
@given(
    seed=SEEDS,
    chunk=st.sampled_from([1, 7, 64]),
    window=st.integers(1, 5),
    together=st.integers(1, 4),
)
def test_any_graph_in_any_parts_runs_and_learns_as_the_naive_interpreter_does(
    split, seed, chunk, window, together
):
    check_engine(split(seed, chunk, window=window, together=together), seed=seed)


@settings(max_examples=20)
@given(
    seed=SEEDS,
    deaths=st.sets(st.integers(1, 300), max_size=6),
    after=st.booleans(),
    chunks=st.integers(1, 6),
)
def test_deaths_before_or_after_an_update_leave_no_trace(split, seed, deaths, after, chunks):
    engine = split(seed, 4, deaths, after, window=3, chunks=chunks, restarts=7)
    check_engine(engine, seed=seed)


@pytest.mark.parametrize("word", GRAPHS)
@pytest.mark.parametrize(("deaths", "together"), [((), 1), ((3, 9, 40, 77), 1), ((3, 9, 16), 3)])
def test_fit_run_and_generate_leave_the_bits_of_local(split, same_files, word, deaths, together):
    (x, y), (more, _) = data()
    engine = split(3, 11, deaths, window=3, chunks=2, together=together)
    models = []
    for one in ("local", engine):
        model = ng.Model(GRAPHS[word](), seed=4, engine=one)
        target = {n: y for n, rule in model.plan.rules.items() if rule.supervised}
        model.fit(x, target, warmup=5)
        out = model.run(more)
        if len(model.plan.outputs) == 1:
            closed = {model.plan.inputs[0]: model.plan.outputs[0]}
            model.generate(20, prompt=more[:30], loop=closed)
        if len(model.report) == 1:
            model.update(*data()[1])
        models.append((model, out))
    (here, wanted), (there, found) = models
    same_models(here, there)
    ends = here.plan.outputs if len(here.plan.outputs) > 1 else ()
    for name in ends:
        assert np.array_equal(wanted[name], found[name])
    assert ends or np.array_equal(wanted, found)
    assert engine.pool.died == len(deaths)
    assert same_files(here, there)


@pytest.mark.parametrize("readout", [RLS(), LMS()])
def test_online_readouts_learn_the_same_bits(split, readout):
    (x, y), (more, wish) = data()
    models = []
    for one in ("local", split(5, 9, (8, 30, 31), True, chunks=3)):
        model = ng.Model(Input() >> Reservoir(units=8) >> readout, seed=4, engine=one)
        first = model.partial_fit(x, y, warmup=3)
        models.append((model, first, model.partial_fit([x, more], [y, wish])))
    (here, wanted, parts), (there, found, others) = models
    same_models(here, there)
    assert np.array_equal(wanted, found)
    assert all(np.array_equal(a, b) for a, b in zip(parts, others, strict=True))


def test_lists_and_streams_go_through_as_well(split):
    series = data(4, 40)
    xs, ys = [x for x, _ in series], [y for _, y in series]
    models = []
    for one in ("local", split(6, 13)):
        model = ng.Model(GRAPHS["chain"](), seed=4, engine=one)
        listed = model.fit(xs, ys, warmup=3).run(xs)
        streamed = model.run(part for part in xs)
        models.append((model, listed, streamed))
    (here, wanted, stream), (there, found, other) = models
    same_models(here, there)
    assert np.array_equal(stream, other)
    assert all(np.array_equal(a, b) for a, b in zip(wanted, found, strict=True))


class Doubled(Input):
    """Data from outside, twice as large."""

    def step(self, params, state, x):
        return state, 2 * x


@pytest.mark.parametrize("columns", [2, 2000])
@pytest.mark.parametrize(
    ("kind", "groups", "waits"),
    [
        (Input, [["u", "a"], ["b"]], False),
        (Doubled, [["u", "a"], ["b"]], True),
        (Input, [["u"], ["a"], ["b"]], True),  # it has nothing else to do
    ],
)
def test_nobody_waits_for_data_of_a_worker_with_other_work(split, kind, groups, waits, columns):
    x = np.random.default_rng(0).standard_normal((30, columns))
    graph = kind(name="u") >> [Reservoir(units=5, name="a"), Reservoir(units=6, name="b")]
    wanted, engine = ng.Model(graph, seed=4).run(x), split(0, 10)
    engine.groups = lambda plan: groups
    made, mortal = [], engine.pool.mortal

    def seen(worker, call):
        def do(method, *args, returns=1):
            refs = mortal(worker, call)(method, *args, returns=returns)
            if method == "run" and worker.title.startswith("u"):
                made.extend(refs)
            elif method == "run":
                assert any(arg in made for arg in args[3:] if type(arg) is type(refs[0])) == waits
            return refs

        return do

    engine.pool.mortal = seen
    found = ng.Model(graph, seed=4, engine=engine).run(x)
    assert made and all(np.array_equal(wanted[name], found[name]) for name in ("a", "b"))


def test_who_dies_again_and_again_at_one_chunk_ends_in_one_sentence(split):
    x = np.zeros((60, 1))
    engine = split(1, 5, range(20, 1000), window=2, chunks=2, restarts=2)
    model = ng.Model(Input() >> Reservoir(units=5), engine=engine)
    with pytest.raises(EngineError, match=r"lost 3 times without progress: .* at chunk \d+: steps"):
        model.run(x)


def test_what_a_node_raises_is_raised_here(split):
    model = ng.Model(Input() >> Reservoir(units=5, activation="identity", spectral_radius=9),
                     engine=split(1, 50))  # fmt: skip
    with pytest.raises(DivergenceError, match="reservoir: output is no longer finite"):
        model.run(np.ones((2000, 1)))
    assert model.time == 0


def test_a_worker_refuses_what_comes_out_of_turn(split):
    from nodegraph.data.series import Chunk
    from nodegraph.engines.ray.parcels import parcels
    from nodegraph.engines.ray.partition import cut
    from nodegraph.engines.ray.pool import InProcess
    from nodegraph.engines.ray.worker import Loading
    from nodegraph.engines.request import Request

    model = ng.Model(Input() >> Reservoir(units=5), seed=1)
    model.run(np.zeros((1, 1)))
    slots, plan = model._settle().slots, model.plan
    (part,) = cut(plan, [tuple(plan.nodes)], ("reservoir",), ())
    pool = InProcess()
    (worker,) = pool.start([part.names])
    pool.take(worker.call("load", Loading(part, slots, Request(), "exact", 2, 5)))
    (parcel,) = parcels([Chunk(1, {"input": np.ones((1, 1))}, {})], 1)
    for attempt, seq in ((1, 5), (2, 4), (2, 6)):
        with pytest.raises(EngineError, match=f"called for chunk {seq} of attempt {attempt}"):
            pool.take(worker.call("run", attempt, seq, parcel, returns=3))
    ys, _, stands = pool.take(worker.call("run", 2, 5, parcel, returns=3))
    assert ys.any() and np.array_equal(stands.slots["reservoir"]["state"].x, ys[-1])
    with pytest.raises(EngineError, match="chunk 5 of attempt 2"):
        pool.take(worker.call("run", 2, 5, parcel, returns=3))


def test_outputs_of_a_stream_are_no_memory_of_a_worker(split):
    """A stream of unknown length keeps what came: Ray's store could not, for long."""
    x = np.random.default_rng(0).standard_normal((60, 2))
    graph = Input() >> Reservoir(units=5)
    engine, seen, alive = split(0, 10), [], []
    execute = engine.execute

    def watched(*args):
        for outputs in execute(*args):
            seen.extend(weakref.ref(rows) for rows in outputs.values())
            alive.append(sum(one() is not None for one in seen))
            yield outputs

    engine.execute = watched
    found = ng.Model(graph, seed=1, engine=engine).run(x[i : i + 10] for i in range(0, 60, 10))
    np.testing.assert_array_equal(found, ng.Model(graph, seed=1).run(x))
    assert len(alive) == 6 and max(alive) <= 2


@pytest.mark.parametrize("seed", range(4))
def test_a_wired_teacher_that_is_held_crosses_parts(split, seed):
    x = data(1)[0][0]
    one = ng.Model(clocked(wired=True), seed=1).fit(x)
    other = ng.Model(clocked(wired=True), seed=1, engine=split(seed)).fit(x)
    same_models(one, other)
    assert np.array_equal(one.run(x), other.run(x))
