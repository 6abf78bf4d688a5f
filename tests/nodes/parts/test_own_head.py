from typing import Any, NamedTuple

import numpy as np
import pytest

from nodegraph.errors import DataError
from nodegraph.graph.rule import Seen
from nodes.parts.own_head import OwnHead
from nodes.ridge_regression.statistics import Statistics

RNG = np.random.default_rng(2)
X = RNG.normal((4.0, -1.0), 1.0, (200, 2))
FEATURES = np.column_stack([X, np.tanh(X[:, 0]), 5 * X[:, 1] ** 2])
T = FEATURES @ RNG.standard_normal((4, 3)) + 2


class Params(NamedTuple):
    """What a head has."""

    W: Any
    gain: Any
    V: Any
    offset: Any
    centre: Any


class Memory(NamedTuple):
    """Sums of a pass."""

    turn: int
    sums: Statistics


class Given(OwnHead):
    """A head of features that are given, whose first two are the inputs."""

    modifies = Params._fields
    counts = "rounds"
    rounds: int = 3

    @property
    def last(self):
        return 1

    def added(self, memory, seen):
        x = seen.x - np.array([4.0, -1.0, 0, 0])
        return memory._replace(sums=memory.sums.add(x, seen.target))

    def closed(self, memory):
        return memory

    def whitened_by(self, memory):
        return np.array([4.0, -1.0]), np.eye(2)

    def of_raw_inputs(self, memory, mean):
        return {"W": mean}


NOTHING = Params(np.zeros(2), np.zeros(2), np.zeros((3, 4)), np.zeros(3), np.zeros(2))


def test_in_the_last_pass_it_solves_for_a_head_of_raw_inputs_and_reports():
    rule, memory = Given(ridge=1e-12), Memory(1, Statistics.empty(4, 3))
    _, memory = rule.update(NOTHING, memory, Seen(FEATURES, None, target=T))
    ((found, facts),) = rule.conclude_team([NOTHING], memory)
    np.testing.assert_allclose(FEATURES @ found.V.T + found.offset, T, rtol=1e-8)
    np.testing.assert_allclose(found.gain * FEATURES[:, 2:].std(axis=0), 1)
    assert facts["rows"] == 200 and facts["rounds"] == 3
    assert facts["train_rmse"] < 1e-6
    np.testing.assert_array_equal([found.W, found.centre], [[4.0, -1.0], [0.0, 0.0]])


def test_in_float32_the_mean_is_not_in_the_weights():
    single = Params(*(part.astype(np.float32) for part in NOTHING))
    rule, memory = Given(ridge=1e-12), Memory(1, Statistics.empty(4, 3))
    _, memory = rule.update(single, memory, Seen(FEATURES, None, target=T))
    ((found, _),) = rule.conclude_team([single], memory)
    np.testing.assert_array_equal([found.W, found.centre], [[0.0, 0.0], [4.0, -1.0]])
    about = FEATURES - np.array([4.0, -1.0, 0, 0])
    np.testing.assert_allclose(about @ found.V.T + found.offset, T, rtol=1e-5, atol=1e-5)


def test_before_the_last_pass_nothing_is_changed_and_without_rows_it_says_so():
    rule = Given()
    assert rule.conclude_team([NOTHING], Memory(0, Statistics.empty(4, 3))) == [(NOTHING, {})]
    with pytest.raises(DataError, match="no rows to learn from"):
        rule.conclude_team([NOTHING], Memory(1, Statistics.empty(4, 3)))
