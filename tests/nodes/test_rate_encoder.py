import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataWarning
from nodegraph.testing import check_node
from nodes import Filter, Input, RateEncoder, Ridge


@pytest.mark.parametrize("mode", ["regular", "poisson"])
def test_it_keeps_the_contract(mode):
    check_node(RateEncoder(mode=mode, low=-1.0, max_rate=0.4))


@pytest.mark.parametrize("mode", ["regular", "poisson"])
def test_spikes_are_as_many_as_the_rate_says(mode):
    levels = np.array([-1.0, 0.0, 0.5, 1.0, 2.0])
    encoder = RateEncoder(mode=mode, low=-1.0, high=1.0, max_rate=0.5)
    spikes = ng.Model(encoder).run(np.tile(levels, (8000, 1)))
    assert set(np.unique(spikes)) == {0.0, 1.0}
    expected = [0.0, 0.25, 0.375, 0.5, 0.5]
    near = 1e-3 if mode == "regular" else 0.02
    np.testing.assert_allclose(spikes.mean(axis=0), expected, atol=near)


def test_chances_of_units_and_steps_are_their_own():
    spikes = ng.Model(RateEncoder(mode="poisson")).run(np.full((4000, 3), 0.5))
    correlated = np.corrcoef(spikes.T) - np.eye(3)
    assert np.abs(correlated).max() < 0.06
    assert abs(np.corrcoef(spikes[1:, 0], spikes[:-1, 0])[0, 1]) < 0.06


def test_the_seed_says_which_chances():
    x = np.full((50, 2), 0.5)
    one, again = (ng.Model(RateEncoder(mode="poisson", seed=3)).run(x) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, ng.Model(RateEncoder(mode="poisson")).run(x))


def test_nonsense_is_refused():
    with pytest.raises(ng.errors.FieldError, match="low: should be below high"):
        RateEncoder(low=1.0)
    with pytest.raises(ng.errors.FieldError, match="seed would have no effect, for mode is reg"):
        RateEncoder(seed=3)


@pytest.mark.parametrize(("shift", "said"), [(-65.0, "below low"), (65.0, "above high")])
def test_inputs_beyond_its_range_are_told_of(shift, said):
    u = np.random.default_rng(0).random((300, 1))
    graph = Input(units=1) >> RateEncoder() >> Filter(tau=5.0) >> Ridge(ridge=1e-3)
    with pytest.warns(DataWarning, match=f"100 % of the inputs are {said} .*give these as low"):
        ng.Model(graph).fit(u + shift, u)
    ng.Model(graph).fit(u, u)
