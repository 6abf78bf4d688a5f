import numpy as np
import pytest

from nodegraph.testing import run_node
from nodes import Identity, Input, Output, Relu, Sigmoid, Softplus, Tanh
from nodes.parts.activations import ACTIVATIONS
from nodes.parts.elementwise import Elementwise

KINDS = [Identity, Input, Output, Relu, Sigmoid, Softplus, Tanh]


@pytest.mark.parametrize("kind", KINDS)
def test_each_output_is_a_function_of_its_own_input(kind):
    xs = np.random.default_rng(0).normal(size=(9, 4))
    node = kind()
    assert isinstance(node, Elementwise)
    _, ys = run_node(node, (), (), xs)
    np.testing.assert_allclose(ys, ACTIVATIONS[node.function](xs), rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_step_and_run_have_the_same_bits(kind, dtype):
    xs = np.random.default_rng(1).normal(size=(9, 4)).astype(dtype)
    node = kind()
    _, ys = run_node(node, (), (), xs)
    assert ys.dtype == dtype
    for x, y in zip(xs, ys, strict=True):
        np.testing.assert_array_equal(node.step((), (), x)[1], y)


def test_the_identity_makes_no_copy_of_a_series():
    xs = np.ones((9, 4))
    assert run_node(Input(), (), (), xs)[1] is xs
