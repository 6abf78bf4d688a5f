from nodegraph.testing import check_rule
from nodes import Hopfield
from nodes.rules import Association


def test_contract():
    check_rule(Association(), Hopfield())
