import pytest

from nodegraph.testing import check_rule
from nodes import Reservoir, Ridge, Shared
from nodes.rules import LeastSquares, SharedLearning


@pytest.mark.parametrize("fields", [{}, {"solver": "qr"}])
def test_it_keeps_the_contract(fields):
    node = Shared(node=Ridge(**fields), copies=2)
    check_rule(SharedLearning(rule=LeastSquares(**fields), copies=2), node, n_in=6, n_out=4)


def test_it_teaches_what_is_shared_alone():
    rule = SharedLearning(rule=LeastSquares(), copies=2)
    assert "teaches what is Shared, not a Ridge" in rule.refusal(Ridge())
    assert rule.refusal(Shared(node=Reservoir(units=3), copies=2))
