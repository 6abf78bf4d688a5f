import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.testing import check_node
from nodes import Input, Unpatch


def test_contract():
    check_node(Unpatch(width=2, halo=1), n_in=8)


def test_columns_that_are_no_patches_are_refused():
    with pytest.raises(FieldError, match="width, halo: 9 columns are no patches of 4"):
        ng.Model(Input() >> Unpatch(width=2, halo=1)).run(np.zeros((3, 9)))
