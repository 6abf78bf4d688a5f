import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.testing import check_node
from nodes import Input, Unpatch


def test_contract():
    check_node(Unpatch(width=2, halo=1), n_in=8)
    check_node(Unpatch(width=3), n_in=3)  # one patch is all there is


def test_columns_that_are_no_patches_are_refused():
    with pytest.raises(FieldError, match="width, halo: 9 columns are no patches of 4"):
        ng.Model(Input() >> Unpatch(width=2, halo=1)).run(np.zeros((3, 9)))


def test_patches_wider_than_what_they_would_be_cut_from_are_refused():
    """Patches of 2 with 4 on each side, of 10, need as many columns in front: five of them."""
    graph = Input() >> Unpatch(width=2, halo=4)
    for count in (1, 2, 4):
        with pytest.raises(FieldError, match=f"{10 * count} columns would be {count} of 10, more"):
            ng.Model(graph).run(np.zeros((3, 10 * count)))
    columns = np.arange(50.0)[None]
    wanted = [[4, 5, 14, 15, 24, 25, 34, 35, 44, 45]]
    np.testing.assert_array_equal(ng.Model(graph).run(columns), wanted)
