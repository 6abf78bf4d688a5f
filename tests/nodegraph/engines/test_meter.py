from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

from nodegraph import Array
from nodegraph.engines.meter import Meter
from nodes.rules import Oja


class Params(NamedTuple):
    W: Array
    W_in: Array


@pytest.mark.parametrize("seed", range(5))
def test_a_change_has_the_same_bits_however_weights_lie_in_memory(seed):
    before, after = np.random.default_rng(seed).normal(size=(2, 2, 20, 13))
    found = []
    for lay in (np.ascontiguousarray, np.asfortranarray):  # as they come from Ray, and compiled
        slot = SimpleNamespace(params=Params(*map(lay, before)), memory=())
        meter = Meter({"pool": Oja()}, {"pool": slot})
        slot.params = Params(*map(lay, after))
        found.append(meter.point({"pool": slot}).found["pool"]["change"])
    assert found[0] == found[1]
    size = max(np.linalg.norm(before), np.linalg.norm(after))
    np.testing.assert_allclose(found[0], np.linalg.norm(after - before) / size, rtol=1e-12)
