import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph import delay
from nodegraph.engines.compiled.courses import learn_by_step
from nodegraph.files.yaml.spec import read_text
from nodegraph.graph.lesson import Lesson
from nodegraph.graph.rule import Seen
from nodegraph.testing import check_node, check_rule, teach
from nodegraph.testing.comparing import same_trees
from nodes import GRU, LMS, LSTM, Input, Ridge, Zoneout
from nodes.rules import BPTT, RFLO, TBPTT, EProp

N, RNG = 4, np.random.default_rng
X = np.random.default_rng(0).standard_normal((50, 2))
CELL = Zoneout(cell=LSTM(units=N, emits=("h", "c")), p={"h": 0.1, "c": 0.5})


def test_it_keeps_the_contract():
    check_node(CELL)
    check_rule(CELL.rule, CELL)


def shares(seed, steps):
    return CELL.draw_noise(np.random.default_rng(seed), steps, 2 * N)


def test_a_unit_that_stays_keeps_its_bits_and_others_move():
    p, state = CELL.init(np.random.default_rng(1), 2, 2 * N), CELL.start(2 * N, 2)
    noise = shares(0, len(X))
    before = state
    for x, draw in zip(X, noise, strict=True):
        after, _ = CELL.step(p, before, x, noise=draw)
        moved = CELL.cell.moved(p, before, x)
        for name, row, share in zip("hc", np.split(draw, 2), (0.1, 0.5), strict=True):
            expected = np.where(row < share, getattr(before, name), getattr(moved, name))
            np.testing.assert_array_equal(getattr(after, name), expected)
        before = after


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_the_mean_over_draws_is_what_runs(seed):
    rng = np.random.default_rng(seed)
    p, state = CELL.init(rng, 2, 2 * N), CELL.start(2 * N, 2)
    state = state._replace(h=rng.uniform(-1, 1, N), c=rng.uniform(-2, 2, N))
    x, draws = rng.standard_normal(2), shares(seed, 4000)
    moved = CELL.cell.moved(p, state, x)
    run, _ = CELL.step(p, state, x)
    for name, part, share in zip("hc", np.split(draws, 2, axis=1), (0.1, 0.5), strict=True):
        old, new = getattr(state, name), getattr(moved, name)
        mean = np.where(part < share, old, new).mean(axis=0)
        np.testing.assert_allclose(mean, getattr(run, name), atol=5 * np.abs(new - old).max() / 63)


def test_it_draws_while_it_learns_alone():
    graph = Input() >> Zoneout(cell=GRU(units=20), p=0.3, name="z") >> Ridge()
    model = ng.Model(graph, seed=1).fit(X, X)
    assert model.run(X).shape == X.shape
    plain = ng.Model(Zoneout(cell=GRU(units=3), p=0.0), seed=1).run(X)
    np.testing.assert_array_equal(plain, ng.Model(GRU(units=3, name="zoneout"), seed=1).run(X))


@pytest.mark.parametrize("rule", [EProp(decay=0.0), RFLO(decay=0.0)])
def test_traces_follow_the_state_that_was_drawn(rule):
    def learned(p):
        cell = Zoneout(cell=GRU(units=3, rule=rule), p=p, name="z")
        return ng.Model(Input() >> cell, seed=1).fit(X).params["z"]

    never, hardly, often = learned(0.0), learned(1e-9), learned(0.1)
    same_trees(hardly, never, "chance without a share")
    assert not np.array_equal(often.W, never.W)
    np.testing.assert_allclose(often.W, never.W, atol=0.1)


def lived(cell, params, noise, state, steps):
    """Return the states before each of some steps, and the last; None is a step without noise."""
    states = [state]
    for t in steps:
        more = {} if noise[t] is None else {"noise": noise[t]}
        states.append(cell.step(params, states[-1], X[t], **more)[0])
    return states


def loss_of(name, params, states, steps):
    """Return half the squares of the errors that a rule goes back from."""
    if name == "BPTT":
        e = 1.0 - params.V @ states[-1].h - params.offset
        return (e @ e) / 2
    errors = [
        X[t] - params.V @ state.h - params.offset for t, state in zip(steps, states, strict=False)
    ]
    return sum(e @ e for e in errors) / 2


@pytest.mark.parametrize("rule", [TBPTT(steps=6), BPTT(steps=6)], ids=["TBPTT", "BPTT"])
def test_rules_that_look_back_go_through_what_was_drawn(rule):
    """Finite differences of the very steps that were lived, one of them in the mean."""
    name, rng = type(rule).__name__, np.random.default_rng(4)
    cell = Zoneout(cell=LSTM(units=3, rule=rule), p={"h": 0.3, "c": 0.5})
    params = cell.init(rng, 2, 2)
    params = params._replace(V=rng.standard_normal(params.V.shape))
    noise = [*cell.draw_noise(rng, 9, 3)]
    noise[5] = None
    before = lived(cell, params, noise, cell.start(3, 2), range(9))
    if name == "BPTT":
        found = cell.learner.gradients(params, Seen(X[8], None, before[-1], np.ones(2)))
    else:
        found = cell.learner.gradients(params, before[-1].past, 6)
    for field, i in (("W", 5), ("W_in", 1), ("bias", 7), ("V", 2)):
        losses = []
        for change in (1e-6, -1e-6):
            array = getattr(params, field).copy()
            array.flat[i] += change
            near = params._replace(**{field: array})
            states = lived(cell, near, noise, before[3], range(3, 9))
            losses.append(loss_of(name, near, states, range(3, 9)))
        slope = (losses[0] - losses[1]) / 2e-6
        np.testing.assert_allclose(found[field].flat[i], slope, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("p", [0.0, 0.3])
def test_noise_teaches_compiled_what_it_teaches_in_python(p):
    cell = Zoneout(cell=GRU(units=3, rule=EProp(batch=4)), p=p)
    noise, rule = cell.draw_noise(RNG(2), len(X), 3), cell.learner
    inputs = {"x": X} if noise is None else {"x": X, "noise": noise}

    def learned(learn):
        params = cell.init(RNG(1), 2, 3)
        lesson = Lesson(inputs, None, np.ones(len(X), bool))
        return learn(rule, cell, params, cell.start(3, 2), rule.begin(params), lesson).params

    found, drawn = learned(teach), cell.init(RNG(1), 2, 3)
    same_trees(found, learned(learn_by_step), "compiled and in Python")
    assert not np.array_equal(found.W, drawn.W)


@pytest.mark.parametrize("looped", [False, True])
def test_steps_one_by_one_draw_what_a_whole_series_draws(looped):
    held, out = Zoneout(cell=LSTM(units=4), p=0.3), LMS(name="out")
    graph = Input() >> held >> out
    graph = graph & (out >> delay(1) >> held) if looped else graph
    u = np.random.default_rng(0).standard_normal((90, 2))
    whole = ng.Model(graph, seed=1).partial_fit(u, u)
    model = ng.Model(graph, seed=1)
    parts = [model.partial_fit(row[None], row[None]) for row in u]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_p_0_draws_nothing():
    assert Zoneout(cell=GRU(units=3), p=0.0).draw_noise(np.random.default_rng(0), 3, 3) is None


def test_the_cell_inside_is_written_by_its_kind():
    text = """
nodegraph: 1
nodes:
  x: {kind: Input}
  z: {kind: Zoneout, p: 0.2, cell: {kind: LSTM, units: 3, rule: {kind: RFLO, rate: 0.01}}}
edges: [x >> z]
"""
    cell = {node.name: node for node in read_text(text).graph.nodes}["z"].cell
    assert isinstance(cell, LSTM) and cell.rule == RFLO(rate=0.01)
    again = Zoneout(**CELL.as_given())
    assert again.cell.as_given() == CELL.cell.as_given()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"cell": Ridge()}, "cell: should be a cell, such as LSTM"),
        ({"cell": GRU}, r"is the class itself; write GRU\(\)"),
        ({"cell": GRU(units=2), "p": {"c": 0.5}}, r"p: names of h are known \(got c\)"),
        ({"cell": {"kind": "Ridge"}}, "should be a cell, which Ridge is not"),
    ],
)
def test_bad_fields_are_told(fields, said):
    with pytest.raises(ng.errors.FieldError, match=said):
        Zoneout(**fields)
