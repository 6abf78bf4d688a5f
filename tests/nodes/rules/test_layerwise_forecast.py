import numpy as np

from nodegraph.rule import Lesson
from nodegraph.testing import check_rule, finite_differences, run_node, teach
from nodes import TemporalConvolution
from nodes.rules import LayerwiseForecast

D = 2
X = np.random.default_rng(0).standard_normal((12, D))
NODE = TemporalConvolution(
    units=3, kernel=2, layers=2, emits="layers", rule=LayerwiseForecast(batch=1000)
)


def test_it_keeps_the_contract():
    node = TemporalConvolution(units=3, kernel=2, layers=2)
    check_rule(node.rule, node)


def test_each_layer_follows_the_gradient_of_its_own_error_alone():
    rng = np.random.default_rng(1)
    p = NODE.init(rng, D, 6)
    p = p._replace(V=rng.standard_normal(p.V.shape), offset=rng.standard_normal(p.offset.shape))
    memory = NODE.learner.begin(p)
    lesson = Lesson({"x": X}, None, np.ones(len(X), bool))
    sums = teach(NODE.learner, NODE, p, NODE.start(6, D), memory, lesson).memory.sums

    def loss(layer):
        def of(p):
            h = run_node(NODE, p, NODE.start(6, D), X)[1].reshape(len(X), 2, 3)[:-1, layer]
            return ((X[1:] - h @ p.V[layer].T - p.offset[layer]) ** 2).sum() / 2

        return of

    np.testing.assert_allclose(sums.W_in[0], finite_differences(loss(0), p, "W_in"), atol=1e-7)
    np.testing.assert_allclose(sums.W[0], finite_differences(loss(1), p, "W"), atol=1e-7)
    for layer in range(2):
        expected = finite_differences(loss(layer), p, "bias")[layer]
        np.testing.assert_allclose(sums.bias[0][layer], expected, atol=1e-7)
