import numpy as np

import nodegraph as ng
from nodegraph.testing import check_node
from nodes import Input, Pad, Ridge


def test_a_constant_stands_in_the_last_column():
    check_node(Pad(value=-0.3))
    x = np.random.default_rng(0).standard_normal((9, 2))
    found = ng.Model(Input() >> Pad(value=2.5), dtype="float32").run(x)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.hstack([x, np.full((9, 1), 2.5)]).astype("float32"))


def test_its_weight_is_a_bias_that_is_penalised():
    x = np.random.default_rng(0).standard_normal((60, 2))
    y = x @ [[1.0], [-2.0]] + 3
    readout = Ridge(ridge=5.0, fit_bias=False, name="out")
    model = ng.Model(Input() >> Pad() >> readout).fit(x, y)
    z = np.hstack([x, np.ones((60, 1))])
    wanted = np.linalg.solve(z.T @ z + 5 * np.eye(3), z.T @ y).T
    np.testing.assert_allclose(model.params["out"].W_out, wanted, rtol=1e-10)
