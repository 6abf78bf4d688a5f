import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.testing import check_node
from nodes import Input, Power

X = np.random.default_rng(0).standard_normal((30, 3))


@pytest.mark.parametrize("exponent", [2, 3, 7])
def test_each_signal_is_raised_by_itself(exponent):
    check_node(Power(exponent=exponent))
    y = ng.Model(Input() >> Power(exponent=exponent)).run(X)
    np.testing.assert_allclose(y, X**exponent, rtol=1e-14)


@pytest.mark.parametrize("exponent", [1, 0, -2, 1.5])
def test_an_exponent_that_is_none_is_refused(exponent):
    with pytest.raises(FieldError, match="exponent"):
        Power(exponent=exponent)
