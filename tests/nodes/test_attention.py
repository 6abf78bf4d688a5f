import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.testing import check_node
from nodes import Attention, Input

RNG = np.random.default_rng(0)
DATA = {name: RNG.standard_normal((30, d)) for name, d in (("q", 4), ("k", 4), ("v", 6))}


def attending(value=True, **fields):
    node = Attention(name="a", **fields)
    graph = (Input(name="q") >> node) & (Input(name="k") >> node["key"])
    return graph & (Input(name="v") >> node["value"]) if value else graph


def by_hand(window, heads):
    """Return the weights (T, heads, T) and what they pick, from whole matrices."""
    T, (q, k, v) = 30, (DATA[n].reshape(30, heads, -1) for n in "qkv")
    s = np.einsum("thd,shd->hts", q, k) / np.sqrt(4 / heads)
    ago = np.arange(T)[:, None] - np.arange(T)
    s = np.where((ago >= 0) & (ago < window), s, -np.inf)
    a = np.exp(s - s.max(-1, keepdims=True))
    a = a / a.sum(-1, keepdims=True)
    return a, np.einsum("hts,shd->thd", a, v).reshape(T, -1)


@pytest.mark.parametrize(
    ("fields", "ports"),
    [
        ({"window": 5}, {"key": 4}),
        ({"window": 3, "heads": 2}, {"key": 4, "value": 6}),
        ({"window": 4, "heads": 2, "output": "weights"}, {"key": 4, "value": 0}),
    ],
)
def test_contract(fields, ports):
    check_node(Attention(**fields), n_in=4, ports=ports)


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("window", [1, 7, 40])
def test_it_is_softmax_attention_over_a_band(window, heads):
    model = ng.Model(attending(window=window, heads=heads))
    whole = model.run(DATA)
    np.testing.assert_allclose(whole, by_hand(window, heads)[1], rtol=1e-10, atol=1e-12)


def test_weights_come_newest_first_head_by_head():
    y = ng.Model(attending(False, window=3, heads=2, output="weights")).run(
        {"q": DATA["q"], "k": DATA["k"]}
    )
    a = by_hand(3, 2)[0]
    expected = [a[h, 20, 20 - j] for h in range(2) for j in range(3)]
    np.testing.assert_allclose(y[20], expected, rtol=1e-10)
    np.testing.assert_allclose(y.reshape(30, 2, 3).sum(axis=2), 1, rtol=1e-12)
    assert y[0].tolist() == [1, 0, 0, 1, 0, 0]


def test_ports_that_do_not_go_together_are_refused():
    with pytest.raises(FieldError, match="4 signals at the port x cannot be shared by 3 heads"):
        ng.Model(attending(window=3, heads=3)).run(DATA)
    with pytest.raises(FieldError, match="value has no effect where the output is"):
        ng.Model(attending(window=3, output="weights")).run(DATA)
    with pytest.raises(FieldError, match="nothing is wired to the port value"):
        ng.Model(attending(False, window=3)).run({"q": DATA["q"], "k": DATA["k"]})
