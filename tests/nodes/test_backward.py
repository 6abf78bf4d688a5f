import numpy as np
import pytest

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import DataError, FieldError, GraphError
from nodegraph.files.yaml.spec import read_text
from nodegraph.testing import check_node, check_replay
from nodegraph.testing.recording import Recorder
from nodes import (
    CTRNN,
    ESN,
    GRU,
    HMLSTM,
    LSTM,
    RLS,
    Backward,
    CfC,
    Gate,
    Hold,
    Input,
    LinearAttention,
    Mean,
    Reduce,
    Reservoir,
    Ridge,
    Scaler,
    Zoneout,
)

RNG = np.random.default_rng(0)
TEXTS = [RNG.normal(size=(n, 3)) for n in (40, 7, 25, 40, 12, 30, 33, 21, 9, 40)]
POOL = Reservoir(units=8, leak_rate=0.6, name="pool")


HEARS = {  # what else a node hears, beside x of 3 columns
    "CfC": (CfC(units=4), {"dt": 1}),
    "GRU": (GRU(units=4, rule=None), {"update": 2}),
    "CTRNN": (CTRNN(units=4), {"dt": 1, "update": 2}),
    "Reservoir": (Reservoir(units=4), {"feedback": 2}),
    "Gate": (Gate(), {"gate": 3}),
    "HMLSTM": (HMLSTM(units=3, boundaries="told", rule=None), {"boundary": 1}),
    "LinearAttention": (LinearAttention(update="delta"), {"key": 3, "value": 2, "beta": 1}),
}


@pytest.mark.parametrize(
    "node",
    [
        Reservoir(units=4, noise=0.1),
        Reduce(kind="mean"),
        Mean(units=2),
        Zoneout(cell=CTRNN(units=4, start="random"), p=0.3),
        HEARS["CfC"][0],
    ],
    ids=lambda node: type(node).__name__,
)
def test_contract(node):
    check_node(Backward(node=node), n_in=4 if isinstance(node, Mean) else 3)


def turned(series):
    return {name: [rows[::-1] for rows in many] for name, many in series.items()}


@pytest.mark.parametrize("kind", HEARS)
def test_all_ports_of_its_node_are_turned_round_with_it(kind):
    node, ports = HEARS[kind]
    rng, sizes = np.random.default_rng(3), (9, 30, 9)
    series = {"u": [rng.normal(size=(n, 3)) for n in sizes]}
    for port, width in ports.items():
        low = 0.1 if port in ("dt", "beta") else -0.9
        series[port] = [rng.uniform(low, 1, (n, width)) for n in sizes]

    def model(one):
        wired = Input(name="u") >> one
        for port in ports:
            wired &= Input(name=port) >> one[port]
        return ng.Model(wired, seed=2)

    back = model(Backward(node=node, name="it"))
    found = back.run(series)
    wanted = model(node.model_copy(update={"name": "it"})).run(turned(series))
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other[::-1])
    for port in ports:  # each matters
        moved = back.run(series | {port: turned(series)[port]})
        assert not np.array_equal(np.vstack(moved), np.vstack(found)), port


def test_a_bound_of_its_nodes_port_is_told_with_the_step_of_the_data():
    back = Backward(node=CfC(units=3), name="back")
    model = ng.Model((Input(name="u") >> back) & (Input(name="dt") >> back["dt"]))
    dt = np.ones((5, 1))
    dt[1] = 0
    with pytest.raises(DataError, match=r"back: dt should be above 0.*got 0 at step 1"):
        model.run({"u": [np.ones((5, 3))], "dt": [dt]})


def test_sources_side_by_side_and_gaps_are_its_nodes_too():
    x = RNG.normal(size=(6, 2))
    both = [Input(name="a"), Input(name="b")] >> Backward(node=Mean(), name="mean")
    np.testing.assert_allclose(ng.Model(both).run({"a": x, "b": 3 * x}), 2 * x, rtol=1e-12)
    gaps = np.array([[np.nan], [1.0], [np.nan], [3.0]])
    filled = ng.Model(Input() >> Backward(node=Hold())).run(gaps)
    np.testing.assert_array_equal(filled[:, 0], [1, 1, 3, 3])


def test_a_mean_in_single_precision_is_summed_in_double():
    x = (1000 + RNG.normal(size=(20000, 1))).astype("float32")
    model = ng.Model(Input() >> Backward(node=Reduce(kind="mean")), dtype="float32")
    assert model.run(x)[0, 0] == pytest.approx(x.mean(dtype=float), abs=6e-5)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_it_does_what_its_node_does_on_series_turned_round(dtype):
    model = ng.Model(Input() >> Backward(node=POOL, name="pool"), seed=3, dtype=dtype)
    plain = ng.Model(Input() >> POOL, seed=3, dtype=dtype)
    wanted = [rows[::-1] for rows in plain.run([text[::-1] for text in TEXTS])]
    for found in (model.run(TEXTS), [model.run([text])[0] for text in TEXTS],
                  model.run(TEXTS, workers=2)):  # fmt: skip
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(model.run(TEXTS[0]), wanted[0])


def both_ways():
    fields = {"units": 20, "input_scaling": 0.2}
    pools = [Reservoir(**fields, name="pool"), Backward(node=Reservoir(**fields), name="back")]
    return Input() >> Scaler() >> pools >> Ridge(ridge=1e-6, name="out")


def test_both_directions_tell_what_was_and_what_will_be():
    texts = [RNG.uniform(-1, 1, (60, 1)) for _ in range(30)]
    targets = [np.roll(t, 2, axis=0) + np.roll(t, -2, axis=0) for t in texts]
    errors = {}
    for word, graph in {
        "both": both_ways(),
        "one": Input() >> ESN(units=40, input_scaling=0.2),
    }.items():
        model = ng.Model(graph, seed=1).fit(texts[:20], targets[:20], warmup=2)
        found = model.run(texts[20:])
        pairs = zip(targets[20:], found, strict=True)
        errors[word] = np.mean([(y[2:-2] - y_hat[2:-2]) ** 2 for y, y_hat in pairs])
    assert errors["both"] < 0.01 * errors["one"]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_readout_of_both_learns_as_from_rows_worked_out_by_hand(workers):
    y = [text.sum(axis=1, keepdims=True) for text in TEXTS]
    model = ng.Model(both_ways(), seed=1).fit(TEXTS, y, workers=workers, warmup=3)
    pools = [rows[3:] for rows in hand_made(model)]
    X = np.hstack([np.vstack(pools), np.ones((sum(map(len, pools)), 1))])
    centred = X[:, :-1] - X[:, :-1].mean(axis=0)
    t = np.vstack([rows[3:] for rows in y])
    gram = centred.T @ centred + 1e-6 * np.eye(40)
    W = np.linalg.solve(gram, centred.T @ (t - t.mean()))
    np.testing.assert_allclose(model.params["out"].W_out, W.T, rtol=1e-6)


def hand_made(model):
    """Return the states of both reservoirs, as numpy has them."""
    scaled = model.run(TEXTS, outputs=["scaler"])["scaler"]
    found = []
    for text in scaled:
        sides = []
        for name, rows in (("pool", text), ("back", text[::-1])):
            p, x, states = model.params[name], np.zeros(20), []
            W = p.W.toarray() if hasattr(p.W, "toarray") else p.W
            W_in = p.W_in.toarray() if hasattr(p.W_in, "toarray") else p.W_in
            for u in rows:
                x = np.tanh(W @ x + W_in @ u + p.bias)
                states.append(x)
            sides.append(np.array(states if name == "pool" else states[::-1]))
        found.append(np.hstack(sides))
    return found


def test_a_long_series_is_one_chunk_and_a_later_stage_hears_it_whole():
    x = RNG.normal(size=(5000, 1))
    model = ng.Model(both_ways(), seed=1).fit(x, x)
    whole = model.run([x], outputs=["back", "pool"])
    scaled = model.run([x], outputs=["scaler"])["scaler"][0]
    alone = ng.Model(Input() >> Reservoir(units=20, input_scaling=0.2, name="back"), seed=1)
    np.testing.assert_array_equal(whole["back"][0], alone.run([scaled[::-1]])[0][::-1])


def test_delays_and_learners_behind_it_see_time_go_on():
    graph = (
        Input() >> Backward(node=Reduce(kind="mean"), name="rest") >> delay(2) >> Ridge(name="y")
    )
    model = ng.Model(graph).fit(TEXTS, TEXTS)
    heard = model.run(TEXTS[:1], outputs=["rest"])["rest"][0]
    wanted = [TEXTS[0][t:].mean(axis=0) for t in range(40)]
    np.testing.assert_allclose(heard, wanted, atol=1e-12)
    late = np.vstack([np.zeros((2, 3)), heard[:-2]])
    p = model.params["y"]
    np.testing.assert_allclose(model.run(TEXTS[:1])[0], late @ p.W_out.T + p.bias, atol=1e-12)


def test_a_node_alone_does_what_it_did_in_a_graph():
    model, recorder = ng.Model(both_ways(), seed=4).fit(TEXTS, TEXTS), Recorder()
    model.reset().run([TEXTS[0]], engine=recorder)
    assert "back" in recorder.tapes
    check_replay(model, recorder.tapes)


def test_it_is_written_and_read_again(tmp_path):
    model = ng.Model(both_ways(), seed=2).fit(TEXTS, TEXTS)
    model.save(tmp_path / "m.safetensors")
    again = ng.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.run(TEXTS)[3], model.run(TEXTS)[3])
    twin = ng.Model(read_text(ng.to_yaml(model)).graph, seed=2).fit(TEXTS, TEXTS)
    np.testing.assert_array_equal(twin.run(TEXTS)[3], model.run(TEXTS)[3])


def test_what_goes_on_from_the_start_is_refused():
    model = ng.Model(Input() >> [Reservoir(units=3), Backward(node=POOL, name="back")] >> RLS())
    model.fit(TEXTS[:1], TEXTS[:1])
    calls = {
        "step": lambda: model.step(TEXTS[0][0]),
        "steps": lambda: next(model.steps(TEXTS[0])),
        "partial_fit": lambda: model.partial_fit(TEXTS[0], TEXTS[0]),
        "generate": lambda: model.generate(3, prompt=TEXTS[0]),
        "a step": lambda: ng.dynamics.jacobian(model, TEXTS[0]),
    }
    for word, call in calls.items():
        with pytest.raises(GraphError, match=f"back reads a series from its end, which {word} "):
            call()
    with pytest.raises(DataError, match="chunks of a stream do not tell it; give whole series"):
        model.run(iter(TEXTS))
    with pytest.raises(DataError, match="chunks of a stream"):
        model.fit(iter([(text, text) for text in TEXTS]))
    model.run(TEXTS[0])
    with pytest.raises(DataError, match=r"at step 40; write run\(\[x\]\)"):
        model.run(TEXTS[1])
    np.testing.assert_array_equal(model.reset().run(TEXTS[1]), model.run(TEXTS[1:2])[0])


def test_what_it_says_may_go_into_a_loop():
    back, r, out = Backward(node=POOL, name="back"), Reservoir(units=5, name="r"), Ridge(name="out")
    graph = (Input() >> back >> r >> out) & (r << out)
    model = ng.Model(graph, seed=1).fit(TEXTS, TEXTS)
    heard = model.run(TEXTS, outputs=["back", "out"])
    loop = ng.Model((Input() >> r >> out) & (r << out), seed=1).fit(heard["back"], TEXTS)
    np.testing.assert_array_equal(loop.run(heard["back"])[4], heard["out"][4])


def test_loops_and_nodes_that_learn_are_refused():
    back, out = Backward(node=POOL, name="back"), Ridge(name="out")
    with pytest.raises(GraphError, match=r"cannot be in a feedback loop \(back, out\)"):
        ng.plan((Input() >> back >> out) & (out >> delay(1) >> back))
    for node, said in (
        (LSTM(units=3), "LSTM learns"),
        (back, "turned round twice"),
        (Reservoir(units=3, every=2), "a clock counts"),
    ):
        with pytest.raises(FieldError, match=said):
            Backward(node=node)
    with pytest.raises(FieldError, match="a clock counts"):
        Backward(node=POOL, every=2)
