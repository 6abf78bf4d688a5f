import numpy as np

from nodegraph.rule import Seen
from nodegraph.testing import check_rule
from nodes import SparseCoder
from nodes.rules import Dictionary


def test_contract():
    check_rule(Dictionary(), SparseCoder(units=5))


def test_a_step_leaves_less_over():
    rng = np.random.default_rng(0)
    node = SparseCoder(units=5)
    params = node.init(rng, 3, 5)
    x = rng.standard_normal(3)
    state, y = node.step(params, node.start(5), x)
    seen = Seen(x=x, y=y, state=state, target=None, ports={}, before=node.start(5))
    after, _ = Dictionary(rate=0.2).update(params, None, seen)
    rest = [np.linalg.norm(x - p.D @ y) for p in (params, after)]
    assert rest[1] < rest[0]
    step = params.D + 0.2 * np.outer(x - params.D @ y, y) / (1 + y @ y)
    np.testing.assert_allclose(after.D, step / np.linalg.norm(step, axis=0), rtol=1e-12)
