import numpy as np

from nodegraph.testing import run_node
from nodes.parts.looking_back import LookingBack

RNG = np.random.default_rng(0)


def test_it_is_causal_attention_over_the_last_steps():
    q, k, v = np.moveaxis(RNG.normal(size=(9, 3, 2, 3)), 1, 0)
    rows = np.concatenate([part.reshape(9, -1) for part in (q, k, v)], axis=1)
    age = np.arange(9)[:, None] - np.arange(9)
    shares = np.exp(np.einsum("thd,jhd->htj", q, k) / np.sqrt(3)) * ((age >= 0) & (age < 4))
    expected = np.einsum("htj,jhd->thd", shares / shares.sum(axis=2, keepdims=True), v)
    node = LookingBack(heads=2, keys=3, span=4)
    _, found = run_node(node, (), node.start(6), rows)
    np.testing.assert_allclose(found, expected.reshape(9, -1), rtol=1e-12)


def test_chunks_do_not_show():
    node, rows = LookingBack(heads=2, keys=3, span=4), RNG.normal(size=(9, 18))
    state, first = run_node(node, (), node.start(6), rows[:5])
    _, rest = run_node(node, (), state, rows[5:])
    _, whole = run_node(node, (), node.start(6), rows)
    np.testing.assert_array_equal(np.concatenate([first, rest]), whole)
