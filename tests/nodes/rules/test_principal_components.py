import pytest

from nodegraph.testing import check_rule
from nodes import PCA
from nodes.rules import PrincipalComponents


@pytest.mark.parametrize("whiten", [False, True])
def test_it_keeps_the_contract(whiten):
    check_rule(PrincipalComponents(whiten=whiten), PCA(units=2, whiten=whiten))
