import numpy as np
import pytest

from nodegraph.dynamics.straight_part import straight_part


@pytest.mark.parametrize("slope", [0.01, 0.3])
def test_the_line_between_a_transient_and_the_plateau_is_found(slope):
    n = round(4.0 / slope)
    curve = np.concatenate([[0.0, 1.0, 1.5], 1.5 + slope * np.arange(1, n), np.full(n, 5.5)])
    first, stop = straight_part(curve, 5.5, 4)
    assert np.polyfit(np.arange(first, stop), curve[first:stop], 1)[0] == pytest.approx(slope, 0.1)
    assert curve[stop - 1] <= 0.6 * 5.5


def test_a_root_has_no_straight_part():
    assert straight_part(np.log(np.sqrt(np.arange(1.0, 400.0))), np.log(20), 4) is None


def test_a_level_curve_has_none():
    assert straight_part(np.zeros(50), 1.0, 4) is None
