"""Digits told apart by layers that learn by themselves; see benchmarks/digits."""

import pytest

from benchmarks.digits import digits, right


@pytest.fixture(scope="module")
def data():
    return digits()


def test_patches_learned_by_soft_hebb_tell_more_digits_than_a_readout_of_pixels(data):
    assert right("patches, SoftHebb", data) >= 0.985
    assert right("ridge on pixels", data) <= 0.955


def test_patches_as_drawn_tell_as_many(data):
    """So small images need the patches, and not that they are learned."""
    assert right("patches, units as drawn", data) >= 0.985
