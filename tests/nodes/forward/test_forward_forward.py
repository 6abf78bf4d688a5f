import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_node, run_node
from nodes import ForwardUnit, Input, Ridge

U = np.random.default_rng(0).standard_normal((60, 2))
ALL = ("state", "prediction", "error")


def unit(**fields):
    return ForwardUnit(kind="forward_forward", **fields)


@pytest.mark.parametrize("fields", [{}, {"units": 7, "emits": ALL, "span": 5}, {"leak_rate": 1.0}])
def test_it_keeps_the_contract(fields):
    check_node(unit(**{"units": 20, **fields}))


def test_its_outputs_are_those_of_the_equation():
    node = unit(units=4, dim=2, fan_in=3, leak_rate=0.4, threshold=0.3, span=4, emits=ALL)
    p = node.init(np.random.default_rng(1), 2, node.declared_size)
    _, ys = run_node(node, p, node.start(8), U)
    M = np.zeros((2, 2))
    for t in range(60):
        bus, real = np.concatenate([U[t], np.tanh(M).ravel()]), []
        for i in range(2):
            h = np.tanh(p.W[i] @ [*bus[p.reads[i]], *M[i], 1])
            M[i] = 0.6 * M[i] + 0.4 * h / np.sqrt(1 + np.mean(h**2))
            real.append(1 / (1 + np.exp(0.3 - h @ h)))
        expected = [*np.tanh(M).ravel(), *real, *(1 - np.array(real))]
        np.testing.assert_allclose(ys[t], expected, rtol=1e-9, atol=1e-12)


def test_with_a_bound_on_its_loops_it_forgets_how_it_began():
    """After 100 steps that keep at most 0.7 + 0.3 x 0.9 of a difference, 0.05 of it is left."""
    rng = np.random.default_rng(3)
    node = unit(units=40, weight_scaling=3.0, loop_gain=0.9, rate=0.1, span=5)
    model = ng.Model(node, seed=1)
    model.fit(np.sin(np.arange(300) / 5)[:, None])
    params, start = model.params["forward_unit"], node.start(40)
    ends = [
        run_node(node, params, start._replace(M=rng.uniform(-1, 1, start.M.shape)), 5 * U[:, :1])[0]
        for _ in range(2)
    ]
    apart = np.linalg.norm(ends[0].M - ends[1].M, axis=1).max()
    assert apart < 0.97**60 * 2 * np.sqrt(10)
    free = unit(units=40, weight_scaling=3.0).init(np.random.default_rng(1), 1, 40)
    wild = [
        run_node(node, free, start._replace(M=M), 0 * U[:, :1])[0].M
        for M in (np.ones((4, 10)), -np.ones((4, 10)))
    ]
    assert np.linalg.norm(wild[0] - wild[1], axis=1).max() > 1


def test_a_faint_echo_dies_away():
    """Memories came from signs once: however small h was, it was made as large as any other."""
    node = unit(units=20, weight_scaling=0.1)
    params = node.init(np.random.default_rng(1), 1, 20)
    params.W[:, :, -1] = 0
    state = node.start(20)._replace(M=np.full((2, 10), 0.01))
    state, _ = run_node(node, params, state, np.zeros((60, 1)))
    assert np.abs(state.M).max() < 1e-6


@pytest.mark.parametrize(
    ("negatives", "least"), [("past", 0.1), ("shuffled", 0.1), ("mispredicted", 0.03)]
)
def test_cells_learn_to_tell_what_came_from_what_did_not(negatives, least):
    """What came is deemed more real after learning than what the cells made up."""
    rng = np.random.default_rng(2)
    wave = np.cumsum(rng.choice([0.0, 1.0], (4000, 1), p=[0.9, 0.1]), axis=0) % 4 - 1.5
    xs = np.concatenate([wave, wave**2 - 1], axis=1)  # the channels belong together
    node = unit(units=40, input_share=1.0, fan_in=6, span=30, negatives=negatives, rate=0.15)
    model = ng.Model(node, seed=1)
    model.run(xs[:1])
    before = deemed(model, node, xs)
    model.fit(xs)
    after = deemed(model, node, xs)
    assert after > least
    assert after > before + least / 2


def deemed(model, node, xs):
    """Return how much more real the cells find what came than their negatives, on average."""
    params, state = model.params["forward_unit"], node.start(40)
    gaps = []
    for u in xs[:400]:
        state, _ = node.step(params, state, u)
        now = int(state.steps) - 1
        if now >= 30:
            pair = state.past[now % 30], node.local_rule._false(params, state, now)
            gaps.append([goodness(params.W, z, state.before) for z in pair])
    true, false = np.mean(gaps, axis=0)
    return float(np.mean(true - false))


def goodness(W, z, before):
    v = np.concatenate([z, before, np.ones((len(z), 1))], axis=1)
    return (np.tanh(np.einsum("cij,cj->ci", W, v)) ** 2).sum(axis=1)


def test_a_past_too_short_to_choose_from_is_refused():
    with pytest.raises(ng.errors.FieldError, match=r"ForwardUnit\.span: should be at least 3"):
        unit(units=5, span=2)


def test_it_serves_a_readout():
    u = np.sin(np.arange(800) / 6)[:, None]
    model = ng.Model(Input() >> unit(units=20) >> Ridge(ridge=1e-6), seed=1)
    y = model.fit(u[:600], np.roll(u, 3)[:600], warmup=100).run(u[600:])
    assert np.abs(y - np.roll(u, 3)[600:]).max() < 0.1
