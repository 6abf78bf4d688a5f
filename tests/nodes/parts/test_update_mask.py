from typing import NamedTuple

import numpy as np

from nodes.parts.update_mask import update_mask


class State(NamedTuple):
    h: np.ndarray
    steps: np.ndarray


def test_what_is_held_keeps_its_bits_and_its_kind():
    new, old = State(np.ones(3), np.array(4)), State(np.full(3, -0.0), np.array(3))
    held = update_mask(np.array(False), new, old)
    assert isinstance(held, State)
    assert np.signbit(held.h).all()
    assert held.steps == 3 and held.steps.dtype == np.array(3).dtype


def test_a_mask_for_each_unit_goes_through_all_arrays():
    held = update_mask(np.array([True, False]), (np.ones(2), np.ones(2)), (np.zeros(2),) * 2)
    np.testing.assert_array_equal(held, [[1, 0], [1, 0]])
