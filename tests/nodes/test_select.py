import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.files.yaml.spec import read_text
from nodegraph.testing import check_node
from nodes import Input, Select

X = np.random.default_rng(0).standard_normal((30, 4))


def test_contract():
    check_node(Select(columns=[1, 0, 1]), n_in=2)


@pytest.mark.parametrize("columns", [2, [2], [3, 0], (1, 1), range(1, 4), np.array([0, 2])])
def test_columns_come_in_the_order_in_which_they_are_named(columns):
    found = ng.Model(Input() >> Select(columns=columns)).run(X)
    assert np.array_equal(found, X[:, np.atleast_1d(np.array(columns))])


def test_columns_that_cannot_be_are_refused():
    with pytest.raises(FieldError, match="select: columns: there is no column 4; there are 0 to 3"):
        ng.Model(Input() >> Select(columns=[0, 4])).run(X)
    for bad in (-1, [], 1.5, "a", [True], None):
        with pytest.raises(FieldError, match="columns"):
            Select(columns=bad)


def test_it_comes_back_from_yaml():
    graph = Input() >> Select(columns=[2, 0])
    again = read_text(ng.to_yaml(graph)).graph
    assert np.array_equal(ng.Model(again).run(X), X[:, [2, 0]])
