import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.testing import check_node, run_node
from nodes import Input, TemporalConvolution

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "fields", [{"bias_scaling": 0.3, "emits": ("top", "layers")}, {"activation": "relu"}]
)
def test_it_keeps_the_contract(fields):
    check_node(TemporalConvolution(units=4, kernel=2, layers=3, **fields))


def whole(node, p, xs):
    """Return the outputs of all steps, layer by layer: each tap a series that is shifted."""
    h = xs
    for layer in range(node.layers):
        W = (p.W_in if layer == 0 else p.W[layer - 1]).reshape(node.units, node.kernel, -1)
        drive = np.tile(p.bias[layer], (len(xs), 1))
        for j in range(node.kernel):
            back = j * 2**layer
            shifted = np.vstack([np.zeros((back, h.shape[1])), h])[: len(xs)]
            drive = drive + shifted @ W[:, j].T
        h = np.tanh(drive)
    return h


@pytest.mark.parametrize(("kernel", "layers"), [(1, 1), (2, 3), (3, 2), (4, 1)])
def test_step_by_step_it_is_the_convolution_of_the_whole(kernel, layers):
    node = TemporalConvolution(units=3, kernel=kernel, layers=layers)
    p, xs = node.init(RNG, 2, 3), RNG.standard_normal((40, 2))
    found = run_node(node, p, node.start(3, 2), xs)[1]
    np.testing.assert_allclose(found, whole(node, p, xs), atol=1e-13)


SIZES = {
    (k, n): TemporalConvolution(units=3, kernel=k, layers=n) for k, n in ((2, 1), (2, 4), (3, 3))
}


@settings(max_examples=20)
@given(st.sampled_from(sorted(SIZES)), st.integers(0, 2**32 - 1), st.floats(0.1, 5))
def test_a_pulse_is_heard_as_long_as_the_receptive_field(size, seed, loud):
    node, rng = SIZES[size], np.random.default_rng(seed)
    kernel, layers = size
    assert node.receptive_field == 1 + (kernel - 1) * (2**layers - 1)
    p, pulse = node.init(rng, 1, 3), np.zeros((40, 1))
    pulse[0] = loud
    heard = np.flatnonzero(run_node(node, p, node.start(3, 1), pulse)[1].any(axis=1))
    assert heard[-1] + 1 == node.receptive_field


def test_it_needs_an_input():
    with pytest.raises(ng.errors.FieldError, match="nothing is wired to it"):
        ng.Model(TemporalConvolution()).run(steps=3)


def test_frozen_only_the_heads_learn():
    x = RNG.standard_normal((80, 2))
    node = TemporalConvolution(units=3, layers=2, frozen=True, name="t")
    model = ng.Model(Input() >> node, seed=1)
    drawn = [model.run(x[:1]), model.params["t"].W.copy()][1]
    after = model.fit(x).params["t"]
    np.testing.assert_array_equal(after.W, drawn)
    assert np.abs(after.V).max() > 0
