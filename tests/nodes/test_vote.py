import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.testing import check_node
from nodes import Input, Ridge, Vote


def test_contract():
    check_node(Vote(), n_in=6, n_out=3)
    check_node(Vote(kind="shares", units=2), n_in=6)


def test_the_majority_of_the_greatest_outputs_wins_however_large_the_others():
    x = np.array([[0.6, 0.4, 0.0, 9.0, 0.9, 0.8]])  # first, second, first
    assert ng.Model(Vote(units=2)).run(x).tolist() == [[1.0, 0.0]]
    shares = ng.Model(Vote(units=2, kind="shares")).run(x)
    assert np.allclose(shares, [[2 / 3, 1 / 3]])


def test_of_as_many_votes_the_greater_sum_of_outputs_wins():
    x = np.array([[0.6, 0.4, 0.0, 0.9], [0.9, 0.0, 0.4, 0.6]])
    assert ng.Model(Vote(units=2)).run(x).tolist() == [[0.0, 1.0], [1.0, 0.0]]
    tie = np.array([[1.0, 0.0, 0.0, 1.0]])
    assert ng.Model(Vote(units=2)).run(tie).tolist() == [[1.0, 0.0]]


def test_classifiers_taught_once_vote_as_a_count_by_hand_does():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 4))
    y = ng.datasets.one_hot((x[:, 0] + x[:, 1] > 0).astype(int) + 1)
    views = [Ridge(ridge=r, name=f"m{i}") for i, r in enumerate((1e-6, 1e3, 1e5))]
    model = ng.Model(Input() >> views >> Vote()).fit(x, np.asarray(y))
    rows = model.run(x, outputs=["vote", "m0", "m1", "m2"])
    said = np.stack([rows[name].argmax(axis=1) for name in ("m0", "m1", "m2")])
    expected = [np.bincount(column, minlength=2).argmax() for column in said.T]
    assert np.array_equal(rows["vote"].argmax(axis=1), expected)
    assert set(np.unique(rows["vote"])) == {0.0, 1.0}


def test_sources_of_one_column_have_nothing_to_vote_for():
    with pytest.raises(FieldError, match="Vote takes sources of at least 2 columns"):
        ng.Model(Input() >> Vote()).run([[1.0]])
