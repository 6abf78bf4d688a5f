import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from nodegraph.arrays import cast, copy_tree, leaves
from nodegraph.errors import DataError
from nodegraph.rule import Lesson
from nodes import Reservoir
from nodes.kernels.growth import KINDS, Growth, grow
from nodes.kernels.passage import Passage
from nodes.kernels.tuning import Tuning, tune
from nodes.rules import (
    BCM,
    AntiHebb,
    Hebb,
    IntrinsicPlasticity,
    Oja,
    Sanger,
    SynapticNormalization,
)
from nodes.rules.plasticity import follow

STEPS = 25


def normalized(kind, **own):
    return lambda **fields: SynapticNormalization(rule=kind(**fields), **own)


GROWING = [
    Hebb,
    AntiHebb,
    Oja,
    Sanger,
    BCM,
    normalized(Hebb),
    normalized(BCM, norm="l1", length=2.0),
]


def dense(leaf):
    return leaf.toarray() if sparse.issparse(leaf) else np.asarray(leaf)


class Life:
    """A reservoir with sparse or dense weights, and what it goes through."""

    def __init__(self, rule, seed, units=9, dtype=np.float64, feedback=False, noise=0.0, **fields):
        rng = np.random.default_rng(seed)
        self.rule, self.node = rule, Reservoir(units=units, rule=rule, noise=noise, **fields)
        n_in, n_fb = rng.integers(1, 4), 2 * feedback
        self.params = cast(self.node.init(rng, n_in, units, n_fb), np.dtype(dtype))
        self.state = self.node.State(rng.uniform(-1, 1, units).astype(dtype))
        self.inputs = {"x": rng.uniform(-1, 1, (STEPS, n_in))}
        if feedback:
            self.inputs["feedback"] = rng.uniform(-1, 1, (STEPS, n_fb))
        if noise:
            self.inputs["noise"] = self.node.draw_noise(rng, STEPS, units)
        self.inputs = {port: rows.astype(dtype) for port, rows in self.inputs.items()}
        self.rows = rng.random(STEPS) < 0.8

    def lesson(self, rows=slice(None)):
        inputs = {port: series[rows] for port, series in self.inputs.items()}
        return Lesson(inputs, None, self.rows[rows])

    def learn(self, *parts):
        params, state = copy_tree(self.params), self.state
        memory, ys = self.rule.begin(params), []
        for part in parts or (slice(None),):
            lesson = self.lesson(part)
            params, state, memory, y = self.rule.learn(self.node, params, state, memory, lesson)
            ys.append(y)
        return params, state, memory, np.concatenate(ys)

    def followed(self):
        params = copy_tree(self.params)
        start = params, self.state, self.rule.begin(params)
        return follow(self.rule, self.node, *start, self.lesson())


def assert_alike(one, other, rtol, atol):
    for (path, a), (_, b) in zip(leaves(tuple(one)), leaves(tuple(other)), strict=True):
        assert a.dtype == b.dtype, path
        np.testing.assert_allclose(dense(a), dense(b), rtol=rtol, atol=atol, err_msg=path)


LIVES = {
    "seed": st.integers(0, 1000),
    "connectivity": st.sampled_from([0.2, 1.0]),
    "input_connectivity": st.sampled_from([0.5, 1.0]),
    "feedback": st.booleans(),
    "noise": st.sampled_from([0.0, 0.1]),
    "leak_rate": st.floats(0.1, 1.0),
    "bias_scaling": st.sampled_from([0.0, 0.3]),
    "dtype": st.sampled_from([np.float32, np.float64]),
}
BOUNDED = st.sampled_from(["tanh", "hard_tanh", "sigmoid", "softsign"])  # else weights may diverge


def within(dtype):
    return (1e-9, 1e-11) if dtype == np.float64 else (1e-3, 1e-5)


@pytest.mark.parametrize("weights", ["W", "W_in"])
@pytest.mark.parametrize("kind", GROWING)
@settings(max_examples=30, deadline=None)
@given(rate=st.floats(1e-4, 0.05), activation=BOUNDED, fields=st.fixed_dictionaries(LIVES))
def test_growth_in_loops_is_growth_step_by_step(kind, weights, rate, activation, fields):
    life = Life(kind(rate=rate, weights=weights), activation=activation, **fields)
    assert_alike(life.learn(), life.followed(), *within(fields["dtype"]))


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
@settings(max_examples=30, deadline=None)
@given(rate=st.floats(1e-4, 0.01), fields=st.fixed_dictionaries(LIVES))
def test_tuning_in_loops_is_tuning_step_by_step(activation, rate, fields):
    spread = {"sigma": 0.3} if activation == "tanh" else {}
    rule = IntrinsicPlasticity(rate=rate, activation=activation, mu=0.2, **spread)
    life = Life(rule, activation=activation, **fields)
    assert_alike(life.learn(), life.followed(), *within(fields["dtype"]))


@pytest.mark.parametrize("kind", [*GROWING, IntrinsicPlasticity])
@settings(max_examples=20, deadline=None)
@given(cut=st.integers(1, STEPS - 1), fields=st.fixed_dictionaries(LIVES))
def test_chunks_and_single_steps_learn_the_bits_of_the_whole(kind, cut, fields):
    life = Life(kind(rate=0.02), **fields)
    whole = life.learn()
    singly = [slice(t, t + 1) for t in range(STEPS)]
    assert_alike(life.learn(slice(cut), slice(cut, None)), whole, 0, 0)
    assert_alike(life.learn(*singly), whole, 0, 0)


@pytest.mark.parametrize("kind", [*GROWING, IntrinsicPlasticity])
@pytest.mark.parametrize("connectivity", [0.2, 1.0])
def test_params_and_state_that_come_in_stay_as_they_are(kind, connectivity):
    life = Life(kind(rate=0.02), 1, connectivity=connectivity)
    params, before = life.params, copy_tree((life.params, life.state))
    memory = life.rule.begin(params)
    own = copy_tree(memory)
    life.rule.learn(life.node, params, life.state, memory, life.lesson())
    assert_alike((params, life.state, memory), (*before, own), 0, 0)


GROWTH = Growth(KINDS["oja"], 0.1, 0.0, True, True, np.empty(0))


def fields_of(n=4, steps=3, **others):
    W, row = sparse.csr_array(np.eye(n)), np.ones(n)
    params = Reservoir.Params(W_in=np.ones((n, 2)), W=W, W_fb=np.ones((n, 1)), bias=0 * row)
    way = Passage(row, 1, np.ones((steps, 2)), None, None, np.ones(steps, bool), 0 * row)
    return params, way._replace(**others)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("leak", np.ones(3)),
        ("xs", np.ones((3, 1))),
        ("feedback", np.ones((3, 2))),
        ("noise", np.ones((2, 4))),
        ("rows", np.ones(2, bool)),
        ("x", np.ones(5)),
    ],
)
def test_shapes_that_do_not_fit_are_refused(field, value):
    params, way = fields_of(**{field: value})
    with pytest.raises(DataError, match=r"plasticity: the shapes .* do not fit"):
        grow(params, way, GROWTH, np.zeros(4))
    with pytest.raises(DataError, match=r"plasticity: the shapes .* do not fit"):
        tune(params, way, Tuning(0.1, 0.0, 0.2, 1e-3, 1e3), np.ones(4))


def test_a_gain_does_not_fall_below_the_least():
    params, way = fields_of(steps=1)
    gain = np.full(4, 0.5)
    tune(params, way, Tuning(0.9, 0.0, 0.1, 0.25, 1e3), gain)
    assert gain.tolist() == [0.25] * 4


def test_a_gain_does_not_rise_above_the_most():
    params, way = fields_of(steps=1, xs=np.zeros((1, 2)))
    gain = np.full(4, 0.5)
    tune(params, way, Tuning(0.9, 0.0, 0.1, 0.25, 0.75), gain)
    assert gain.tolist() == [0.75] * 4


def test_lengths_for_other_units_are_refused():
    params, way = fields_of()
    with pytest.raises(DataError, match="one number for each unit"):
        grow(params, way, GROWTH._replace(lengths=np.ones(3)), np.zeros(4))


@pytest.mark.parametrize("kind", [AntiHebb, Oja, Sanger, BCM])
@pytest.mark.parametrize("weights", ["W", "W_in"])
@pytest.mark.parametrize("connectivity", [0.3, 1.0])
def test_a_held_back_rate_is_that_of_the_meaning(kind, weights, connectivity):
    rule = kind(rate=3.0, weights=weights)  # far above what is stable
    life = Life(rule, 5, connectivity=connectivity, activation="tanh")
    held = rule.pace(np.ones(9), np.ones(9), np.zeros(9))
    assert (held < 3.0).any()
    assert_alike(life.learn(), life.followed(), 1e-7, 1e-9)
