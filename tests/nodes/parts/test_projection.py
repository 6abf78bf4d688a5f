import numpy as np
import pytest
from scipy.linalg import eigh

import nodegraph as ng
from nodegraph.errors import FieldError
from nodes import PCA, Input, SlowFeatures, Whitening
from nodes.parts.projection import Projection, check_units


@pytest.mark.parametrize("node", [PCA(units=2), SlowFeatures(units=2), Whitening()])
def test_it_gives_directions_of_the_centred_input(node):
    assert isinstance(node, Projection) and not node.ready
    rng = np.random.default_rng(0)
    params = node.init(rng, 2, 2)._replace(W=rng.normal(size=(2, 2)), mean=np.array([1.0, -2.0]))
    x = rng.normal(size=2)
    np.testing.assert_allclose(node.step(params, (), x)[1], params.W @ (x - [1, -2]), rtol=1e-13)


NODES = [PCA(units=3), PCA(units=3, whiten=True), Whitening(), SlowFeatures(units=3)]


def wanted(node, x):
    """Return what comes out but for the signs of directions, by definition."""
    x = x - x.mean(axis=0)
    C, d = x.T @ x / len(x), np.diff(x, axis=0)
    values, vectors = eigh(C)
    if isinstance(node, Whitening):
        return x @ (vectors / np.sqrt(values)) @ vectors.T
    if isinstance(node, SlowFeatures):
        return x @ eigh(d.T @ d / len(d), C)[1]
    return x @ (vectors / np.sqrt(values) if node.whiten else vectors)[:, ::-1]


@pytest.mark.parametrize("node", NODES)
def test_a_large_mean_costs_no_digits_in_single_precision(node):
    """The mean as float32 has it comes off without an error, and what is left of it behind W."""
    rng = np.random.default_rng(4)
    x = rng.standard_normal((400, 3)) * [1.0, 2.0, 3.0] + rng.uniform(1500, 3000, 3)
    x = np.cumsum(x - x.mean(axis=0), axis=0) * 0.05 + x
    x, u = x.astype(np.float32), Input()
    late = u >> ng.delay(1) >> node["previous"] if "previous" in node.ports else u
    model = ng.Model((u >> node) & late, dtype="float32").fit(x)
    found, expected = model.reset().run(x), wanted(node, x.astype(float))
    signs = np.sign((found * expected).sum(axis=0))
    spread = expected.std(axis=0)
    np.testing.assert_allclose(found.mean(axis=0) / spread, 0, atol=1e-6)
    np.testing.assert_allclose(found / spread, expected * signs / spread, atol=1e-5)


def test_there_are_no_more_directions_than_inputs():
    check_units(3, 3)
    with pytest.raises(FieldError, match=r"units: 3 directions are more than the inputs \(2\)"):
        check_units(3, 2)
