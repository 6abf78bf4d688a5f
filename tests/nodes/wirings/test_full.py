import numpy as np
import pytest

import nodegraph as ng
from nodes.wirings import fully_connected


def test_all_hear_all():
    masks = fully_connected(4, 2).masks(3)
    assert masks.recurrent.all() and masks.sensory.all()
    alone = fully_connected(4, self_connections=False).masks(3).recurrent
    np.testing.assert_array_equal(alone, 1 - np.eye(4))


def test_two_of_three_are_excitatory():
    signs = fully_connected(60).signs(20)
    assert abs((signs.recurrent > 0).mean() - 2 / 3) < 0.03


def test_all_are_outputs_unless_it_is_said():
    assert fully_connected(4).outputs == 4 and fully_connected(4, 1).outputs == 1
    with pytest.raises(ng.errors.FieldError, match=r"output_size: should be at most units \(4\)"):
        fully_connected(4, 5)
