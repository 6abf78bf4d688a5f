import numpy as np
import pytest

from nodes.parts.beyond import beyond


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (np.full(10, -1.0), "100 % of the inputs are below low (0)"),
        (np.r_[np.full(19, 9.0), 0.5], "95 % of the inputs are above high (1), and are encoded"),
        (np.r_[np.full(9, 9.0), 0.5], None),
        (np.r_[np.full(10, 9.0), np.full(10, -9.0)], None),
        (np.array([0.0, 1.0]), None),
    ],
)
def test_it_tells_of_inputs_on_one_side(x, said):
    found = beyond(x[:, None], 0.0, 1.0)
    assert [said in one for one in found] == ([] if said is None else [True])
