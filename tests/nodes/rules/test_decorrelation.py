import pytest

from nodegraph.testing import check_rule
from nodes import Whitening
from nodes.rules import Decorrelation


@pytest.mark.parametrize("epsilon", [0.0, 0.1])
def test_it_keeps_the_contract(epsilon):
    check_rule(Decorrelation(epsilon=epsilon), Whitening(epsilon=epsilon))
