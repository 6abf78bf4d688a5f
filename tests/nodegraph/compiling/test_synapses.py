"""The weights of a matrix one by one: dense, sparse and traced say the same."""

import numpy as np
import pytest
from scipy import sparse

from nodegraph.compiling.ir import TraceError
from nodegraph.compiling.sparse import sliced
from nodegraph.engines.compiled.courses import learn_by_step
from nodegraph.errors import ContractError
from nodegraph.graph.lesson import Lesson
from nodegraph.maths import cond, synapses
from nodegraph.node import Node
from nodegraph.rule import Rule
from nodegraph.testing import teach
from nodes import Reservoir

RNG = np.random.default_rng(0)
DENSE = np.where(RNG.random((13, 5)) < 0.5, RNG.normal(size=(13, 5)), 0.0)
Y, X = RNG.normal(size=13), RNG.normal(size=5)
SMALL = sparse.csr_array(0.1 * (DENSE @ DENSE.T))


def spread(w):
    """Return a matrix of what is said of each weight by all words together."""
    values = w.post(Y) * w.weights - w.pre(X)
    return w.matrix(w.running_sums(values) + w.post(w.sums(w.weights)))


def test_a_sparse_matrix_says_of_its_entries_what_a_dense_one_does():
    W = sparse.csr_array(np.where(DENSE != 0, 1.0, 0.0))
    values = np.where(DENSE != 0, Y[:, None] * 1.0 - X, 0.0)
    expected = np.cumsum(values, axis=0) + (DENSE != 0).sum(axis=1)[:, None]
    np.testing.assert_allclose(spread(synapses(W)).toarray(), np.where(DENSE != 0, expected, 0))


class Drift(Rule):
    """A rule that changes all weights, and no matrix of another pattern."""

    online, supervised, modifies = True, False, ("W",)
    how: str = "all"

    def update(self, params, memory, seen):
        """Return the params with other weights."""
        w = synapses(params.W)
        if self.how == "all":
            grown = w.matrix(w.weights + 1.0 + 0.1 * w.running_sums(w.pre(seen.before.x)))
        elif self.how == "cond":
            double = lambda W: synapses(W).matrix(2 * synapses(W).weights)  # noqa: E731
            grown = cond(seen.y[0] > 0, double, params.W)
        elif self.how == "narrow":
            grown = w.matrix(w.weights.astype(np.float32))
        else:
            grown = params.W @ np.eye(13)[0]
        return params._replace(W=grown), memory


def learned(rule, learn, W=SMALL, rows=9):
    n = W.shape[0]
    node: Node = Reservoir(W=W, W_in=RNG.normal(size=(n, 2)))
    params = node.init(np.random.default_rng(0), 2, n)
    lesson = Lesson({"x": RNG.normal(size=(rows, 2))}, None, np.arange(rows) != 4)
    return learn(rule, node, params, node.start(n), (), lesson).params.W


@pytest.mark.parametrize("how", ["all", "cond"])
def test_what_fills_slices_up_never_grows_and_places_stay(how):
    rule, state = Drift(how=how), RNG.bit_generator.state
    found = learned(rule, teach)
    RNG.bit_generator.state = state
    expected = learned(rule, learn_by_step)
    np.testing.assert_array_equal(found.toarray(), expected.toarray())
    assert not np.array_equal(found.data, SMALL.data)


def test_weights_of_rows_in_parts_grow_where_they_are():
    rng, n = np.random.default_rng(0), 3200
    W = sparse.random_array((n, n), density=0.006, rng=rng).tocsr()
    assert len(sliced(W)["starts"]) == 2 * n // 8 + 1
    rule, state = Drift(how="all"), RNG.bit_generator.state
    found = learned(rule, teach, 0.01 * W, 2)
    RNG.bit_generator.state = state
    expected = learned(rule, learn_by_step, 0.01 * W, 2)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.data, expected.data)
    assert found.data.mean() > 1


@pytest.mark.parametrize(
    ("how", "said"),
    [("narrow", "another kind of W.data than before"), ("product", r"synapses\(W\).matrix\(")],
)
def test_weights_of_another_kind_are_refused(how, said):
    rule = Drift(how=how)
    with pytest.raises(ContractError, match=said):
        learned(rule, teach)


def test_a_number_of_weights_that_does_not_fit_is_told():
    W = sparse.csr_array(DENSE)
    with pytest.raises((ValueError, TraceError)):
        synapses(W).matrix(np.zeros(3))
