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


def test_keys_of_other_series_are_not_attended_to():
    """Before an update, what two series teach adds up."""
    rng = np.random.default_rng(2)
    data = [{port: rng.standard_normal((n, 2)) for port in "qkv"} for n in (9, 4)]

    def gathered(series):
        model = ng.Model(hedgehog(batch=100, window=6), seed=1)
        model.partial_fit({port: [one[port] for one in series] for port in "qkv"})
        return model._settle().slots["memory"].memory.W[0]

    apart = gathered(data[:1]) + gathered(data[1:])
    np.testing.assert_allclose(gathered(data), apart, rtol=1e-12)


def keys_of_one_length(rng, n, d, scale):
    x = rng.standard_normal((n, d))
    return scale * np.sqrt(d) * x / np.linalg.norm(x, axis=1, keepdims=True)


# of how many numbers keys are, their length over sqrt(d), and rows of W: None for the identity
SORTS = [(4, 1.0, None), (4, 1.5, 32), (16, 1.0, 64)]


@pytest.fixture(scope="module", params=SORTS, ids=str)
def learned(request):
    d, scale, rows = request.param
    rng = np.random.default_rng(2)
    data = {name: keys_of_one_length(rng, 6000, d, scale) for name in "qkv"}
    model = ng.Model(hedgehog(features=rows) if rows else hedgehog(), seed=1)
    model.partial_fit(data | {"v": data["v"][:, :1]})
    return d, scale, model.params["memory"]


def entropies(of, kernel, q, keys):
    """Return the mean entropies of softmax's attention and of that of the features."""
    a = softmax(q @ keys.T / np.sqrt(q.shape[1]))
    s = features(kernel, of, q) @ features(kernel, of, keys).T
    p = s / s.sum(axis=1, keepdims=True)
    return (-(a * np.log(a)).sum(axis=1).mean(), -(p * np.log(p)).sum(axis=1).mean())


def test_distilled_attention_is_as_sharp_as_softmax_where_elu_is_not(learned):
    d, scale, own = learned
    rng = np.random.default_rng(3)
    q, keys = keys_of_one_length(rng, 200, d, scale), keys_of_one_length(rng, 16, d, scale)
    exact, distilled = entropies(own, "hedgehog", q, keys)
    assert abs(distilled - exact) < 0.1 * exact
    _, plain = entropies(None, "elu", q, keys)
    assert abs(plain - exact) > 0.1 * exact


def test_it_rises_with_the_product_of_query_and_key_where_elu_does_not(learned):
    d, scale, own = learned
    rng = np.random.default_rng(4)
    q, keys = keys_of_one_length(rng, 60, d, scale), keys_of_one_length(rng, 60, d, scale)

    def agreement(kernel, of):
        """Return the rank correlation of the attention of a query with its products, on average."""
        s = features(kernel, of, q) @ features(kernel, of, keys).T
        pairs = zip(s, q @ keys.T, strict=True)
        ranks = [(a.argsort().argsort(), b.argsort().argsort()) for a, b in pairs]
        return np.mean([np.corrcoef(*pair)[0, 1] for pair in ranks])

    assert agreement("hedgehog", own) > 0.85 > 0.7 > agreement("elu", None)


def test_it_takes_more_features_the_sharper_softmax_is():
    """16 numbers, and twice as many features: only what is linear in a key can be told apart."""
    rng = np.random.default_rng(5)
    found = []
    for scale in (0.5, 1.5):
        data = {name: keys_of_one_length(rng, 3000, 16, scale) for name in "qk"}
        model = ng.Model(hedgehog(), seed=1)
        model.partial_fit(data | {"v": data["k"][:, :1]})
        own = model.params["memory"]
        exact, distilled = entropies(own, "hedgehog", data["q"][:200], data["k"][:16])
        found.append(distilled / exact)
    assert found[0] < 1.03 and found[1] > 1.3


def test_less_than_a_batch_is_refused():
    with pytest.raises(DataError, match="saw 3 steps to learn from, less than one batch"):
        ng.Model(hedgehog(), seed=1).fit({name: RNG.standard_normal((3, 4)) for name in "qkv"})
