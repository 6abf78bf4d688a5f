"""Readouts that are taught classes by their labels."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodes import LMS, RLS, LogisticRegression, Ridge

X = np.random.default_rng(0).normal(size=(60, 3))
LABELS = np.where(X[:, 0] > 0.5, "high", np.where(X[:, 0] < -0.5, "low", "mid"))


@pytest.mark.parametrize("kind", [Ridge, RLS, LMS])
def test_labels_are_rows_of_zeros_and_a_one(kind):
    names = np.unique(LABELS)
    by_label = ng.Model(kind(classes=names)).fit(X, LABELS)
    by_row = ng.Model(kind()).fit(X, ng.datasets.one_hot(LABELS))
    assert np.array_equal(*(next(iter(m.params.values())).W_out for m in (by_label, by_row)))
    assert np.array_equal(by_label.classify(X), names[by_row.run(X).argmax(axis=1)])


def test_classes_are_kept_by_files_of_graphs_and_of_models(tmp_path):
    for names in (("a", "b"), (1, 2, 9)):
        node = Ridge(classes=np.array(names), name="out")
        text = node.to_yaml() if hasattr(node, "to_yaml") else ng.Model(node).graph.to_yaml()
        assert f"classes: [{', '.join(map(str, names))}]" in text
        model = ng.Model(node).fit(X, np.resize(names, 60))
        model.save(tmp_path / "m.safetensors")
        assert np.array_equal(ng.load(tmp_path / "m.safetensors").classify(X), model.classify(X))


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
