from nodegraph.testing import check_rule
from nodes import Hopfield
from nodes.rules import Storage


def test_contract():
    check_rule(Storage(), Hopfield(mode="modern", slots=4))
