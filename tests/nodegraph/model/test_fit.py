"""What `fit` and `update` learn from data of every form."""

from copy import deepcopy
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ridge_by_hand import T, U, Y, chain, numpy_ridge, numpy_states

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import DataError, DataWarning, GraphError, NotFittedError
from nodegraph.host.progress import Silent
from nodegraph.testing.comparing import same_trees
from nodes import LMS, RLS, Input, Reservoir, Ridge, Scaler
from nodes.rules import Hebb, IntrinsicPlasticity


def test_fit_is_ridge_regression_on_the_states_after_the_warmup():
    model = ng.Model(chain(leak_rate=0.4), seed=3).fit(U, Y, warmup=50)
    states = numpy_states(model.params["r"], U, leak=0.4)
    W, b = numpy_ridge(states[50:], Y[50:], 1e-6)
    np.testing.assert_allclose(model.params["out"].W_out, W, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(model.params["out"].bias, b, rtol=1e-6)


def test_fitting_twice_on_the_same_data_gives_the_same_weights():
    graph = Input() >> Reservoir(units=10, rule=IntrinsicPlasticity(rate=1e-3)) >> Ridge(name="out")
    model = ng.Model(graph, seed=5)
    first = model.fit(U, Y, warmup=10).params["out"].W_out.copy()
    model.run(U[:33])
    assert np.array_equal(model.fit(U, Y, warmup=10).params["out"].W_out, first)


def test_rows_without_target_are_left_out():
    gaps = Y.copy()
    gaps[100:150] = np.nan
    gaps[3, 1] = np.nan
    model = ng.Model(chain(), seed=3).fit(U, gaps)
    keep = np.isfinite(gaps).all(axis=1)
    W, b = numpy_ridge(numpy_states(model.params["r"], U)[keep], Y[keep], 1e-6)
    np.testing.assert_allclose(model.params["out"].W_out, W, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(model.params["out"].bias, b, rtol=1e-6)


def test_a_list_of_series_is_learned_from_zero_states_each():
    cuts = [slice(0, 90), slice(90, 100), slice(100, T)]
    model = ng.Model(chain(), seed=3)
    with pytest.warns(DataWarning, match=r"1 of 3 series \(number 1\)"):
        model.fit([U[c] for c in cuts], [Y[c] for c in cuts], warmup=20)
    params = model.params["r"]
    states = np.concatenate([numpy_states(params, U[c])[20:] for c in cuts])
    W, _ = numpy_ridge(states, np.concatenate([Y[c][20:] for c in cuts]), 1e-6)
    np.testing.assert_allclose(model.params["out"].W_out, W, rtol=1e-5, atol=1e-7)
    assert model.time == 0


def test_the_number_of_workers_changes_no_bit():
    series = [U[i : i + 37] for i in range(0, 300, 5)]
    targets = [Y[i : i + 37] for i in range(0, 300, 5)]
    one, two = (
        ng.Model(chain(), seed=3).fit(series, targets, workers=n).params["out"].W_out
        for n in (1, 2)
    )
    assert np.array_equal(one, two)


@cache
def taught_at_once():
    return ng.Model(chain(units=8), seed=3).fit(U, Y, warmup=30)


@given(st.lists(st.integers(1, T - 1), max_size=4))
def test_an_iterator_of_chunks_is_the_same_as_the_whole_series(cuts):
    edges = [0, *sorted(set(cuts)), T]
    chunks = [(U[a:b], Y[a:b]) for a, b in pairwise(edges)]
    whole = deepcopy(taught_at_once())
    parts = ng.Model(chain(units=8), seed=3).fit(iter(chunks), warmup=30)
    assert np.array_equal(whole.params["out"].W_out, parts.params["out"].W_out)
    assert np.array_equal(whole.run(U[:5]), parts.run(U[:5]))


def test_an_iterator_that_would_be_needed_twice_is_refused():
    graph = Input() >> Reservoir(units=5, rule=IntrinsicPlasticity()) >> Ridge()
    with pytest.raises(DataError, match="more than once"):
        ng.Model(graph).fit(iter([(U, Y)]))


@pytest.mark.parametrize("ridge", [1e-6, 0.1])
def test_update_with_more_data_equals_fit_on_all(ridge):
    graph = Input() >> Reservoir(units=12) >> Ridge(name="out", ridge=ridge)
    whole = ng.Model(graph, seed=1).fit(U, Y, warmup=20)
    parts = ng.Model(graph, seed=1).fit(U[:170], Y[:170], warmup=20).update(U[170:], Y[170:])
    np.testing.assert_allclose(
        parts.params["out"].W_out, whole.params["out"].W_out, rtol=1e-6, atol=1e-9
    )
    assert np.array_equal(parts.run(U[:3], outputs=["reservoir"])["reservoir"],
                          whole.run(U[:3], outputs=["reservoir"])["reservoir"])  # fmt: skip


def test_update_before_fit_is_refused():
    with pytest.raises(NotFittedError, match="out has not learned yet"):
        ng.Model(chain()).update(U, Y)


def test_a_target_can_be_wired_from_another_node():
    u, r, out = Input(name="u"), Reservoir(name="r", units=10), Ridge(name="out")
    teacher = Reservoir(name="teacher", units=3)
    model = ng.Model((u >> r >> out) & (u >> teacher >> out["target"]), seed=1).fit(U)
    X = numpy_states(model.params["r"], U)
    W, _ = numpy_ridge(X, numpy_states(model.params["teacher"], U), 1e-6)
    np.testing.assert_allclose(model.params["out"].W_out, W, rtol=1e-4, atol=1e-6)
    assert model.run(U).shape == (T, 3)


def test_labels_of_series_are_targets_of_their_last_step():
    series = [U[:30], U[30:75], U[75:95]]
    labels = np.eye(3)
    model = ng.Model(chain(units=6), seed=1).fit(series, labels)
    last = np.array([numpy_states(model.params["r"], s)[-1] for s in series])
    W, _ = numpy_ridge(last, labels, 1e-6)
    np.testing.assert_allclose(model.params["out"].W_out, W, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("readout", [RLS(forgetting=0.99), LMS(rate=0.3, normalized=True)])
def test_on_a_stream_that_changes_half_way_the_error_falls_again(readout):
    rng = np.random.default_rng(0)
    u = rng.uniform(-1, 1, (6000, 1))
    delayed = [np.roll(u, k, axis=0) for k in (1, 2)]
    target = np.where(np.arange(6000)[:, None] < 3000, delayed[0], 0.5 - delayed[1])
    reservoir = Reservoir(units=40, spectral_radius=0.5, bias_scaling=0.2)
    model = ng.Model(Input() >> reservoir >> readout, seed=1)
    ys = np.concatenate(
        [model.partial_fit(u[k:][:500], target[k:][:500]) for k in range(0, 6000, 500)]
    )
    error = np.abs(ys - target)[:, 0]
    before, change, after = (
        error[rows].mean() for rows in (slice(2500, 3000), slice(3000, 3020), slice(5500, 6000))
    )
    assert before < 0.2 * change
    assert after < 0.2 * change


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (U, Y[:-1], {}, r"399 rows, the input 400"),
        (U, None, {}, "out has no target"),
        (None, Y, {}, "u has no data"),
        ({"v": U}, Y, {}, "input for 'v': no node is named so"),
        (U, {"r": Y}, {}, "target for 'r'"),
        (U, Y, {"warmup": 400}, "warmup=400 leaves nothing"),
        (U, Y, {"warmup": -1}, "warmup"),
        (U, Y, {"forcing": "some"}, "forcing"),
        (U, Y, {"workers": 0}, "workers"),
        ([U, U], [Y], {}, "2 series"),
        ([U, U[:, :1]], [Y, Y], {}, "series 1"),
        (U, np.full((T, 2), np.nan), {}, "columns 0, 1 NaN in every row"),
        (np.full((T, 2), "a"), Y, {}, "expected numbers"),
        (np.zeros((0, 2)), np.zeros((0, 1)), {}, "nothing in it"),
    ],
)
def test_bad_data_are_refused_and_the_model_stays_as_it_was(x, y, options, message):
    model = ng.Model(chain(), seed=1).fit(U, Y)
    before, time = model.params["out"].W_out.copy(), model.time
    with pytest.raises(ng.NodegraphError, match=message):
        model.fit(x, y, **options)
    assert np.array_equal(model.params["out"].W_out, before)
    assert model.time == time


def test_nan_in_the_input_names_series_and_row():
    bad = U.copy()
    bad[77, 1] = np.nan
    with pytest.raises(DataError, match=r"u \(series 1\): NaN in row 77, column 1"):
        ng.Model(chain()).fit([U, bad], [Y, Y])


def test_a_single_target_goes_to_every_readout():
    u, r = Input(), Reservoir(units=10, name="r")
    model = ng.Model(u >> r >> [Ridge(name="a"), Ridge(name="b", ridge=10.0)], seed=1).fit(U, Y)
    out = model.run(U[:4])
    assert sorted(out) == ["a", "b"]
    assert not np.allclose(out["a"], out["b"])


def test_an_online_readout_learns_in_fit_too():
    model = ng.Model(Input() >> Reservoir(units=10) >> RLS(name="out", alpha=1e-3), seed=1)
    same = ng.Model(Input() >> Reservoir(units=10) >> RLS(name="out", alpha=1e-3), seed=1)
    model.fit(U, Y, warmup=10)
    same.partial_fit(U, Y, warmup=10)
    assert np.array_equal(model.params["out"].W_out, same.params["out"].W_out)


def test_float32_reaches_weights_states_and_outputs():
    model = ng.Model(chain(), seed=1, dtype="float32").fit(U, Y)
    out = model.run(U[:5], outputs=["r", "out"])
    assert {rows.dtype for rows in out.values()} == {np.dtype("float32")}
    assert model.params["out"].W_out.dtype == model.state["r"].x.dtype == np.float32


def test_lms_does_not_learn_offline():
    with pytest.raises(GraphError, match="nothing here learns offline"):
        ng.Model(Input() >> LMS(name="out")).update(U, Y)


class Noted(Silent):
    """A progress that keeps what it is told beside the steps."""

    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


def test_the_progress_is_told_which_stage_learns_or_is_solved():
    graph = Input() >> Scaler(name="s") >> [Ridge(name=f"y{k}") for k in range(5)]
    progress, x = Noted(), np.random.default_rng(0).standard_normal((60, 2))
    ng.Model(graph).fit(x, {f"y{k}": x for k in range(5)}, progress=progress)
    assert progress.notes == [
        "stage 1 of 2, learning s",
        "stage 1 of 2, solving s",
        "stage 2 of 2, learning y0, y1, y2 and 2 more",
        "stage 2 of 2, solving y0, y1, y2 and 2 more",
    ]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_who_hears_an_online_learner_late_does_not_move_it(dtype):
    x = np.sin(np.arange(80) / 3)[:, None]

    def learned(heard):
        pool = Reservoir(name="pool", units=8, rule=Hebb(rate=1e-3))
        out = RLS(name="out", alpha=0.1)
        graph = (Input(name="u") >> pool >> out) & (pool << out)
        late = out >> delay(2) >> Reservoir(name="late", units=3)
        model = ng.Model(graph & late if heard else graph, seed=1, dtype=dtype)
        return model.fit(x[:-1], x[1:], warmup=5)

    alone, heard = learned(False), learned(True)
    taught = ng.Model(alone.graph, seed=1, dtype=dtype)
    last = taught.partial_fit(x[:-1], x[1:], warmup=5)[-1:]
    for name in ("pool", "out"):
        for part in ("params", "state"):
            for model in (heard, taught):
                same_trees(getattr(model, part)[name], getattr(alone, part)[name], f"{name}.{part}")
    expected = alone.generate(5, loop={"u": "out"}, outputs=["out"])["out"]
    found = heard.generate(5, loop={"u": "out"}, outputs=["out"])["out"]
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(found[0], taught.run(last)[0])
