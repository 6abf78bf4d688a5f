"""Readouts that are taught classes by their labels."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodes import LMS, RLS, Ridge

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


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["b", "a"], r"should be sorted, each once; write classes=\['a', 'b'\]"),
        ([1, 2, 2], r"write classes=\[1, 2\]"),
        (["a"], "at least 2 different classes"),
        ("ab", "several words or whole numbers"),
        (3, "several words or whole numbers"),
        ([1.5, 2.0], r"words or whole numbers \(got 1.5\)"),
        (["a", 1], "all words or all whole numbers"),
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
