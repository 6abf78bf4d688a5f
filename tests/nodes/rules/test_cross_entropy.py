import numpy as np
import pytest

from nodegraph.errors import BudgetError
from nodegraph.testing import check_rule
from nodes import LogisticRegression
from nodes.rules import CrossEntropy


@pytest.mark.parametrize("n_out", [1, 3])
def test_it_keeps_the_contract(n_out):
    labels = np.random.default_rng(0).integers(0, max(n_out, 2), 60)
    target = np.eye(n_out)[labels] if n_out > 1 else labels[:, None]
    check_rule(CrossEntropy(), LogisticRegression(), n_in=70, n_out=n_out, target=target)


def test_a_curvature_that_does_not_fit_in_memory_is_refused():
    params = LogisticRegression.Params(np.empty((1000, 0)), np.empty(1000))
    wide = params._replace(W_out=np.broadcast_to(0.0, (1000, 10**6)))
    with pytest.raises(BudgetError, match="curvature of 1000 outputs and 1000000 inputs"):
        CrossEntropy().begin(wide)
