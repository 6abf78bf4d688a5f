import pytest

from nodegraph.testing import check_rule
from nodes import Lasso
from nodes.rules import SparseLeastSquares


@pytest.mark.parametrize("fields", [{"l1": 0.5}, {"l1": (0.5, 5.0), "ridge": 0.1}, {"l1": "cv"}])
def test_it_keeps_the_contract(fields):
    check_rule(SparseLeastSquares(**fields), Lasso(**fields))
