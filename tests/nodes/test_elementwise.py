import numpy as np
import pytest

from nodes import Identity, Input, Output, Relu, Sigmoid, Softplus, Tanh
from nodes.activations import ACTIVATIONS, CODES
from nodes.elementwise import Elementwise

KINDS = [Identity, Input, Output, Relu, Sigmoid, Softplus, Tanh]


@pytest.mark.parametrize("kind", KINDS)
def test_each_output_is_a_function_of_its_own_input(kind):
    xs = np.random.default_rng(0).normal(size=(9, 4))
    node = kind()
    assert isinstance(node, Elementwise)
    _, ys = node.run((), (), xs)
    np.testing.assert_allclose(ys, ACTIVATIONS[node.function](xs), rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_the_compiled_step_says_what_f_is_and_how_wide(kind, dtype):
    node = kind()
    code = node.step_code((), (), np.dtype(dtype), {"x": 3})
    assert code.function
    assert code.arguments == (3, CODES[node.function])
