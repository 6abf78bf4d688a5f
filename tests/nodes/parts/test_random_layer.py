import numpy as np
import pytest
from scipy import sparse

from nodegraph.errors import FieldError
from nodes.parts.random_layer import RandomLayer


def rng():
    return np.random.default_rng(0)


def test_the_number_of_units_is_told_by_what_is_given():
    assert RandomLayer(units=4).declared_size == 4
    assert RandomLayer(W=np.eye(3)).declared_size == 3
    assert RandomLayer(bias=[1.0, 2.0]).declared_size == 2
    assert RandomLayer(W_in=np.ones((5, 2))).declared_size == 5


def test_columns_are_scaled_one_by_one():
    scaled = RandomLayer(units=6, input_scaling=(0.0, 2.0)).draw_input(rng(), 6, 2)
    plain = RandomLayer(units=6).draw_input(rng(), 6, 2)
    np.testing.assert_array_equal(scaled, plain * [0.0, 2.0])


def test_each_unit_hears_its_share_of_the_inputs():
    W_in = RandomLayer(units=9, input_connectivity=0.25).draw_input(rng(), 9, 8)
    assert sparse.issparse(W_in)
    np.testing.assert_array_equal(np.diff(W_in.indptr), 2)


def test_there_may_be_no_inputs():
    assert RandomLayer(units=9, input_connectivity=0.5).draw_input(rng(), 9, 0).shape == (9, 0)


@pytest.mark.parametrize(
    ("distribution", "values"), [("uniform", None), ("bernoulli", [-4.0, 4.0])]
)
def test_biases_are_drawn_and_scaled(distribution, values):
    bias = RandomLayer(units=200, bias_scaling=4.0, input_distribution=distribution).draw_bias(
        rng(), 200
    )
    assert np.abs(bias).max() <= 4
    if distribution == "bernoulli":
        np.testing.assert_array_equal(np.unique(bias), values)


def test_arrays_come_out_of_a_dump_as_they_are():
    W = np.eye(3)
    dump = RandomLayer(W=W).model_dump(exclude_defaults=True)
    assert list(dump) == ["W"]
    np.testing.assert_array_equal(dump["W"], W)


def test_what_is_given_is_copied_to_where_it_may_be_learned():
    layer = RandomLayer(W=np.eye(3), bias=np.ones(3))
    W, bias = layer.draw_recurrent(rng(), 3), layer.draw_bias(rng(), 3)
    W[0, 0], bias[0] = 5, 5
    assert layer.W[0, 0] == layer.bias[0] == 1


def test_a_scaling_for_each_column_is_one_for_each_column():
    with pytest.raises(FieldError, match="input_scaling: expected 3 numbers, one for each column"):
        RandomLayer(units=2, input_scaling=(1.0, 2.0)).draw_input(rng(), 2, 3)
