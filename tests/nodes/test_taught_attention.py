from itertools import pairwise

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import DataWarning, FieldError, NotFittedError
from nodegraph.testing import check_node
from nodegraph.testing.comparing import same_trees
from nodes import Input, Ridge, TaughtAttention

RNG = np.random.default_rng(0)
FLAG = RNG.random(800) < 0.3
X = np.column_stack([FLAG, RNG.uniform(-1, 1, 800)]).astype(float)
SPAN = 5
EARLIER = np.array([np.roll(X, k, axis=0) * (np.arange(800) >= k)[:, None] for k in range(SPAN)])
Y = EARLIER.prod(axis=2).sum(axis=0) / np.maximum(1, EARLIER[:, :, 0].sum(axis=0))
Y = Y[:, None]  # the mean of those of the last values that were flagged
QUICK = {"heads": 2, "keys": 2, "span": SPAN, "units": 4, "window": 64, "batch": 64, "rate": 0.02}


def learned(x=X, y=Y, seed=1, **fields):
    layer = TaughtAttention(**{**QUICK, **fields}, name="layer")
    return ng.Model(Input() >> layer, seed=seed).fit(x, y)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"ahead": 2, "emits": ("units", "prediction"), "activation": "tanh"},
        {"keys": 16, "units": 34, "ahead": 3, "activation": "sigmoid"},
    ],
)
def test_it_is_a_node(fields):
    check_node(TaughtAttention(**{"heads": 2, "keys": 2, "span": 5, "units": 3, **fields}))


@pytest.mark.parametrize("mode, off", [("exact", 0), ("fast", 1e-5)])
def test_wide_weights_are_multiplied_by_many_rows_at_once(mode, off):
    x, y = (RNG.normal(size=(50, n)).astype(np.float32) for n in (3, 33))
    layer = TaughtAttention(heads=2, keys=16, span=5, units=34, passes=0, emits="prediction")
    model = ng.Model(layer, seed=1, dtype="float32", numerics=mode).fit(x, y).reset()
    assert layer.lay_out(model.params["taught_attention"]) is not None
    many = model.run(x)
    model.reset()
    np.testing.assert_allclose(many, np.stack([model.step(row) for row in x]), rtol=0, atol=off)


def test_heads_learn_whom_to_attend_to():
    known = {name: value for name, value in QUICK.items() if name not in ("batch", "rate")}
    frozen = ng.Model(TaughtAttention(**known, frozen=True), seed=1).fit(X, Y)
    taught = learned(passes=8)
    assert taught.report[0]["train_rmse"] < 0.5 * frozen.report[0]["train_rmse"]


def test_what_is_given_out_is_what_the_head_learned_from():
    out = learned(emits=("units", "prediction"), passes=1).reset().run(X)
    np.testing.assert_allclose(out[:, :8].std(axis=0), 1, rtol=1e-6)
    root = np.sqrt(np.mean((out[:, 8:] - Y) ** 2))
    assert root == pytest.approx(learned(passes=1).report[0]["train_rmse"], rel=1e-6)


def test_one_that_answers_late_knows_what_follows():
    u, t = Input(name="u"), Input(name="t")
    x = RNG.choice([-1.0, 1.0], (600, 1))
    y = np.zeros_like(x)
    y[:-2] = x[1:-1] + x[2:]
    left = []
    for ahead in (0, 2):
        layer = TaughtAttention(**{**QUICK, "span": 3}, ahead=ahead, passes=0, name="layer")
        truth = t >> delay(ahead) if ahead else t
        model = ng.Model((u >> layer) & (truth >> layer["target"]), seed=1)
        left.append(model.fit({"u": x, "t": y}).report[0]["train_rmse"])
    assert left[1] < 0.3 < 1 < left[0]


def test_series_and_files_leave_their_bits(tmp_path):
    xs, ys = [X[:300], X[300:310], X[310:500]], [Y[:300], Y[300:310], Y[310:500]]
    one, other = learned(xs, ys, passes=1), learned(xs, ys, passes=1)
    same_trees(one.params["layer"], other.params["layer"], "again")
    one.save(tmp_path / "m.safetensors")
    loaded = ng.load(tmp_path / "m.safetensors")
    same_trees(loaded.run(xs[1]), one.run(xs[1]), "file")
    same_trees(loaded.update(X, Y).params["layer"], one.update(X, Y).params["layer"], "memory")


def test_a_target_without_a_name_teaches_it_and_the_readout_behind_it():
    graph = Input() >> TaughtAttention(**QUICK, passes=1) >> Ridge()
    model = ng.Model(graph, seed=1).fit(X, Y)
    assert [told["node"] for told in model.report] == ["taught_attention", "ridge"]


@pytest.mark.parametrize("fields", [{"passes": 1, "batch": 800}, {"batch": 1000, "rate": 1e-3}])
def test_updates_that_are_next_to_nothing_are_told(fields):
    with pytest.warns(DataWarning, match="hardly other than drawn.*lower batch .* and window"):
        found = learned(**fields).params["layer"]
    drawn = learned(passes=0).params["layer"]
    size = np.sqrt(np.mean(drawn.W_q**2))
    assert np.abs(found.W_q - drawn.W_q).max() < 0.1 * size


def test_what_cannot_be_is_refused():
    with pytest.raises(NotFittedError, match="layer"):
        ng.Model(Input() >> TaughtAttention(**QUICK, name="layer")).run(X)
    with pytest.raises(FieldError, match="frozen units do not move"):
        TaughtAttention(**QUICK, frozen=True)


@pytest.mark.parametrize("ahead", [0, 2])
def test_chunks_that_teach_nothing_are_looked_back_at(ahead):
    y = Y[:200].copy()
    y[90:110] = np.nan
    layer = TaughtAttention(**{**QUICK, "passes": 2, "ahead": ahead}, name="layer")
    whole = ng.Model(Input() >> layer, seed=1).fit(X[:200], y, warmup=20)
    edges = [0, 12, 20, 90, 101, 110, 200]
    parts = [(X[i:j], y[i:j]) for i, j in pairwise(edges)]
    found = ng.Model(Input() >> layer, seed=1).fit(ng.Chunks(parts), warmup=20)
    assert found.report == whole.report
    same_trees(found.params["layer"], whole.params["layer"], "chunks show")


def test_a_series_that_teaches_nothing_is_looked_back_at_by_no_other():
    fields = {**QUICK, "passes": 2, "batch": 20}
    alone = learned([X[:70]], [Y[:70]], **fields)
    xs = [X[100:130], X[:70], X[200:240]]
    beside = learned(xs, [np.full((30, 1), np.nan), Y[:70], np.full((40, 1), np.nan)], **fields)
    assert beside.report == alone.report
    same_trees(beside.params["layer"], alone.params["layer"], "another series is heard")


def test_of_an_input_that_stands_still_its_head_says_the_mean():
    node = TaughtAttention(**QUICK, emits="prediction")
    model = ng.Model(Input() >> node, seed=1).fit(np.full((800, 2), 0.1), Y)
    np.testing.assert_allclose(model.run(np.full((9, 2), 0.2))[-1], Y.mean(axis=0), rtol=1e-12)


def test_a_mean_of_many_spreads_costs_no_digits_in_float32():
    """What is left is that of float32 at mean 0: 4e-6 in the mean, not 8e-5."""
    rng = np.random.default_rng(2)
    x = (rng.normal(size=(800, 3)) + 1000).astype(np.float32)
    y = np.abs(x[:, :1] - np.roll(x[:, 1:2], 2, axis=0))
    layer = TaughtAttention(
        **{**QUICK, "batch": 200, "rate": 0.05, "passes": 3, "ahead": 1, "window": 256},
        emits=("units", "prediction"),
    )
    single, double = (
        ng.Model(Input() >> layer, seed=1, dtype=dtype).fit(x, y).reset().run(x)[1:]
        for dtype in ("float32", "float64")
    )
    assert np.sqrt(np.mean((single - double) ** 2)) < 1e-5
