import numpy as np

from nodes.wirings import self_connected


def test_units_hear_inputs_and_themselves():
    masks = self_connected(4).masks(3)
    np.testing.assert_array_equal(masks.recurrent, np.eye(4))
    assert masks.sensory.shape == (3, 4) and masks.sensory.all()
    assert self_connected(4).outputs == 4


def test_two_of_three_are_excitatory():
    signs = self_connected(900).signs(2)
    assert abs((np.diag(signs.recurrent) > 0).mean() - 2 / 3) < 0.05
    assert abs((signs.sensory > 0).mean() - 2 / 3) < 0.05
