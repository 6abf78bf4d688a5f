import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, DataWarning
from nodegraph.testing import check_rule
from nodes import Conceptor, Input
from nodes.rules import CorrelationFilter

RNG = np.random.default_rng(0)
X = RNG.standard_normal((600, 3)) + 0.5
ACTIVE = np.eye(2)[RNG.integers(0, 2, 600)]


def learned(active=ACTIVE, x=X):
    c = Conceptor(patterns=2, aperture=3.0, name="c")
    model = ng.Model((Input(name="x") >> c) & (Input(name="active") >> c["active"]))
    return model.fit({"x": x, "active": active}).params["c"].C


def test_contract():
    check_rule(CorrelationFilter(), Conceptor(patterns=2), ports={"active": 2})


def test_it_is_the_conceptor_of_the_rows_of_each_pattern():
    for j, C in enumerate(learned()):
        own = X[ACTIVE[:, j] == 1]
        R = own.T @ own / len(own)
        np.testing.assert_allclose(C, R @ np.linalg.inv(R + np.eye(3) / 9), rtol=1e-9)


def test_a_pattern_that_was_not_there_lets_everything_through():
    with pytest.warns(DataWarning, match="nothing was learned of pattern 1: it was never the most"):
        C = learned(np.tile([1.0, 0.0], (600, 1)))
    assert np.array_equal(C[1], np.eye(3)) and not np.allclose(C[0], np.eye(3))


def test_nothing_active_is_refused():
    with pytest.raises(DataError, match="no pattern was active: at the port active"):
        learned(np.zeros((600, 2)))
