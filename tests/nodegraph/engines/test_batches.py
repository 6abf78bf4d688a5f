import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import nodegraph as ng
from nodegraph.data.series import Series
from nodegraph.engines import choose, local
from nodegraph.engines.batches import group_rows, groups
from nodegraph.engines.side_by_side import execute_many
from nodes import RLS, Input, Reservoir, Ridge, Scaler, Tanh
from nodes.rules import IntrinsicPlasticity


class OneByOne:
    """An engine that knows one series at a time."""

    execute = staticmethod(local.execute)


def made(lengths):
    return [Series({}, {}, n) for n in lengths]


@settings(max_examples=50)
@given(st.lists(st.integers(1, 50), max_size=60), st.integers(1, 80))
def test_groups_are_neighbours_of_few_rows_and_nobody_is_lost(lengths, rows):
    found = list(groups(made(lengths), rows))
    assert [i for group in found for i, _ in group] == list(range(len(lengths)))
    for group in found:
        assert len(group) == 1 or sum(one.n_steps for _, one in group) <= rows


@pytest.mark.parametrize("widest", [100, 1000, 10_000])
def test_groups_of_wide_nodes_hold_enough_series_to_fill_the_lanes(widest):
    found = list(groups(made([250] * 200), group_rows(widest)))
    assert min(map(len, found[:-1])) >= 16


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sparse_weights_of_many_inputs_have_the_bits_of_one_series_in_lanes(dtype):
    pool = Reservoir(name="pool", units=40, input_connectivity=0.05, connectivity=0.2)
    model = ng.Model(Input() >> pool, seed=3, dtype=dtype)
    series = list(np.random.default_rng(0).normal(size=(20, 30, 150)))
    together = model.run(series)
    for x, y in zip(series[::5], together[::5], strict=True):
        np.testing.assert_array_equal(model.run([x])[0], y)


def after(W, W_in, bias, series):
    """Return all states of linear units, whose sums are added entry by entry, in numpy."""
    lengths, x, found = np.diff(W.indptr), np.zeros(W.shape[1], W.dtype), []
    for u in series:
        total = np.zeros(W.shape[0], W.dtype)
        for k in range(lengths.max()):
            at = W.indptr[:-1][lengths > k] + k
            total[lengths > k] += W.data[at] * x[W.indices[at]]
        x = total + (W_in @ u).astype(W.dtype) + bias
        found.append(x)
    return np.array(found)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("alike", [True, False])
def test_a_vector_beyond_the_first_cache_has_the_same_sums_on_all_ways(alike, dtype):
    """Slices are cut into parts there: a state is 28 kB in float32."""
    rng, n, lengths = np.random.default_rng(1), 7000, np.full(7000, 20)
    if not alike:
        lengths = rng.binomial(20, 0.8, n) * (rng.random(n) < 0.9)
    columns = np.concatenate([np.sort(rng.permutation(n)[:k]) for k in lengths])
    W = sparse.csr_array((rng.normal(size=len(columns)) / 5, columns, [0, *np.cumsum(lengths)]))
    pool = Reservoir(name="pool", W=W, activation="identity", bias_scaling=0.1)
    series = list(rng.normal(size=(17, 4, 1)).astype(dtype))
    model = ng.Model(Input() >> pool, dtype=dtype)
    together, params = model.run(series), model.params["pool"]
    for x, y in zip(series[::8], together[::8], strict=True):
        expected = after(params.W, params.W_in, params.bias, x)
        np.testing.assert_array_equal(y, expected)
        np.testing.assert_array_equal(model.reset().run(x), expected)
        model.reset()
        np.testing.assert_array_equal([model.step(row) for row in x], expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("count", [6, 16, 33])
def test_weights_that_are_cut_in_lanes_alone_have_the_bits_of_one_series(count, dtype):
    """State vectors of 500 units are 64 kB side by side, and 4 kB alone."""
    units = 500 if dtype == "float64" else 900
    pool = Reservoir(name="pool", units=units, leak_rate=0.5)
    echo, rng = Tanh(name="echo"), np.random.default_rng(count)
    series = [rng.normal(size=(int(n), 2)) for n in rng.integers(1, 40, count)]
    for graph in (Input() >> pool, (Input() >> pool >> echo) & (pool << echo)):
        model = ng.Model(graph, dtype=dtype)
        together = model.run(series)
        for x, y in zip(series, together, strict=True):
            np.testing.assert_array_equal(model.run([x])[0], y)


def graphs():
    pool, out = Reservoir(name="pool", units=30, leak_rate=0.5, noise=0.01), Ridge(name="out")
    yield Input() >> pool >> out
    yield (Input() >> pool >> out) & (pool << out)
    yield Input() >> pool >> Tanh() >> Reservoir(name="two", units=20, connectivity=1) >> out
    yield [Input(), Reservoir(name="slow", units=10, every=3, start="random")] >> pool >> out


def random_series(seed, n):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(int(t), 2)) for t in rng.integers(1, 60, n)]


@pytest.mark.filterwarnings("ignore:warmup=3 leaves nothing")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize("n", [2, 7, 50])
def test_series_side_by_side_give_the_bits_of_one_after_the_other(which, n, dtype):
    xs = random_series(n, n)
    ys = [np.roll(x[:, :1], 1, axis=0) for x in xs]
    models = []
    for engine in ("local", OneByOne()):
        model = ng.Model(list(graphs())[which], dtype=dtype, engine=engine)
        models.append(model.fit(xs, ys, warmup=3))
    one, other = models
    np.testing.assert_array_equal(one.params["out"].W_out, other.params["out"].W_out)
    for a, b in zip(one.run(xs), other.run(xs), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(one.run(xs, noise=True), other.run(xs, noise=True, workers=2), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one.run(xs)[-1], one.reset().run(xs[-1]))


def test_online_learners_see_one_series_after_the_other():
    xs = random_series(0, 9)
    ys = [x[:, :1] for x in xs]
    results = [
        ng.Model(Input() >> Reservoir(units=9) >> RLS(), engine=engine).partial_fit(xs, ys)
        for engine in ("local", OneByOne())
    ]
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_engine_may_say_that_it_can_do_many():
    assert choose("local").execute_many is execute_many
    assert choose(OneByOne()).execute_many is None
    assert choose(choose("local")) == choose("local")


def _fed_back(rule=None):
    reservoir, readout = Reservoir(units=8, rule=rule, name="r"), Ridge(name="out")
    return (Input() >> Scaler() >> reservoir >> readout) & (reservoir << readout)


@pytest.mark.parametrize(
    "graph",
    [
        lambda: Input() >> Scaler() >> Reservoir(units=8) >> Ridge(name="out"),
        lambda: Input() >> Ridge(name="a", units=2) >> Reservoir(units=8) >> Ridge(name="out"),
        lambda: Input() >> Scaler() >> Reservoir(units=8) >> RLS(name="out"),
        _fed_back,
        lambda: _fed_back(IntrinsicPlasticity()),
    ],
    ids=["scaler", "readouts in depth", "online", "feedback", "plastic feedback"],
)
def test_learners_in_depth_learn_from_a_list_as_from_its_series_one_by_one(graph):
    rng = np.random.default_rng(2)
    xs = [rng.normal(size=(n, 2)) for n in (40, 55, 30)]
    ys = [np.roll(x, 1, axis=0) for x in xs]
    abreast, plain = ng.Model(graph(), seed=3), ng.Model(graph(), seed=3)
    abreast.fit(xs, ys, warmup=5)
    plain.fit(xs, ys, warmup=5, engine=OneByOne())
    for one, other in zip(abreast.run(xs), plain.run(xs), strict=True):
        np.testing.assert_array_equal(one, other)
