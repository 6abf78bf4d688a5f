import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataWarning
from nodegraph.testing import check_node
from nodes import Filter, Input, LatencyEncoder, Ridge


def test_it_keeps_the_contract():
    check_node(LatencyEncoder(window=4, low=-1.0))


def test_a_larger_signal_fires_sooner_and_once():
    levels = np.array([1.5, 1.0, 0.7, 0.2, 0.01, 0.0, -1.0])
    spikes = ng.Model(LatencyEncoder(window=11)).run(np.tile(levels, (33, 1)))
    first = spikes.argmax(axis=0)
    np.testing.assert_array_equal(first[:5], [0, 0, 3, 8, 10])
    np.testing.assert_array_equal(spikes.sum(axis=0), [3, 3, 3, 3, 3, 0, 0])
    np.testing.assert_array_equal(spikes[:11], spikes[11:22])


def test_what_comes_within_a_window_waits_for_the_next():
    x = np.zeros((8, 1))
    x[1:] = 1.0
    spikes = ng.Model(LatencyEncoder(window=4)).run(x)[:, 0]
    np.testing.assert_array_equal(np.flatnonzero(spikes), [4])


def test_nonsense_is_refused():
    with pytest.raises(ng.errors.FieldError, match="low: should be below high"):
        LatencyEncoder(low=1.0)


@pytest.mark.parametrize(("shift", "said"), [(-65.0, "below low"), (65.0, "above high")])
def test_inputs_beyond_its_range_are_told_of(shift, said):
    u = np.random.default_rng(0).random((300, 1))
    graph = Input(units=1) >> LatencyEncoder() >> Filter(tau=5.0) >> Ridge(ridge=1e-3)
    with pytest.warns(DataWarning, match=f"100 % of the inputs are {said} .*give these as low"):
        ng.Model(graph).fit(u + shift, u)
    ng.Model(graph).fit(u, u)
