import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.testing import check_node
from nodes import RandomAttention

X = np.random.default_rng(0).standard_normal((30, 3))


@pytest.mark.parametrize("kernel", ["elu", "based", "rebased", "hedgehog"])
def test_contract(kernel):
    check_node(RandomAttention(units=8, heads=2, kernel=kernel))


def test_it_is_attention_that_fades():
    model = ng.Model(RandomAttention(units=6, heads=2, keys=3, leak_rate=0.2, name="a"), seed=1)
    y = model.run(X)
    W = model.params["a"]
    v = np.tanh(X @ W.W_v.T + W.bias).reshape(30, 2, 3)
    q, k = (np.einsum("hki,ti->thk", M, X) for M in (W.W_q, W.W_k))
    q, k = (np.where(part > 0, part + 1, np.exp(part)) for part in (q, k))
    ago = np.arange(30)[:, None] - np.arange(30)
    A = np.einsum("thk,shk->hts", q, k) * np.where(ago >= 0, 0.8 ** np.maximum(ago, 0), 0)
    A = A / A.sum(axis=2, keepdims=True)
    np.testing.assert_allclose(y, np.einsum("hts,shd->thd", A, v).reshape(30, 6), rtol=1e-10)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=20), st.sampled_from(["elu", "based"]))
def test_what_it_gives_out_lies_between_values_that_there_were(u, kernel):
    model = ng.Model(RandomAttention(units=4, heads=2, kernel=kernel, name="a"), seed=2)
    x = np.array(u)[:, None]
    y = model.run(x)
    v = np.tanh(x @ model.params["a"].W_v.T + model.params["a"].bias)
    low, high = np.minimum.accumulate(v), np.maximum.accumulate(v)
    assert (y >= low - 1e-12).all() and (y <= high + 1e-12).all()


def test_units_that_heads_cannot_share_are_refused():
    with pytest.raises(FieldError, match=r"multiple of heads, 4 \(got 10\); write units=8"):
        RandomAttention(units=10)
