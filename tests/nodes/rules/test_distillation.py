import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError
from nodegraph.testing import check_rule
from nodes import Input, LinearAttention
from nodes.parts.feature_maps import features, weights
from nodes.rules import Distillation

RNG = np.random.default_rng(1)


def hedgehog(**fields):
    memory = LinearAttention(kernel="hedgehog", name="memory", **fields)
    graph = (Input(name="q") >> memory) & (Input(name="k") >> memory["key"])
    return graph & (Input(name="v") >> memory["value"])


def softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def test_contract():
    node = LinearAttention(kernel="hedgehog")
    check_rule(Distillation(), node, n_out=2, ports={"key": 3, "value": 2})


def test_its_slope_is_that_of_the_loss():
    d, n = 3, 5
    q, keys = RNG.standard_normal(d), RNG.standard_normal((n, d))
    there = np.arange(n) < 4
    of = weights("hedgehog", d)._replace(
        W=RNG.standard_normal((d, d)) / 2, b=RNG.standard_normal(d) / 2
    )
    a = softmax(keys[:4] @ q / np.sqrt(d))

    def loss(W, b):
        now = of._replace(W=W, b=b)
        s = features("hedgehog", now, keys[:4]) @ features("hedgehog", now, q)
        return -(a * np.log(s / s.sum())).sum()

    found = Distillation(window=n)._slope(of, q, keys, there)
    eps = 1e-6
    for name, slope in zip(("W", "b"), found, strict=True):
        for at in np.ndindex(slope.shape):
            step = np.zeros_like(slope)
            step[at] = eps
            here = getattr(of, name)
            up, down = (loss(**{"W": of.W, "b": of.b} | {name: here + s * step}) for s in (1, -1))
            assert slope[at] == pytest.approx((up - down) / (2 * eps), abs=1e-7)


def keys_of_one_length(rng, n, d=4):
    x = rng.standard_normal((n, d))
    return 1.5 * np.sqrt(d) * x / np.linalg.norm(x, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def learned():
    rng = np.random.default_rng(2)
    data = {name: keys_of_one_length(rng, 6000) for name in "qkv"}
    model = ng.Model(hedgehog(features=32), seed=1)
    model.partial_fit(data)
    return model.params["memory"]


def entropies(of, kernel, q, keys):
    """Return the mean entropies of softmax's attention and of that of the features."""
    a = softmax(q @ keys.T / np.sqrt(q.shape[1]))
    s = features(kernel, of, q) @ features(kernel, of, keys).T
    p = s / s.sum(axis=1, keepdims=True)
    return (-(a * np.log(a)).sum(axis=1).mean(), -(p * np.log(p)).sum(axis=1).mean())


def test_distilled_attention_is_as_sharp_as_softmax_where_elu_is_not(learned):
    rng = np.random.default_rng(3)
    q, keys = keys_of_one_length(rng, 200), keys_of_one_length(rng, 16)
    exact, distilled = entropies(learned, "hedgehog", q, keys)
    assert abs(distilled - exact) < 0.1 * exact
    _, plain = entropies(None, "elu", q, keys)
    assert abs(plain - exact) > 0.1 * exact


def test_it_rises_with_the_product_of_query_and_key_where_elu_does_not(learned):
    rng = np.random.default_rng(4)
    q, keys = keys_of_one_length(rng, 60), keys_of_one_length(rng, 60)
    dots = (q @ keys.T).ravel()

    def ranks(values):
        return np.argsort(np.argsort(values))

    def agreement(kernel, of):
        s = features(kernel, of, q) @ features(kernel, of, keys).T
        return np.corrcoef(ranks(s.ravel()), ranks(dots))[0, 1]

    assert agreement("hedgehog", learned) > 0.95 > agreement("elu", None)


def test_less_than_a_batch_is_refused():
    with pytest.raises(DataError, match="saw 3 steps to learn from, less than one batch"):
        ng.Model(hedgehog(), seed=1).fit({name: RNG.standard_normal((3, 4)) for name in "qkv"})
