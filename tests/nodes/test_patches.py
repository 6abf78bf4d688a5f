import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.testing import check_node
from nodes import Input, Patches, Unpatch


@pytest.mark.parametrize("periodic", [True, False])
def test_contract(periodic):
    check_node(Patches(width=2, halo=2, periodic=periodic), n_in=6)


@settings(max_examples=8, deadline=None)
@given(
    width=st.integers(1, 4),
    halo=st.integers(0, 3),
    count=st.integers(1, 5),
    periodic=st.booleans(),
)
def test_each_patch_has_its_neighbours_on_both_sides(width, halo, count, periodic):
    n = width * count
    if width + 2 * halo > n:
        return
    x = np.random.default_rng(0).normal(size=(5, n))
    padded = np.pad(x, ((0, 0), (halo, halo)), mode="wrap" if periodic else "constant")
    wanted = [padded[:, p * width : (p + 1) * width + 2 * halo] for p in range(count)]
    node = Patches(width=width, halo=halo, periodic=periodic)
    found = ng.Model(Input() >> node).run(x)
    np.testing.assert_array_equal(found, np.hstack(wanted))
    back = ng.Model(Input() >> node >> Unpatch(width=width, halo=halo)).run(x)
    np.testing.assert_array_equal(back, x)


@pytest.mark.parametrize(
    "fields, message",
    [
        (
            {"width": 8},
            "width: patches of 8 do not divide the 12 columns that arrive; write width=6",
        ),
        ({"width": 6, "halo": 4}, "is wider than the 12 columns that arrive; write halo=3 or less"),
        ({"width": 12, "halo": 1}, "is wider than the 12 columns that arrive; write halo=0$"),
    ],
)
def test_patches_that_cannot_be_are_refused(fields, message):
    with pytest.raises(FieldError, match=message):
        ng.Model(Input() >> Patches(**fields)).run(np.zeros((3, 12)))
