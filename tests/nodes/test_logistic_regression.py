import numpy as np
import pytest
import sklearn.linear_model

import nodegraph as ng
from nodegraph.errors import DataError, GraphError, IllConditionedWarning
from nodegraph.testing import check_node
from nodes import Input, LogisticRegression, Reduce, Reservoir

RNG = np.random.default_rng(0)


def problem(n, n_in, classes):
    x = RNG.normal(size=(n, n_in)) + 5
    W = RNG.normal(size=(n_in, classes))
    return x, ((x - 5) @ W + 2 * RNG.gumbel(size=(n, classes))).argmax(axis=1)


def learned(x, t, weight=None, cut=None, **fields):
    out = LogisticRegression(name="out", **fields)
    graph, given = Input(name="u") >> out, {"u": x}
    if weight is not None:
        graph &= Input(name="w") >> out["weight"]
        given["w"] = weight[:, None]
    if cut:
        given = {name: [rows[:cut], rows[cut:]] for name, rows in given.items()}
        t = [t[:cut], t[cut:]]
    return ng.Model(graph).fit(given, t)


class ChunksAgain:
    """Chunks of one series, which can be gone through again."""

    def __init__(self, chunks):
        self.chunks = chunks

    def __iter__(self):
        return iter(self.chunks)


def weights(model):
    W, b = model.params["out"]
    return W - W.mean(axis=0) * (len(W) > 1), b - b.mean() * (len(b) > 1)


@pytest.mark.parametrize("units", [1, 3])
def test_contract(units):
    check_node(LogisticRegression(units=units))


@pytest.mark.parametrize("n, n_in, classes", [(800, 5, 3), (700, 3, 2), (60, 100, 4)])
@pytest.mark.parametrize("ridge, fit_bias", [(1e-2, True), (3.0, False)])
def test_weights_are_those_of_scikit_learn(n, n_in, classes, ridge, fit_bias):
    x, labels = problem(n, n_in, classes)
    model = learned(x, np.eye(classes)[labels], ridge=ridge, fit_bias=fit_bias)
    # of two classes it learns one vector, the difference of ours, and penalises it alone
    C = (2 if classes == 2 else 1) / ridge
    other = sklearn.linear_model.LogisticRegression(
        C=C, fit_intercept=fit_bias, tol=1e-9, solver="newton-cg", max_iter=2000
    ).fit(x, labels)
    found = model.reset().run({"u": x})
    np.testing.assert_allclose(found, other.predict_proba(x), atol=2e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)


def test_the_slope_vanishes_at_what_is_found():
    x, labels = problem(700, 4, 3)
    t = np.eye(3)[labels]
    model = learned(x, t, ridge=0.7)
    error = model.reset().run({"u": x}) - t
    W = model.params["out"].W_out
    np.testing.assert_allclose(error.T @ x + 0.7 * W, 0, atol=1e-7)
    np.testing.assert_allclose(error.sum(axis=0), 0, atol=1e-8)
    assert model.report[0]["passes"] < 12 and model.report[0]["rows"] == 700
    loss = -np.log((model.reset().run({"u": x}) * t).sum(axis=1)).sum()
    penalty = 0.35 * np.square(W).sum()
    assert model.report[0]["train_loss"] == pytest.approx((loss + penalty) / 700, rel=1e-9)


def test_one_output_learns_shares():
    x = RNG.normal(size=(500, 2))
    share = 1 / (1 + np.exp(-(x @ [1.0, -2.0] + 0.5)))
    model = learned(x, share[:, None], ridge=0.0)
    np.testing.assert_allclose(model.params["out"].W_out, [[1.0, -2.0]], rtol=1e-8)
    np.testing.assert_allclose(model.params["out"].bias, [0.5], rtol=1e-8)


@pytest.mark.parametrize("n_in", [3, 130])
def test_a_weight_is_how_often_a_row_is_seen(n_in):
    x, labels = problem(120, n_in, 3)
    counts, t = RNG.integers(0, 3, 120), np.eye(3)[labels]
    found = weights(learned(x, t, counts.astype(float), ridge=0.1))
    again = np.repeat(np.arange(120), counts)
    for one, other in zip(found, weights(learned(x[again], t[again], ridge=0.1)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("fill", [9.97e36, 1e200])
def test_a_row_of_weight_0_is_left_out_whatever_stands_in_it(fill):
    """Numbers such as those that fill gaps in files; centres are of rows that count alone."""
    x = RNG.normal(size=(600, 2))
    t = (x @ [1.0, -1.0] + RNG.normal(size=600) > 0).astype(float)[:, None]
    filled = (np.arange(600) % 7 == 0)[:, None]

    def learned(x, t, w):
        readout = LogisticRegression(name="out", ridge=0.1)
        graph = (Input(name="x") >> readout) & (Input(name="w") >> readout["weight"])
        return ng.Model(graph).fit({"x": x, "w": w}, t).params["out"]

    found = learned(np.where(filled, fill, x), t, 1.0 - filled)
    kept = ~filled[:, 0]
    for one, other in zip(found, learned(x[kept], t[kept], np.ones((kept.sum(), 1))), strict=True):
        np.testing.assert_array_equal(one, other)


def test_curvature_that_overflows_is_refused():
    """At weights of 0 the loss of any row is log 2."""
    x = np.where(np.arange(300)[:, None] == 100, 1e200, RNG.normal(size=(300, 2)))
    with pytest.raises(DataError, match="sums over inputs overflow: scale the data down"):
        ng.Model(Input() >> LogisticRegression()).fit(x, (x[:, :1] > 0).astype(float))


@pytest.mark.parametrize("n_in", [3, 271])
def test_series_apart_and_chunks_teach_what_one_series_does(n_in):
    x, labels = problem(270, n_in, 2)
    t = np.eye(2)[labels]
    whole = learned(x, t)
    chunks = ChunksAgain([(x[:7], t[:7]), (x[7:200], t[7:200]), (x[200:], t[200:])])
    parts = ng.Model(Input(name="u") >> LogisticRegression(name="out")).fit(chunks)
    for one, other in zip(parts.params["out"], whole.params["out"], strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(weights(learned(x, t, cut=200)), weights(whole), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-10)


def test_it_tells_classes_of_recordings():
    series, labels, others, wanted = ng.datasets.japanese_vowels()
    pool = Reservoir(units=20, leak_rate=0.4, spectral_radius=0.4, input_scaling=0.3)
    readout = LogisticRegression(ridge=0.3, classes=np.unique(labels))
    model = ng.Model(Input() >> pool >> Reduce(kind="mean") >> readout, seed=1).fit(series, labels)
    assert (model.classify(others) == wanted).mean() > 0.85


def test_a_saved_model_gives_the_same(tmp_path):
    x, labels = problem(300, 4, 3)
    model = learned(x, np.eye(3)[labels])
    model.save(tmp_path / "m.safetensors")
    loaded = ng.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.run({"u": x}), model.reset().run({"u": x}))
    with pytest.raises(GraphError, match="Newton's method keeps no sums to add to; fit on all"):
        model.update({"u": x}, np.eye(3)[labels])


def test_few_rows_take_more_until_they_are_as_many_as_inputs():
    x, labels = problem(60, 30, 3)
    t = np.eye(3)[labels]
    model = learned(x[:12], t[:12]).update({"u": x[12:24]}, t[12:24])
    for one, other in zip(model.params["out"], learned(x[:24], t[:24]).params["out"], strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(GraphError, match="Newton's method keeps no sums to add to; fit on all"):
        model.update({"u": x[24:]}, t[24:])


def test_classes_without_an_error_and_without_a_penalty_have_no_largest_likelihood():
    x = np.concatenate([np.linspace(-2, -1, 200), np.linspace(1, 2, 200)])[:, None]
    t = (x > 0).astype(float)
    learned(x, t, ridge=1e-3)  # says nothing
    with pytest.warns(IllConditionedWarning, match="take a larger ridge"):
        learned(x, t, ridge=0.0)


@pytest.mark.parametrize("t", [[[2.0]], [[-1.0]], [[0.5, 0.2]], [[1.0, 1.0]]])
def test_quantities_are_refused(t):
    with pytest.raises(DataError, match="learns shares from 0 to 1 that add up to 1, or labels"):
        learned(np.ones((9, 2)), np.repeat(t, 9, axis=0))


@pytest.mark.parametrize(
    "weight, message",
    [(-1.0, "weights of rows should be 0 or more, got -1"), (0.0, "no rows to learn from")],
)
def test_weights_that_cannot_be_are_refused(weight, message):
    x, labels = problem(30, 4, 2)
    with pytest.raises(DataError, match=message):
        learned(x, np.eye(2)[labels], np.full(30, weight))
