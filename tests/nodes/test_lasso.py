import numpy as np
import pytest
import sklearn.linear_model

import nodegraph as ng
from nodegraph.errors import FieldError, IllConditionedWarning
from nodegraph.testing import check_node
from nodes import Input, Lasso

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 12)) + 2
Y = X[:, :3] @ [[1.0], [-2.0], [0.5]] + 0.3 * RNG.normal(size=(600, 1)) + 7


def learned(x=X, y=Y, **fields):
    return ng.Model(Input(name="u") >> Lasso(name="out", **fields)).fit(x, y)


def test_contract():
    check_node(Lasso(units=2))


@pytest.mark.parametrize("n", [600, 9])
def test_weights_and_bias_are_those_of_scikit_learn(n):
    model = learned(X[:n], Y[:n], l1=2 * n * 0.1)
    other = sklearn.linear_model.Lasso(0.1, tol=1e-12, max_iter=100_000).fit(X[:n], Y[:n, 0])
    np.testing.assert_allclose(model.params["out"].W_out[0], other.coef_, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(model.params["out"].bias, other.intercept_, rtol=1e-8)
    assert model.report[0]["inputs_kept"] == (other.coef_ != 0).sum()


def test_the_strength_that_predicts_best_keeps_the_inputs_that_matter():
    report = learned(l1="cv").report[0]
    W = learned(l1="cv").params["out"].W_out[0]
    assert (np.abs(W[:3]) > 0.3).all() and (np.abs(W[3:]) < 0.05).all()
    best = min(report["left_out_rmse"], key=report["left_out_rmse"].get)
    assert report["l1"] == pytest.approx(float(best), rel=1e-4)
    assert learned(l1=[1.0, 1e4]).report[0]["l1"] == 1.0


def test_series_workers_weights_and_files(tmp_path):
    whole = learned(l1=20.0)
    parts = learned([X[:100], X[100:]], [Y[:100], Y[100:]], l1=20.0)
    np.testing.assert_allclose(parts.params["out"].W_out, whole.params["out"].W_out, rtol=1e-9)
    whole.save(tmp_path / "m.safetensors")
    more = ng.load(tmp_path / "m.safetensors").update({"u": X[:50]}, Y[:50])
    again = learned(np.vstack([X, X[:50]]), np.vstack([Y, Y[:50]]), l1=20.0)
    np.testing.assert_allclose(more.params["out"].W_out, again.params["out"].W_out, rtol=1e-9)
    out = Lasso(l1=20.0, name="out")
    graph = (Input(name="u") >> out) & (Input(name="w") >> out["weight"])
    weight = 1.0 + (np.arange(600) < 50)[:, None]
    weighed = ng.Model(graph).fit({"u": X, "w": weight}, Y)
    np.testing.assert_allclose(weighed.params["out"].W_out, again.params["out"].W_out, rtol=1e-8)


def test_inputs_that_are_nearly_dependent_are_said_or_solved():
    x = np.hstack([X, X[:, :1] + 1e-9 * RNG.normal(size=(600, 1))])
    try:
        model = learned(x, Y, l1=1e-6)
    except IllConditionedWarning as warning:
        assert "lasso stopped" in str(warning)
    else:
        assert model.report[0]["train_rmse"] < 0.31


def test_a_penalty_below_zero_is_refused():
    with pytest.raises(FieldError, match="l1"):
        Lasso(l1=-1.0)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_of_inputs_that_stand_still_it_says_the_mean_and_nothing_else(dtype):
    """No warning of numpy is let through by these tests."""
    model = ng.Model(Input() >> Lasso(l1=1.0), dtype=dtype).fit(np.zeros((600, 2)), Y)
    np.testing.assert_array_equal(model.params["lasso"].W_out, [[0, 0]])
    np.testing.assert_allclose(model.run([[5.0, 5.0]]), [[Y.mean()]], rtol=1e-6)
