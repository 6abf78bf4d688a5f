import numpy as np
import pytest

from nodes import Dense, Reservoir
from nodes.parts.layer_doubts import layer_doubts, saturation
from nodes.rules import Oja

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (64, 2))


def shown(node, x, y):
    return layer_doubts(node, x, y, node.init(np.random.default_rng(0), x.shape[1], y.shape[1]))


def test_states_beyond_the_edge_are_counted_and_the_strongest_drive_is_named():
    y = np.where(RNG.random((64, 5)) < 0.8, 1.0, 0.0)
    (words,) = shown(Reservoir(units=5, input_scaling=5.0), X, y)
    percent = f"{100 * (y == 1).mean():.0f} %"
    assert words == (
        f"{percent} of its states are beyond .99 of tanh's range: lower input_scaling (5.0)"
    )
    (words,) = shown(Reservoir(units=5, input_scaling=1000.0), X, y)
    assert words.endswith("lower input_scaling (1000.0)")  # the data are of an ordinary size
    (words,) = shown(Reservoir(units=5, input_scaling=2.0), 8 * X, y)
    assert words.endswith("lower input_scaling (2.0), or put a Scaler in front")
    (words,) = shown(Reservoir(units=5, bias=np.full(5, 9.0)), X, y)
    assert words.endswith("lower the sizes of bias")


@pytest.mark.parametrize("activation", ["identity", "relu", "sin", "softmax"])
def test_what_has_no_flat_ends_is_never_saturated(activation):
    node = Reservoir(units=5, activation=activation)
    assert shown(node, X, 5 * RNG.normal(size=(64, 5))) == []


def test_a_matrix_that_has_not_grown_is_not_spoken_of():
    node = Reservoir(units=9, connectivity=1.0, rule=Oja())
    params = node.init(np.random.default_rng(0), 2, 9)
    y = np.tanh(RNG.normal(size=(64, 9)))
    assert layer_doubts(node, X, y, params) == []
    assert layer_doubts(node, X, y, params._replace(W=1.9 * params.W)) == []
    (words,) = layer_doubts(node, X, y, params._replace(W=3 * params.W))
    assert words.startswith(
        "Oja has raised its spectral radius from 0.9 to 2.7: lower rate (1e-06)"
    )
    given = Reservoir(W=3 * params.W, rule=Oja())
    assert layer_doubts(given, X, y, params._replace(W=3 * params.W)) == []


def test_sparse_input_weights_are_looked_at_as_dense_ones_are():
    node = Reservoir(units=9, input_connectivity=0.5, input_scaling=0.01)
    assert shown(node, 100 + X, np.tanh(RNG.normal(size=(64, 9)))) == []
    node = Reservoir(units=9, input_connectivity=0.5)
    (words,) = shown(node, 100 + X, np.tanh(RNG.normal(size=(64, 9))))
    assert "put a Scaler in front" in words


def test_a_layer_without_state_has_no_recurrent_drive():
    node = Dense(units=4, input_scaling=80.0)
    y = np.ones((64, 4))
    words = saturation(node, X, y, node.init(np.random.default_rng(0), 2, 4))
    assert "100 % of its states" in words and "input_scaling (80.0)" in words
