import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.testing import check_node, check_rule, run_node
from nodes import CfC, Input, SkipRNN
from nodes.rules import RFLO, TBPTT, EProp
from nodes.wirings import auto_ncp

RNG = np.random.default_rng(0)
U = RNG.standard_normal((50, 3))
DT = RNG.uniform(0.05, 3.0, (50, 1))
CELL = CfC(units=3, backbone=(10,))
HEADS = ("ff1", "ff2", "time_a", "time_b")


def arrays(rng, mode, n=6, d=3, k=10):
    """Return params by name; k = 0 is without a hidden layer."""
    layers = {"backbone": (k, d + n)} if k else {}
    layers |= dict.fromkeys(HEADS[:1] if mode == "pure" else HEADS, (n, k or d + n))
    found = {}
    for name, shape in layers.items():
        found |= {name + "_W": rng.normal(0, 0.5, shape), name + "_b": rng.normal(0, 1, shape[0])}
    if mode == "pure":
        found |= {"w_tau": rng.normal(0, 1, n), "A": rng.normal(0, 1, n)}
    return found


def heads(p, x, h):
    z = np.concatenate([x, h])
    if "backbone_W" in p:
        z = 1.7159 * np.tanh(0.666 * (p["backbone_W"] @ z + p["backbone_b"]))
    return {name: p[name + "_W"] @ z + p[name + "_b"] for name in HEADS if name + "_W" in p}


def by_hand(p, mode, u, dt):
    n = len(p["ff1_b"])
    h, rows = np.zeros(n), []
    for x, time in zip(u, dt[:, 0], strict=True):
        f = heads(p, x, h)
        if mode == "pure":
            gone = np.exp(-time * (np.abs(p["w_tau"]) + np.abs(f["ff1"])))
            h = -p["A"] * gone * f["ff1"] + p["A"]
        else:
            s = 1 / (1 + np.exp(-(f["time_a"] * time + f["time_b"])))
            one, two = np.tanh(f["ff1"]), np.tanh(f["ff2"])
            h = one + s * two if mode == "no_gate" else one * (1 - s) + s * two
        rows.append(h)
    return np.array(rows)


@pytest.mark.parametrize("mode", ["default", "pure", "no_gate"])
@pytest.mark.parametrize("backbone", [(8,), ()])
def test_it_keeps_the_contract(mode, backbone):
    check_node(CfC(units=4, mode=mode, backbone=backbone))


def test_a_wired_one_keeps_the_contract():
    check_node(CfC(wiring=auto_ncp(12, 3), backbone=()))


@pytest.mark.parametrize("mode", ["default", "pure", "no_gate"])
@pytest.mark.parametrize("k", [10, 0])
@pytest.mark.parametrize(("dtype", "near"), [("float64", 1e-11), ("float32", 1e-5)])
def test_its_numbers_are_those_of_the_reference(mode, k, dtype, near):
    p = arrays(np.random.default_rng(1), mode, k=k)
    cell = CfC(**p, mode=mode, name="cell", **({} if k else {"backbone": ()}))
    graph = (Input(name="u") >> cell) & (Input(name="dt") >> cell["dt"])
    found = ng.Model(graph, seed=1, dtype=dtype).run({"u": U, "dt": DT})
    np.testing.assert_allclose(found, by_hand(p, mode, U, DT), rtol=near, atol=near)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 999),
    u=st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=5),
    dt=st.lists(st.floats(1e-6, 1e6), min_size=5, max_size=5),
)
def test_the_state_lies_between_its_two_heads_for_any_input(seed, u, dt):
    p = arrays(np.random.default_rng(seed), "default", n=3, d=1)
    xs, before = np.array(u)[:, None], np.zeros(3)
    params = CELL.init(np.random.default_rng(0), 1, 3)._replace(**p)
    _, hs = run_node(CELL, params, CELL.start(3), xs, dt=np.array(dt)[:, None])
    for x, h in zip(xs, hs, strict=True):
        f = heads(p, x, before)
        ends = np.sort([np.tanh(f["ff1"]), np.tanh(f["ff2"])], axis=0)
        assert (ends[0] - 1e-12 <= h).all() and (h <= ends[1] + 1e-12).all()
        before = h


def test_units_hear_what_they_are_wired_to_and_themselves():
    wiring = auto_ncp(12, 3)
    p = CfC(wiring=wiring, backbone=()).init(np.random.default_rng(0), 2, 12)
    masks = wiring.masks(2)
    heard = np.concatenate([masks.sensory, np.maximum(masks.recurrent, np.eye(12))]).T
    for name in HEADS:
        np.testing.assert_array_equal(getattr(p, name + "_W") != 0, heard != 0)


def test_the_size_of_a_given_hidden_layer_is_its_own():
    p = arrays(np.random.default_rng(1), "default")
    assert CfC(**p).hidden == 10
    with pytest.raises(ng.errors.FieldError, match=r"ff1_W: expected shape \(6, 7\)"):
        CfC(**p, backbone=(7,))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "units is missing"),
        ({"units": 3, "backbone": (3, 4)}, "CfC.backbone"),
        ({"units": 3, "w_tau": [1, 2, 3]}, "w_tau would have no effect, for mode is default"),
        ({"units": 3, "mode": "pure", "ff2_b": [1, 2, 3]}, "ff2_b would have no effect"),
        ({"units": 3, "A": [1.0], "mode": "pure"}, r"A: expected shape \(3,\), got \(1,\)"),
        ({"wiring": auto_ncp(12, 3)}, "wiring: a hidden layer would join all to all"),
        ({"units": 3, "wiring": auto_ncp(12, 3), "backbone": ()}, "it has 12 neurons, not 3"),
        ({"units": 3, "backbone": (), "backbone_b": [1.0]}, "no effect, for backbone is ()"),
    ],
)
def test_nonsense_is_refused(fields, message):
    with pytest.raises(ng.errors.FieldError, match=message.replace("()", r"\(\)")):
        CfC(**fields)


def test_weights_have_the_width_of_what_arrives():
    p = arrays(np.random.default_rng(1), "default")
    with pytest.raises(ng.errors.FieldError, match=r"backbone_W: expected shape \(10, 7\)"):
        ng.Model(CfC(**p), seed=1).run(U[:, :1])


@pytest.mark.parametrize(
    "fields",
    [
        {"units": 3, "backbone": (5,), "rule": EProp()},
        {"wiring": auto_ncp(6, 2), "backbone": (), "rule": RFLO(), "mode": "pure"},
        {"units": 3, "backbone": (5,), "rule": TBPTT(steps=4)},
        {"units": 3, "backbone": (5,), "mode": "no_gate", "rule": EProp(), "frozen": True},
    ],
)
def test_learning_by_itself_it_keeps_the_contract(fields):
    cell = CfC(**fields)
    check_node(cell)
    check_rule(cell.rule, cell)


def learned(rule, **fields):
    """Return a model that has learned to foresee its input, and the params that were drawn."""
    cell = CfC(rule=rule, name="cell", emits=("h", "error"), **fields)
    graph = (Input(name="u") >> cell) & (Input(name="dt") >> cell["dt"])
    model = ng.Model(graph, seed=1)
    model.run({"u": SINE[:1], "dt": GAPS[:1]})
    drawn = {name: value.copy() for name, value in model.params["cell"]._asdict().items()}
    return model.fit({"u": SINE, "dt": GAPS}), drawn


GAPS = RNG.uniform(0.1, 0.6, (600, 1))
SINE = 1.4 * np.sin(np.cumsum(GAPS, axis=0))


@pytest.mark.parametrize("rule", [EProp, RFLO, TBPTT])
def test_what_learns_foresees_better_than_its_frozen_twin(rule):
    found, x = [], ng.datasets.lorenz(3000, discard=500)[:, :1] / 8
    for frozen in (False, True):
        how = {"rule": rule(batch=10, epochs=3), "frozen": frozen}
        cell = CfC(units=20, backbone=(), emits=("h", "error"), name="cell", **how)
        model = ng.Model(cell, seed=1)
        drawn = [model.run(x[:1]), model.params["cell"].ff1_W.copy()][1]
        model.fit(x[:2000])
        assert (model.params["cell"].ff1_W != drawn).any() != frozen
        found.append((model.reset().run(x)[2000:, 20:] ** 2).mean())
    assert found[0] < 0.8 * found[1]


@pytest.mark.parametrize(("rule", "moves"), [(EProp(), False), (TBPTT(), True)])
def test_a_hidden_layer_learns_by_a_rule_that_looks_back(rule, moves):
    model, drawn = learned(rule, units=5, backbone=(7,))
    p = model.params["cell"]
    assert (p.backbone_W != drawn["backbone_W"]).any() == moves
    assert (p.ff1_W != drawn["ff1_W"]).any()


def test_learning_adds_no_synapse():
    model, drawn = learned(EProp(), wiring=auto_ncp(12, 3), backbone=())
    for name in HEADS:
        before, after = drawn[name + "_W"], getattr(model.params["cell"], name + "_W")
        np.testing.assert_array_equal(after[before == 0], 0)
        assert (after != before)[before != 0].mean() > 0.9


def test_a_head_changes_nothing_of_what_is_drawn():
    plain = ng.Model(CfC(units=5, backbone=(7,)), seed=1).run(U)
    taught = ng.Model(CfC(units=5, backbone=(7,), rule=EProp()), seed=1).run(U)
    np.testing.assert_array_equal(taught, plain)


def test_it_waits_when_it_is_told_to():
    cell = CfC(units=5, name="cell")
    model = ng.Model((Input(name="u") >> cell) & (Input(name="go") >> cell["update"]), seed=1)
    h = model.run({"u": U, "go": np.tile([[1.0], [0.0]], (25, 1))})
    np.testing.assert_array_equal(h[1::2], h[::2])
    assert (h[2::2] != h[:-2:2]).all()


def test_cells_around_it_say_when_it_updates():
    cell = SkipRNN(cell=CfC(units=3, backbone=(4,), rule=EProp()))
    check_node(cell)
    check_rule(cell.rule, cell)
