import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.data.series import Chunk, Series, in_a_row
from nodegraph.engines import Engine, local
from nodegraph.engines.in_a_row import can_go_in_a_row
from nodegraph.engines.request import Request
from nodegraph.engines.side_by_side import execute_many
from nodegraph.engines.vitals import EACH, Sample, Vitals
from nodegraph.errors import DivergenceError
from nodes import PCA, Identity, Input, Noise, Power, Reservoir, Ridge, Scaler, Tanh

SIDE_BY_SIDE = Engine(local.execute, execute_many)


def lists(count=9, seed=0, least=1):
    rng = np.random.default_rng(seed)
    xs = [rng.normal(size=(int(n), 2)) for n in rng.integers(least, 40, count)]
    return xs, [np.roll(x[:, :1], 1, axis=0) for x in xs]


def pool(**options):
    return Reservoir(name="pool", units=20, **options)


GRAPHS = {
    "chain": lambda: Input() >> pool() >> Ridge(name="out"),
    "features": lambda: Input() >> pool() >> [Identity(), Power()] >> Ridge(name="out"),
    "two states": lambda: Input() >> pool() >> Reservoir(units=9) >> Tanh() >> Ridge(name="out"),
    "scaler": lambda: Input() >> Scaler() >> pool() >> PCA(units=5) >> Ridge(name="out"),
    "random start": lambda: Input() >> pool(start="random") >> Ridge(name="out"),
}


@pytest.mark.filterwarnings("ignore:warmup=3 leaves nothing")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("which", GRAPHS)
def test_series_in_a_row_have_the_bits_of_series_side_by_side(which, dtype):
    xs, ys = lists()
    one, other = (
        ng.Model(GRAPHS[which](), seed=1, dtype=dtype, engine=engine).fit(xs, ys, warmup=3)
        for engine in ("local", SIDE_BY_SIDE)
    )
    assert one.report == other.report
    np.testing.assert_array_equal(one.params["out"].W_out, other.params["out"].W_out)
    for a, b in zip(one.run(xs), other.run(xs), strict=True):
        np.testing.assert_array_equal(a, b)


@settings(max_examples=30)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=9), st.integers(0, 6))
def test_a_chunk_of_many_series_has_the_rows_and_lessons_of_each(lengths, warmup):
    series = [np.random.default_rng(n).normal(size=(n, 2)) for n in lengths]
    made = [Series({"u": x}, {"y": -x}, len(x), known={"k": x + 1}) for x in series]
    whole = in_a_row(made, warmup, np.dtype(float))
    assert whole.n_steps == sum(lengths) and whole.lengths == tuple(lengths)
    for rows in (whole.data["u"], -whole.targets["y"], whole.known["k"] - 1):
        for part, x in zip(whole.parts(rows), series, strict=True):
            np.testing.assert_allclose(part, x, atol=1e-15)
    learned = [np.arange(n) >= warmup for n in lengths]
    np.testing.assert_array_equal(whole.lessons(np.arange(sum(lengths))), np.concatenate(learned))


def late():
    reservoir, out = pool(), Ridge(name="out")
    return Input() >> [reservoir, reservoir >> ng.delay(2)] >> out


def fed_back():
    reservoir, out = pool(), Ridge(name="out")
    return (Input() >> reservoir >> out) & (reservoir << out)


@pytest.mark.parametrize(
    ("graph", "noise", "able"),
    [
        (GRAPHS["chain"], True, True),
        (late, True, False),
        (fed_back, True, False),
        (lambda: Input() >> Noise(std=0.1) >> pool() >> Ridge(name="out"), True, False),
        (lambda: Input() >> Noise(std=0.1) >> pool() >> Ridge(name="out"), False, True),
        (lambda: Input() >> pool(every=2) >> Ridge(name="out"), False, False),
    ],
)
def test_what_looks_or_counts_beyond_the_border_of_a_series_goes_side_by_side(graph, noise, able):
    xs, ys = lists(3, least=10)
    model = ng.Model(graph(), seed=1).fit(xs, ys)
    slots, request = model._settle().slots, Request(("out",), noise=noise)
    assert can_go_in_a_row(model.plan.for_running(["out"]), slots, request) is able


def test_a_step_that_diverges_is_counted_from_the_start_of_its_series():
    xs = [np.zeros((n, 1)) for n in (12, 30, 20, 9, 9, 9, 9)]
    xs[2][7:], xs[4][:] = 1.0, 1e9
    told = []
    for engine in ("local", SIDE_BY_SIDE):
        wild = pool(activation="identity", spectral_radius=1e12)
        with pytest.raises(DivergenceError) as error:
            ng.Model(Input() >> wild, seed=1, engine=engine).run(xs)
        told.append(str(error.value))
    assert told[0] == told[1] and "at step 10" in told[0]


def test_rows_to_judge_nodes_by_are_of_all_series_and_none_of_their_warmup():
    lengths, vitals = (10, 4, 90, 6), Vitals(["n"])
    rows = np.concatenate([np.arange(n) for n in lengths]).astype(float)[:, None]
    vitals.begin()
    chunk = Chunk(len(rows), {}, {}, 5, lengths=lengths)
    vitals.take(["n"], chunk, lambda _, at: Sample(rows[at], np.flatnonzero(at >= 0)[:, None]))
    x, _ = vitals.sample("n")
    assert len(x) == EACH and x.min() == 5
    assert set(x[:3, 0]) >= {5.0} and x.max() > 80
