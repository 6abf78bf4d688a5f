import numpy as np
import pytest

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import DataWarning, FieldError, GraphError
from nodegraph.testing import check_node
from nodes import Concat, Input, Mean, Product, Reservoir, Ridge, Vote

X = np.random.default_rng(0).standard_normal((50, 6))


def test_groups_of_columns_are_sources():
    check_node(Mean(units=2), n_in=6)
    assert np.allclose(ng.Model(Mean(units=2)).run(X), (X[:, :2] + X[:, 2:4] + X[:, 4:]) / 3)


@pytest.mark.parametrize("kind", [Mean, Product, Vote])
def test_one_source_alone_is_told(kind):
    """A list of members with one in it, or a wide signal that was to be parted by units."""
    said = rf"{kind.__name__}: one source of 6 columns.*\[a, b\] >> {kind.__name__}\(\)"
    for graph in (Input() >> Concat() >> kind(), kind(units=6)):
        with pytest.warns(DataWarning, match=said) as caught:
            found = ng.Model(graph).run(X)
        assert len(caught) == 1
        winner = np.eye(6)[X.argmax(axis=1)]
        assert np.array_equal(found, winner if kind is Vote else X)


@pytest.mark.parametrize("node", [Mean(), Product(), Vote()])
def test_sources_of_different_widths_are_refused_by_name(node):
    graph = [Input(name="a", units=2), Input(name="b", units=3)] >> node
    with pytest.raises(GraphError, match=r"equally wide, but a has 2, b has 3 columns; .*Select"):
        ng.Model(graph)


def test_a_width_that_does_not_fit_and_no_source_at_all_are_refused():
    with pytest.raises(FieldError, match="mean: 6 columns are no groups of 4"):
        ng.Model(Mean(units=4)).run(X)
    with pytest.raises(FieldError, match="nothing is wired to it"):
        Mean(units=2).init(np.random.default_rng(0), 0, 2)


def test_a_source_that_comes_late_or_through_a_loop_is_a_source():
    a, mean = Input(name="a"), Mean()
    graph = (a >> mean) & (a >> delay(2) >> mean)
    expected = (X + np.vstack([np.zeros((2, 6)), X[:-2]])) / 2
    assert np.array_equal(ng.Model(graph).run(X), expected)
    r = Reservoir(name="r", W=np.zeros((4, 4)), W_in=np.eye(4), activation="identity")
    with pytest.raises(GraphError, match="but a has 6, r has 4 columns"):
        ng.Model((a >> mean) & (r >> mean) & (mean >> delay(1) >> r)).run(X)


def test_what_joins_is_saved_and_written(tmp_path):
    model = ng.Model(Input() >> [Ridge(), Ridge()] >> Mean(), seed=1).fit(X, X[:, :1])
    model.save(tmp_path / "m.safetensors")
    assert np.array_equal(ng.load(tmp_path / "m.safetensors").run(X), model.run(X))
    assert "mean: {kind: Mean}" in ng.to_yaml(model)
    assert np.allclose(
        ng.Model(Input() >> [Concat(), Concat()] >> Product(), dtype="float32").run(X), X**2
    )
