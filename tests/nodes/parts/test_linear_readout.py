from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.engines.compiled.traced_updates import course
from nodegraph.errors import FieldError, NotFittedError
from nodegraph.maths import matvec
from nodegraph.rule import Lesson
from nodegraph.testing import check_rule, run_node, teach
from nodes import LMS, RLS, Input, LogisticRegression, Ridge
from nodes.parts.linear_readout import laid_out, times_rows
from nodes.rules import LeastMeanSquares, RecursiveLeastSquares, RewardHebb, TemporalDifference

W, B = np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([0.1, -0.2])
X = np.random.default_rng(0).standard_normal((50, 2))


@pytest.mark.parametrize("kind", [Ridge, RLS, LMS])
def test_given_weights_are_used_as_they_stand(kind):
    model = ng.Model(Input() >> kind(W_out=W, bias=B))
    np.testing.assert_allclose(model.run(X), X @ W.T + B, rtol=1e-14, atol=1e-14)
    assert kind(W_out=W).declared_size == 2


def test_ridge_with_given_weights_does_not_learn_but_rls_does():
    assert Ridge(W_out=W).learner is None
    model = ng.Model(Input() >> RLS(W_out=W, bias=B, name="out", alpha=1.0))
    model.partial_fit(X, X)
    assert not np.array_equal(model.params["out"].W_out, W)


@given(st.integers(1, 49), st.sampled_from(["float32", "float64"]))
def test_one_chunk_or_two_give_the_same_bits(cut, dtype):
    model = ng.Model(Input() >> Ridge(W_out=W, bias=B), dtype=dtype)
    whole = model.run(X)
    assert whole.dtype == dtype
    assert np.array_equal(np.concatenate([model.run(X[:cut]), model.run(X[cut:])]), whole)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "n_in, n_out", [(3, 2), (50, 32), (127, 32), (129, 32), (40, 255), (1030, 256), (261, 300)]
)
def test_rows_made_at_once_have_the_bits_of_one_step_after_the_other(n_in, n_out, dtype):
    rng = np.random.default_rng(n_in)
    node = Ridge(W_out=rng.normal(size=(n_out, n_in)), bias=rng.normal(size=n_out))
    xs = rng.normal(size=(70, n_in))
    model = ng.Model(Input() >> node, dtype=dtype)
    whole = model.run(xs)
    np.testing.assert_array_equal([model.step(x) for x in xs[:3]], whole[:3])
    np.testing.assert_array_equal(np.concatenate([model.run(xs[:9]), model.run(xs[9:])]), whole)
    np.testing.assert_array_equal(np.concatenate(model.run([xs[:9]] * 3 + [xs] * 4)[-1:]), whole)
    exact = xs.astype(dtype).astype(float) @ node.W_out.astype(dtype).T.astype(float) + node.bias
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(whole, exact, atol=40 * eps * np.sqrt(n_in), rtol=10 * eps)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"units": 3, "W_out": W}, "said in different ways: 3 units, 2 rows of W_out"),
        ({"W_out": W, "bias": [1.0]}, "2 rows of W_out, 1 entries of bias"),
        ({"bias": [1.0]}, "bias is given without W_out"),
        ({"W_out": [[np.nan]]}, "finite"),
        ({"W_out": [1.0]}, "2 axes"),
        ({"units": 0}, "units"),
    ],
)
def test_weights_that_contradict_each_other_are_refused(fields, message):
    with pytest.raises(FieldError, match=message):
        Ridge(**fields)


def test_weights_for_another_number_of_inputs_are_refused():
    with pytest.raises(FieldError, match=r"W_out: expected shape \(2, 3\), got \(2, 2\)"):
        ng.Model(Input() >> Ridge(W_out=W)).run(np.ones((4, 3)))


def test_it_does_not_run_before_it_has_learned():
    with pytest.raises(NotFittedError, match="ridge has not learned yet"):
        ng.Model(Input() >> Ridge(units=2)).run(X)


class Squashed(ng.Node):
    """``y = tanh(W_out x + bias)``: no linear readout, though its weights have the same names."""

    class Params(NamedTuple):
        """The weights."""

        W_out: ng.Array
        bias: ng.Array

    units: int = 2
    rule: ng.Rule

    def init(self, rng, n_in, n_out):
        return self.Params(rng.standard_normal((n_out, n_in)), np.zeros(n_out))

    def step(self, params, state, x):
        return state, np.tanh(params.W_out @ x + params.bias)


@pytest.mark.parametrize(
    "rule", [RecursiveLeastSquares(), LeastMeanSquares(), TemporalDifference(), RewardHebb()]
)
def test_rules_of_readouts_teach_other_nodes_by_their_own_step(rule):
    check_rule(rule, Squashed(rule=rule))
    node = Squashed(rule=rule)
    params = node.init(np.random.default_rng(0), 2, 2)
    inputs = {"x": X, **{port: X[:, :1] for port in rule.needs}}
    lesson = Lesson(inputs, np.zeros((50, 2)), np.zeros(50, bool))
    found = teach(rule, node, params, (), rule.begin(params), lesson)
    np.testing.assert_allclose(found.ys, np.tanh(X @ params.W_out.T), rtol=1e-12)
    widths = {port: rows.shape[1] for port, rows in inputs.items()}
    code = course(rule, node).step_code(params, (), found.memory, X.dtype, widths)
    assert code is not None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_before_it_learns_it_says_nothing_and_so_it_is_known(dtype):
    node, x = Ridge(), np.random.default_rng(0).standard_normal((7, 3)).astype(dtype)
    params = Ridge.Params(np.zeros((2, 3), dtype), np.zeros(2, dtype))
    silence = node.silence(params, 7)
    _, ys = run_node(node, params, (), x)
    assert silence.dtype == dtype and np.array_equal(silence, ys)
    assert node.silence(params._replace(bias=np.ones(2, dtype)), 7) is None
    assert LogisticRegression().silence(params, 7) is None  # its shares are not 0


@pytest.mark.parametrize(("dtype", "near"), [("float32", 1e-4), ("float64", 1e-9)])
def test_a_fast_model_multiplies_all_rows_at_once(dtype, near):
    rng = np.random.default_rng(1)
    x, W = rng.standard_normal((300, 40)), rng.standard_normal((7, 40))
    exact, fast = (
        ng.Model(Input() >> Ridge(W_out=W, bias=np.arange(7.0)), dtype=dtype, numerics=mode)
        for mode in ("exact", "fast")
    )
    found = fast.run(x)
    assert found.dtype == dtype and not np.array_equal(found, exact.reset().run(x))
    np.testing.assert_allclose(found, exact.reset().run(x), rtol=near, atol=10 * near)
    np.testing.assert_allclose(fast.step(x[0]), found[0], rtol=near, atol=10 * near)


@pytest.mark.parametrize("kind", [Ridge, RLS, LMS])
def test_a_readout_that_reads_nothing_is_refused(kind):
    out = kind(name="out")
    with pytest.raises(FieldError, match="out: it reads x, but nothing is wired there"):
        ng.Model(Input() >> out["target"]).fit(np.ones((5, 1)))


ROWS = np.random.default_rng(0).normal(size=(60, 3))
LABELS = np.where(ROWS[:, 0] > 0.5, "high", np.where(ROWS[:, 0] < -0.5, "low", "mid"))


@pytest.mark.parametrize("kind", [Ridge, RLS, LMS])
def test_labels_are_rows_of_zeros_and_a_one(kind):
    names = np.unique(LABELS)
    by_label = ng.Model(kind(classes=names)).fit(ROWS, LABELS)
    by_row = ng.Model(kind()).fit(ROWS, ng.datasets.one_hot(LABELS))
    assert np.array_equal(*(next(iter(m.params.values())).W_out for m in (by_label, by_row)))
    assert np.array_equal(by_label.classify(ROWS), names[by_row.run(ROWS).argmax(axis=1)])


def test_classes_are_kept_by_files_of_graphs_and_of_models(tmp_path):
    for names in (("a", "b"), (1, 2, 9)):
        node = Ridge(classes=np.array(names), name="out")
        text = node.to_yaml() if hasattr(node, "to_yaml") else ng.Model(node).graph.to_yaml()
        assert f"classes: [{', '.join(map(str, names))}]" in text
        model = ng.Model(node).fit(ROWS, np.resize(names, 60))
        model.save(tmp_path / "m.safetensors")
        assert np.array_equal(
            ng.load(tmp_path / "m.safetensors").classify(ROWS), model.classify(ROWS)
        )


@pytest.mark.parametrize("kind", [Ridge, RLS, LMS, LogisticRegression])
def test_truth_values_come_back_as_truth_values(kind, tmp_path):
    """A mask made of what was said takes rows; one of 0 and 1 would take the first two."""
    x = np.linspace(-1, 1, 40)[:, None]
    y = x[:, 0] > 0.1
    model = ng.Model(kind(classes=np.unique(y)))
    model.fit(x, y)
    model.save(tmp_path / "m.safetensors")
    again = ng.load(tmp_path / "m.safetensors")
    said = again.classify(x)
    assert said.dtype == bool and again.score(x, y) == np.mean(said == y)
    assert np.array_equal(x[said], x[model.run(x).argmax(axis=1) == 1])
    assert "classes: [false, true]" in ng.to_yaml(again.graph)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["b", "a"], r"should be sorted, each once; write classes=\['a', 'b'\]"),
        ([1, 2, 2], r"write classes=\[1, 2\]"),
        (["a"], "at least 2 different classes"),
        ("ab", "several words, whole numbers or truth values"),
        (3, "several words, whole numbers or truth values"),
        ([1.5, 2.0], r"words or whole numbers \(got 1.5\)"),
        (["a", 1], "all words, all whole numbers or all truth values"),
        ([False, 1], r"all truth values \(got \[False, 1\]\)"),
        ([True, False], r"write classes=\[False, True\]"),
    ],
)
def test_what_are_no_classes_is_refused(classes, message):
    with pytest.raises(FieldError, match=f"Ridge.classes: .*{message}"):
        Ridge(classes=classes)


def test_the_number_of_outputs_is_said_once():
    assert Ridge(classes=("a", "b", "c")).declared_size == 3
    with pytest.raises(FieldError, match="2 units, 3 classes"):
        Ridge(classes=("a", "b", "c"), units=2)
    with pytest.raises(FieldError, match="2 units, 3 classes"):
        Ridge(classes=("a", "b", "c"), W_out=np.ones((2, 4)))


@pytest.mark.parametrize(
    "n_out, n_in, known", [(33, 40, True), (33, 200, False), (256, 1500, True)]
)
def test_many_rows_have_the_bits_of_each_where_both_go_by_columns(n_out, n_in, known):
    rng = np.random.default_rng(0)
    W, rows = rng.normal(size=(n_out, n_in)), rng.normal(size=(5, n_in))
    laid = laid_out(W)
    assert (laid is not None) == known
    if known:
        expected = np.stack([matvec(W, row) for row in rows])
        np.testing.assert_array_equal(times_rows(laid, rows), expected)
