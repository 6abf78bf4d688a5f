import numpy as np
import pytest
import sklearn.decomposition

import nodegraph as ng
from nodegraph.errors import DataError, FieldError, NotFittedError
from nodegraph.testing import check_node
from nodes import PCA, Input, Reservoir, Ridge, Scaler

RNG = np.random.default_rng(0)
X = RNG.normal(size=(700, 4)) @ RNG.normal(size=(4, 4)) + [3.0, -1.0, 100.0, 0.0]


@pytest.mark.parametrize("whiten", [False, True])
def test_it_gives_what_scikit_learn_gives_but_for_signs(whiten):
    check_node(PCA(units=2, whiten=whiten))
    model = ng.Model(Input() >> PCA(units=3, whiten=whiten, name="pca")).fit(X)
    other = sklearn.decomposition.PCA(3, whiten=whiten).fit(X)
    signs = np.sign((other.components_ * model.params["pca"].W).sum(axis=1))
    size = np.sqrt(700 / 699) if whiten else 1  # it divides the covariance by n - 1
    found = model.reset().run(X)
    np.testing.assert_allclose(found, other.transform(X) * signs * size, rtol=1e-7, atol=1e-9)
    variance = model.params["pca"].variance
    np.testing.assert_allclose(variance * 700 / 699, other.explained_variance_, rtol=1e-9)


def test_the_largest_entry_of_each_direction_is_positive():
    W = ng.Model(Input() >> PCA(units=4, name="pca")).fit(X).params["pca"].W
    assert (W[np.arange(4), np.abs(W).argmax(axis=1)] > 0).all()
    np.testing.assert_allclose(W @ W.T, np.eye(4), atol=1e-12)


def test_series_apart_and_workers_give_the_components_of_all_rows():
    whole = ng.Model(Input() >> PCA(units=2, name="pca")).fit(X).params["pca"]
    for workers in (None, 2):
        parts = [X[:100], X[100:101], X[101:]]
        found = ng.Model(Input() >> PCA(units=2, name="pca")).fit(parts, workers=workers)
        for one, other in zip(found.params["pca"], whole, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9)
    more = ng.Model(Input() >> PCA(units=2, name="pca")).fit(X[:300]).update(X[300:])
    np.testing.assert_allclose(more.params["pca"].W, whole.W, rtol=1e-9)


def test_it_learns_before_the_readout_behind_it():
    graph = Input() >> Scaler() >> Reservoir(units=30) >> PCA(units=5) >> Ridge()
    model = ng.Model(graph, seed=1).fit(X[:-1], X[1:], warmup=20)
    assert [told["rule"] for told in model.report] == [
        "Scaling",
        "PrincipalComponents",
        "LeastSquares",
    ]


def test_what_cannot_be_is_refused():
    with pytest.raises(NotFittedError, match="pca has not learned"):
        ng.Model(Input() >> PCA(units=1)).run(X)
    with pytest.raises(
        FieldError, match=r"5 directions are more than the inputs \(4\); write units=4"
    ):
        ng.Model(Input() >> PCA(units=5)).fit(X)
    flat = np.outer(np.arange(9.0), [1.0, 2.0])
    with pytest.raises(DataError, match=r"2 inputs vary in 1 directions, .* write units=1 at most"):
        ng.Model(Input() >> PCA(units=2, whiten=True)).fit(flat)
    with pytest.raises(
        DataError, match=r"none of the 2 inputs moves in the rows .* give more rows"
    ):
        ng.Model(Input() >> PCA(units=1, whiten=True)).fit(np.full((9, 2), 0.1))
    with pytest.raises(DataError, match="scale the data down"):
        ng.Model(Input() >> PCA(units=1)).fit(1e200 * flat)
    with pytest.raises(DataError, match="variance of the inputs overflows in float32: scale the"):
        ng.Model(Input() >> PCA(units=1), dtype="float32").fit(1e20 * flat)
