import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.files.yaml.spec import read_text
from nodegraph.rule import Lesson
from nodegraph.testing import check_node, check_rule, finite_differences, run_node, teach
from nodes import LTC, Input
from nodes.rules import BPTT, RFLO, TBPTT, EProp
from nodes.wirings import auto_ncp, fully_connected, ncp

RNG = np.random.default_rng(0)
U = RNG.standard_normal((50, 3))
DT = RNG.uniform(0.05, 3.0, (50, 1))
UNFOLDED = {n: LTC(units=4, unfolds=n, emits="potentials") for n in (1, 2, 6)}


def arrays(rng, n=7, d=3, m=2):
    """Return params by name, none of them as it would be drawn."""
    shapes = {"": (n, n), "sensory_": (d, n)}
    found = {
        "gleak": rng.uniform(0.01, 2, n),
        "vleak": rng.normal(0, 0.3, n),
        "cm": rng.uniform(0.2, 1, n),
        "input_w": rng.normal(1, 0.3, d),
        "input_b": rng.normal(0, 0.3, d),
        "output_w": rng.normal(1, 0.3, m),
        "output_b": rng.normal(0, 0.3, m),
    }
    for of, shape in shapes.items():
        found |= {
            of + "w": rng.uniform(0, 1, shape),
            of + "mu": rng.normal(0.5, 0.3, shape),
            of + "sigma": rng.uniform(2, 9, shape),
            of + "erev": rng.normal(0, 1, shape),
            of + "mask": rng.integers(0, 2, shape).astype(float),
        }
    return found


def by_hand(p, u, dt, unfolds):
    """Return output and potentials as the reference implementation has them."""
    v, rows = np.zeros(len(p["gleak"])), []

    def heard(of, s):
        g = p[of + "w"] / (1 + np.exp(-p[of + "sigma"] * (s[:, None] - p[of + "mu"])))
        g = g * p[of + "mask"]
        return (g * p[of + "erev"]).sum(axis=0), g.sum(axis=0)

    for x, time in zip(u, dt[:, 0], strict=True):
        pulled, open_ = heard("sensory_", x * p["input_w"] + p["input_b"])
        cm = p["cm"] / (time / unfolds)
        for _ in range(unfolds):
            more, wider = heard("", v)
            above = cm * v + p["gleak"] * p["vleak"] + more + pulled
            v = above / (cm + p["gleak"] + wider + open_ + 1e-8)
        rows.append(np.concatenate([v[: len(p["output_w"])] * p["output_w"] + p["output_b"], v]))
    return np.array(rows)


def timed(cell):
    return (Input(name="u") >> cell) & (Input(name="dt") >> cell["dt"])


@pytest.mark.parametrize(
    "fields",
    [
        {"units": 4},
        {"wiring": auto_ncp(12, 3), "emits": ["potentials", "output"], "unfolds": 2},
        arrays(np.random.default_rng(1)),
    ],
)
def test_it_keeps_the_contract(fields):
    check_node(LTC(**fields))


@pytest.mark.parametrize("unfolds", [1, 6])
@pytest.mark.parametrize(("dtype", "near"), [("float64", 1e-12), ("float32", 1e-5)])
def test_its_numbers_are_those_of_the_reference(unfolds, dtype, near):
    p = arrays(np.random.default_rng(2))
    cell = LTC(**p, unfolds=unfolds, emits=("output", "potentials"), name="cell")
    model = ng.Model(timed(cell), seed=1, dtype=dtype)
    found = model.run({"u": U, "dt": DT})
    np.testing.assert_allclose(found, by_hand(p, U, DT, unfolds), rtol=near, atol=near)


def test_its_params_are_drawn_as_the_reference_draws_them():
    p = LTC(units=30).init(np.random.default_rng(0), 3, 30)
    for name, (low, high) in {
        "gleak": (0.001, 1), "cm": (0.4, 0.6), "vleak": (-0.2, 0.2), "w": (0.001, 1),
        "mu": (0.3, 0.8), "sigma": (3, 8), "sensory_sigma": (3, 8),
    }.items():  # fmt: skip
        drawn = getattr(p, name)
        assert low <= drawn.min() and drawn.max() <= high
        assert drawn.max() - drawn.min() > 0.8 * (high - low)
    assert set(p.erev.ravel()) == {-1.0, 1.0} and p.mask.all() and p.output_w.shape == (30,)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 999),
    u=st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=12),
    dt=st.lists(st.floats(1e-6, 1e6), min_size=4, max_size=12),
    unfolds=st.sampled_from([1, 2, 6]),
)
def test_potentials_stay_between_reversal_potentials_for_any_input(seed, u, dt, unfolds):
    p = arrays(np.random.default_rng(seed), n=4, d=1) | {"vleak": np.zeros(4)}
    node, params, n = UNFOLDED[unfolds], LTC.Params(**p), min(len(u), len(dt))
    rows = np.array(u[:n])[:, None], np.array(dt[:n])[:, None]
    _, v = run_node(node, params, node.start(4), rows[0], dt=rows[1])
    erev = np.concatenate([p["erev"] * p["mask"], p["sensory_erev"] * p["sensory_mask"]])
    least, most = np.minimum(0, erev.min(axis=0)), np.maximum(0, erev.max(axis=0))
    assert (least - 1e-12 <= v).all() and (v <= most + 1e-12).all()


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 999),
    u=st.floats(-1e9, 1e9),
    v=st.lists(st.floats(-1e9, 1e9), min_size=4, max_size=4),
)
def test_time_constants_stay_between_their_bounds_for_any_input(seed, u, v):
    node = LTC(**arrays(np.random.default_rng(seed), n=4, d=1))
    p = node.init(np.random.default_rng(0), 1, 2)
    found = node.time_constants(p, np.array(v), np.array([u]))
    tau = p.cm / p.gleak
    W = ((p.w * p.mask).sum(axis=0) + (p.sensory_w * p.sensory_mask).sum(axis=0)) / p.cm
    assert (tau / (1 + tau * W) <= found * (1 + 1e-12)).all()
    assert (found <= tau * (1 + 1e-12)).all()


def test_a_small_step_follows_the_time_constant():
    cell = LTC(**arrays(np.random.default_rng(3)) | {"w": np.zeros((7, 7))}, unfolds=1)
    p = cell.init(np.random.default_rng(0), 3, 2)
    v = np.random.default_rng(4).normal(0, 0.5, 7)
    low, high = (cell.step(p, cell.State(s), U[0], dt=np.array([1e-6]))[0].v for s in (v, v + 1))
    decay = (1 - (high - low)) / 1e-6
    np.testing.assert_allclose(1 / decay, cell.time_constants(p, v, U[0]), rtol=1e-3)


def test_what_is_not_wired_is_not_heard():
    wiring = ncp(6, 4, 2, 3, 2, 3, 2, seed=5)
    cell = LTC(wiring=wiring)
    p = cell.init(np.random.default_rng(0), 3, 2)
    signs = wiring.signs(3)
    np.testing.assert_array_equal(p.mask, abs(signs.recurrent))
    np.testing.assert_array_equal(p.sensory_erev, signs.sensory)
    state = cell.State(np.linspace(-1, 1, 12))
    _, y = cell.step(p, state, U[0])
    blind = p._replace(w=np.where(p.mask == 0, 99.0, p.w))
    np.testing.assert_allclose(cell.step(blind, state, U[0])[1], y, rtol=1e-12)
    assert cell.declared_size == 2


def test_a_networkx_graph_is_a_wiring():
    graph = nx.DiGraph()
    graph.add_node("u", layer="sensory")
    graph.add_node("out", layer="motor")
    graph.add_weighted_edges_from([("u", "mid", 1), ("mid", "out", -1), ("out", "mid", 1)])
    cell = LTC(wiring=graph)
    p = cell.init(np.random.default_rng(0), 1, 1)
    np.testing.assert_array_equal(p.erev, [[0, 1], [-1, 0]])  # out, mid
    np.testing.assert_array_equal(p.sensory_mask, [[0, 1]])
    check_node(cell, n_in=1)


def test_it_is_written_in_yaml():
    text = """
nodegraph: 1
nodes:
  u: {kind: Input}
  cell: {kind: LTC, wiring: {kind: auto_ncp, units: 16, output_size: 2}}
edges:
  - u >> cell
"""
    model = ng.Model(read_text(text).graph, seed=1)
    assert model.run(U).shape == (50, 2)


def test_it_is_saved_and_loaded(tmp_path):
    model = ng.Model(Input() >> LTC(wiring=auto_ncp(16, 2)), seed=1)
    found = model.run(U)
    model.reset().save(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(ng.load(tmp_path / "m.safetensors").run(U), found)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "units is missing"),
        ({"units": 3, "cm": [0.5, 0.5]}, r"cm: expected shape \(3,\), got \(2,\)"),
        ({"units": 3, "cm": [0.5, 0, 0.5]}, "cm: should be greater than 0"),
        ({"units": 2, "w": [[0.5, 0.1], [-0.5, 1]]}, r"w: should be at least 0 \(got -0.5\)"),
        ({"wiring": {"kind": "auto"}}, "a wiring needs a kind of ncp, auto_ncp"),
        ({"units": 3, "wiring": fully_connected(4)}, "wiring: it has 4 neurons, not 3"),
    ],
)
def test_nonsense_is_refused(fields, message):
    with pytest.raises(ng.errors.FieldError, match=message):
        LTC(**fields)


def test_arrays_of_inputs_have_their_width():
    with pytest.raises(ng.errors.FieldError, match=r"sensory_w: expected shape \(3, 2\)"):
        ng.Model(LTC(units=2, sensory_w=np.ones((1, 2))), seed=1).run(U)


@pytest.mark.parametrize("rule", [RFLO(), TBPTT(steps=4)])
def test_learning_by_itself_it_keeps_the_contract(rule):
    cell = LTC(wiring=auto_ncp(5, 2), unfolds=1, rule=rule)
    check_node(cell)
    check_rule(rule, cell)


def in_memory(cell, p, u, dt):
    """Return the gradients that the rule of a cell gathers over a series."""
    lesson = Lesson({"x": u, "dt": dt}, None, np.ones(len(u), bool))
    start, memory = cell.start(cell.size(u.shape[1]), u.shape[1]), cell.learner.begin(p)
    return teach(cell.learner, cell, p, start, memory, lesson).memory.sums


def forecast_loss(cell, u, dt):
    """Return half the squared errors of a head that reads mapped and other potentials."""

    def of(p):
        seen = by_hand(p._asdict(), u, dt, cell.unfolds)
        m = len(p.output_w)
        h = np.concatenate([seen[:, :m], seen[:, 2 * m :]], axis=1)
        before = np.vstack([0 * h[:1], h[:-1]])
        return ((u - before @ p.V.T - p.offset) ** 2).sum() / 2

    return of


@pytest.mark.parametrize("rule", [TBPTT(steps=8), EProp(feedback="head")])
def test_its_gradients_are_those_of_finite_differences(rule):
    """Those of EProp where neurons hear themselves alone; there its traces are exact."""
    rng, u, dt = np.random.default_rng(5), U[:8, :2], DT[:8]
    cell = LTC(units=3, output_w=[0.9, -0.6], unfolds=2, emits="potentials", rule=rule)
    given = arrays(rng, n=3, d=2) | {"V": rng.normal(size=(2, 3)), "offset": rng.normal(size=2)}
    given |= {"mask": np.eye(3), "output_w": np.array([0.9, -0.6])} if rule.window == 0 else {}
    p = cell.init(np.random.default_rng(0), 2, 3)._replace(**given)
    sums, loss = in_memory(cell, p, u, dt), forecast_loss(cell, u, dt)
    for name in (*cell.weights, "V", "offset"):
        expected = finite_differences(loss, p, name)
        np.testing.assert_allclose(getattr(sums, name)[0], expected, atol=1e-7, err_msg=name)
    assert ("input_w" in cell.weights) == (rule.window > 0)


def test_conductances_and_capacities_stay_above_zero():
    cell = LTC(units=4, unfolds=1, rule=EProp(rate=0.1, batch=1), name="cell")
    p = ng.Model(cell, seed=1).fit(np.tile(U, (20, 1))).params["cell"]
    assert p.cm.min() >= 1e-6
    assert min(array.min() for array in (p.gleak, p.w, p.sensory_w)) == 1e-5
    LTC(**{name: getattr(p, name) for name in ("cm", "gleak", "w")})


def test_what_is_not_wired_is_not_learned():
    rule = TBPTT(steps=4, decay=0.0)
    cell = LTC(wiring=auto_ncp(8, 2), unfolds=1, rule=rule, name="cell")
    model = ng.Model(cell, seed=1)
    drawn = [model.run(U[:1]), model.params["cell"]][1]
    learned = model.fit(np.tile(U, (4, 1))).params["cell"]
    for of in ("", "sensory_"):
        there = getattr(drawn, of + "mask") != 0
        for name in ("w", "mu", "sigma", "erev"):
            moved = getattr(learned, of + name) != getattr(drawn, of + name)
            assert moved[there].mean() > 0.9 and not moved[~there].any()


@pytest.mark.parametrize("rule", [EProp, TBPTT])
def test_what_learns_foresees_better_than_its_frozen_twin(rule):
    found, x = [], ng.datasets.lorenz(2500, discard=500)[:, :1] / 8
    for frozen in (False, True):
        how = {"rule": rule(batch=10, epochs=2, rate=0.01), "frozen": frozen}
        cell = LTC(units=8, unfolds=1, emits="error", name="cell", **how)
        model = ng.Model(cell, seed=1).fit(x[:2000])
        found.append((model.reset().run(x)[2000:] ** 2).mean())
    assert found[0] < 0.8 * found[1]


def test_a_head_changes_nothing_of_what_is_drawn():
    plain = ng.Model(LTC(units=5), seed=1).run(U)
    np.testing.assert_array_equal(ng.Model(LTC(units=5, rule=EProp()), seed=1).run(U), plain)


def test_a_target_teaches_what_it_gives_out():
    model = ng.Model(LTC(units=6, unfolds=1, rule=BPTT(steps=4, rate=0.02)), seed=1)
    wanted = np.tanh(U[:, :1])
    model.fit([U] * 40, [wanted] * 40)
    assert ng.metrics.nrmse(wanted, model.reset().run(U)) < 0.8


def test_it_waits_when_it_is_told_to():
    cell = LTC(units=5, name="cell")
    model = ng.Model((Input(name="u") >> cell) & (Input(name="go") >> cell["update"]), seed=1)
    v = model.run({"u": U, "go": np.tile([[1.0], [0.0]], (25, 1))})
    np.testing.assert_array_equal(v[1::2], v[::2])
    assert (v[2::2] != v[:-2:2]).all()


def test_masks_that_say_other_than_a_wiring_are_refused():
    wiring = auto_ncp(10, output_size=2)
    signs = wiring.signs(2)
    masks = {"mask": abs(signs.recurrent), "sensory_mask": abs(signs.sensory)}
    found = ng.Model(LTC(wiring=wiring, **masks, name="l"), seed=1)
    found.run(np.ones((1, 2)))
    np.testing.assert_array_equal(found.params["l"].mask, masks["mask"])
    with pytest.raises(ng.errors.FieldError, match="mask: it has synapses that the wiring has not"):
        ng.Model(LTC(wiring=wiring, mask=np.ones((10, 10)))).run(np.ones((1, 2)))
