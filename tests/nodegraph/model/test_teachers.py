"""What is fed back while a readout learns: its teacher, from the start in every pass."""

import numpy as np
import pytest
from ridge_by_hand import numpy_ridge

import nodegraph as ng
from nodegraph import delay
from nodegraph.host.progress import Silent
from nodegraph.model import checkpoints
from nodegraph.testing.comparing import same_trees
from nodes import Input, Reservoir, Ridge, Scaler, Whitening
from nodes.rules import IntrinsicPlasticity

RNG = np.random.default_rng(3)
X = RNG.standard_normal((300, 2))
Y = np.roll(X[:, :1], 1, axis=0) + 0.3  # it is not 0 where the series ends


def looped(*between, scaled=False, **fields):
    """A reservoir that hears its readout of two steps before, and what stands between them."""
    pool = Reservoir(name="pool", units=6, connectivity=1.0, **fields)
    graph = Input(name="u") >> Scaler(kind="z-score") >> pool if scaled else Input(name="u") >> pool
    out = Ridge(name="out", ridge=0.1)
    for node in (*between, out):
        graph = graph >> node
    return graph & (out >> delay(2) >> pool["feedback"])


def drawn(model):
    """Return W, W_in and W_fb as they are."""
    return tuple(np.array(getattr(model.params["pool"], name)) for name in ("W", "W_in", "W_fb"))


def dense(model):
    """Return W, W_in and W_fb, the sparse one with its zeros."""
    params = model.params["pool"]
    return params.W.toarray(), params.W_in, params.W_fb


def states(weights, x, fed, back=2, start=None, gain=1.0, bias=0.0):
    """Return the states of the reservoir to which the rows of `fed` are fed back."""
    (W, W_in, W_fb), state, found = weights, np.zeros(6) if start is None else start, []
    late = np.vstack([np.zeros((back, 1)), fed])
    for row, teacher in zip(x, late[: len(x)], strict=True):
        net = W @ state + W_in @ row + W_fb @ teacher
        found.append(state := np.tanh(gain * net + bias))
    return np.array(found)


def held(rows, every, phase=0):
    """Return at each step the row of the last tick; zeros before the first."""
    ticks = np.arange(len(rows)) - (np.arange(len(rows)) - phase) % every
    return np.where((ticks >= 0)[:, None], rows[np.maximum(ticks, 0)], 0.0)


def whitened(rows):
    centred = rows - rows.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(rows) + 0.01 * np.eye(6))
    return vectors / np.sqrt(values) @ vectors.T


def chunks():
    return ng.Chunks([(X[i : i + 70], Y[i : i + 70]) for i in range(0, 300, 70)])


@pytest.mark.parametrize("how", ["whole", "chunks", "twice"])
@pytest.mark.parametrize("scaled", [False, True])
def test_a_stage_before_the_readouts_hears_its_teacher_from_the_start(how, scaled):
    middle = Whitening(name="middle", epsilon=0.01), Whitening(name="last", epsilon=0.01)
    model = ng.Model(looped(*middle, scaled=scaled), seed=1)
    for _ in range(1 + (how == "twice")):
        model.fit(chunks()) if how == "chunks" else model.fit(X, Y)
    x = (X - X.mean(axis=0)) / X.std(axis=0) if scaled else X
    rows = states(drawn(model), x, Y)
    np.testing.assert_allclose(model.params["middle"].W, whitened(rows), atol=1e-11)
    white = (rows - rows.mean(axis=0)) @ whitened(rows)
    np.testing.assert_allclose(model.params["last"].W, whitened(white), atol=1e-11)
    W, bias = numpy_ridge(white @ whitened(white), Y, 0.1)
    np.testing.assert_allclose(model.params["out"].W_out, W, atol=1e-11)
    np.testing.assert_allclose(model.params["out"].bias, bias, atol=1e-11)
    np.testing.assert_allclose(model.state["pool"].x, rows[-1], atol=1e-11)


def test_each_epoch_of_a_plastic_reservoir_hears_the_teacher_from_the_start():
    rule = IntrinsicPlasticity(rate=0.002, mu=0.0, sigma=0.3, epochs=3)
    model = ng.Model(looped(rule=rule), seed=1).fit(X, Y)
    W, W_in, W_fb = drawn(ng.Model(looped(), seed=1).fit(X, Y))
    gain, bias = np.ones(6), np.zeros(6)
    for _ in range(3):
        state = np.zeros(6)
        for t in range(300):
            net = W @ state + W_in @ X[t] + W_fb @ (Y[t - 2] if t > 1 else [0.0])
            state = np.tanh(gain * net + bias)
            step = -0.002 * state / 0.09 * (2 * 0.09 + 1 - state**2)
            gain, bias = gain + 0.002 / gain + step * net, bias + step
    np.testing.assert_allclose(model.params["pool"].W_fb, gain[:, None] * W_fb, atol=1e-11)
    np.testing.assert_allclose(model.params["pool"].bias, bias, atol=1e-11)
    rows = states((W, W_in, W_fb), X, Y, gain=gain, bias=bias)
    np.testing.assert_allclose(model.params["out"].W_out, numpy_ridge(rows, Y, 0.1)[0], atol=1e-11)


@pytest.mark.parametrize("how", ["run", "steps", "saved"])
def test_update_behind_a_run_goes_on_from_what_the_run_gave_out(how, tmp_path):
    model = ng.Model(looped(), seed=1).fit(X[:100], Y[:100])
    if how == "steps":
        said = np.array([model.step(row) for row in X[100:150]])
    else:
        said = model.run(X[100:150])
    if how == "saved":
        model.save(tmp_path / "model.safetensors")
        model = ng.load(tmp_path / "model.safetensors")
    model.update(X[150:], Y[150:])
    rows = states(drawn(model), X, np.vstack([Y[:100], said, Y[150:]]))
    learned = np.r_[:100, 150:300]
    W, bias = numpy_ridge(rows[learned], Y[learned], 0.1)
    np.testing.assert_allclose(model.params["out"].W_out, W, atol=1e-11)
    np.testing.assert_allclose(model.params["out"].bias, bias, atol=1e-11)


class Killed(Silent):
    """A progress that kills the run after so many chunks."""

    def __init__(self, chunks):
        self.left = chunks

    def advance(self, n_steps):
        self.left -= 1
        if self.left < 0:
            raise OSError("killed")


@pytest.mark.parametrize("after", [2, 5, 8, 11])
def test_a_fit_that_was_killed_goes_on_with_the_teacher_of_where_it_stood(
    after, tmp_path, monkeypatch
):
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    monkeypatch.setattr("nodegraph.graph.plan.MAX_CHUNK", 100)

    def model():
        middle = Whitening(name="middle", epsilon=0.01), Whitening(name="last", epsilon=0.01)
        return ng.Model(looped(*middle, scaled=True), seed=1)

    whole, kept = model().fit(X, Y), {"checkpoint": tmp_path / "checkpoint.safetensors"}
    with pytest.raises(OSError, match="killed"):
        model().fit(X, Y, progress=Killed(after), **kept)
    resumed = model().fit(X, Y, resume=True, **kept)
    for name in whole.plan.nodes:
        for part in ("params", "state", "past"):
            mine, theirs = (getattr(one._settle().slots[name], part) for one in (whole, resumed))
            same_trees(mine, theirs, f"{name}.{part}")


@pytest.mark.parametrize("how", ["whole", "chunks", "small chunks"])
@pytest.mark.parametrize("late", [0, 3])
@pytest.mark.parametrize("back", [1, 2, 4])
def test_a_wired_target_stands_in_through_both_delays(how, late, back):
    """Chunks may be shorter than both together; what follows goes on from its last values."""
    truth, out = Input(name="y"), Ridge(name="out", ridge=0.1)
    pool = Reservoir(name="pool", units=6, connectivity=1.0)
    told = truth >> delay(late) >> out["target"] if late else truth >> out["target"]
    graph = (Input(name="u") >> pool >> out) & told & (out >> delay(back) >> pool["feedback"])
    model, data = ng.Model(graph, seed=1), {"u": X, "y": Y}
    if how == "whole":
        model.fit(data)
    else:
        ends = [70, 140, 210] if how == "chunks" else [1, 2, 3, 4, 6, 9, 10]
        cuts = np.split(np.arange(300), ends)
        model.fit(ng.Chunks([{name: rows[cut] for name, rows in data.items()} for cut in cuts]))
    taught = np.vstack([np.zeros((late, 1)), Y])[:300]
    rows = states(drawn(model), X, taught, back)
    W, bias = numpy_ridge(rows, taught, 0.1)
    np.testing.assert_allclose(model.params["out"].W_out, W, atol=1e-11)
    fed, state = list(taught), rows[-1]
    for row, said in zip(X[:6], model.run({"u": X[:6]}), strict=True):
        (state,) = states(drawn(model), row[None], fed[-back][None], 0, state)
        fed.append(W @ state + bias)
        np.testing.assert_allclose(said, fed[-1], atol=1e-10)


@pytest.mark.parametrize("how", ["whole", "chunks"])
@pytest.mark.parametrize("wired", [False, True])
def test_who_heard_outputs_late_while_learning_hears_them_behind_fit_too(how, wired):
    """The first steps of a run read what a readout gave out at the end of fit, not its teacher."""
    u, truth = Input(name="u"), Input(name="y")
    near, far = Ridge(name="near", ridge=0.1), Ridge(name="far", ridge=0.1)
    graph = (u >> near) & (u >> far) & (near >> delay(3) >> far)
    data, y = {"u": X}, {"near": Y, "far": Y}
    if wired:
        graph, data, y = graph & (truth >> [near["target"], far["target"]]), {"u": X, "y": Y}, None
    if how == "whole":
        model = ng.Model(graph).fit(data, y)
    else:
        cuts = np.split(np.arange(300), [70, 71, 200])
        parts = [{name: rows[cut] for name, rows in data.items()} for cut in cuts]
        taught = [{name: rows[cut] for name, rows in (y or {}).items()} for cut in cuts]
        model = ng.Model(graph).fit(ng.Chunks([*zip(parts, taught, strict=True)] if y else parts))
    W, bias = numpy_ridge(X, Y, 0.1)
    heard = np.vstack([np.zeros((3, 1)), X @ W.T + bias])
    rows = np.hstack([X, heard[:300]])
    W_far, bias_far = numpy_ridge(rows, Y, 0.1)
    np.testing.assert_allclose(model.params["far"].W_out, W_far, atol=1e-11)
    said = model.run({"u": X[:3]})
    said = said["far"] if isinstance(said, dict) else said
    wanted = np.hstack([X[:3], heard[300:303]]) @ W_far.T + bias_far
    np.testing.assert_allclose(said, wanted, atol=1e-11)


@pytest.mark.parametrize("forcing", [True, False])
def test_a_wired_target_teaches_what_a_given_one_does_beside_a_rule_of_several_epochs(forcing):
    learned = []
    for wired in (False, True):
        rule = IntrinsicPlasticity(rate=1e-3, epochs=2)
        graph = looped(rule=rule)
        out = graph.outputs[0]
        if wired:
            (node,) = (node for node, name in graph.names.items() if name == out)
            graph = graph & (Input(name="y") >> node["target"])
        data, y = ({"u": X, "y": Y}, None) if wired else ({"u": X}, Y)
        model = ng.Model(graph, seed=1).fit(data, y, forcing=forcing)
        learned.append((model.params["out"].W_out, model.params["pool"].bias))
    for given, wired in zip(*learned, strict=True):
        np.testing.assert_array_equal(given, wired)


@pytest.mark.parametrize("how", ["whole", "chunks", "saved", "updated", "steps"])
@pytest.mark.parametrize("n_steps", [100, 101, 102])
def test_a_readout_on_a_clock_holds_what_it_gave_out_itself_behind_fit(how, n_steps, tmp_path):
    """Between two ticks stands its output at the last one, not its target."""
    x, y, seen = X[:n_steps], Y[:n_steps], n_steps
    model = ng.Model(Input(name="u") >> Ridge(name="out", ridge=0.1, every=3, phase=1))
    if how == "chunks":
        model.fit(ng.Chunks([(x[:40], y[:40]), (x[40:], y[40:])]))
    elif how == "updated":
        seen += 50
        model.fit(x, y).update(X[n_steps:seen], Y[n_steps:seen])
    else:
        model.fit(x, y)
    if how == "saved":
        model.save(tmp_path / "model.safetensors")
        model = ng.load(tmp_path / "model.safetensors")
    W, bias = numpy_ridge(X[1:seen:3], Y[1:seen:3], 0.1)
    said = X[: seen + 7] @ W.T + bias
    steps = np.arange(seen, seen + 7)
    wanted = said[(steps - 1) // 3 * 3 + 1]
    rows = X[seen : seen + 7]
    heard = np.array([model.step(row) for row in rows]) if how == "steps" else model.run(rows)
    np.testing.assert_allclose(heard, wanted, atol=1e-11)


def test_what_a_readout_on_a_clock_feeds_back_behind_fit_is_its_own_output():
    pool, out = Reservoir(name="pool", units=6, connectivity=1.0), Ridge(name="out", every=4)
    graph = (Input(name="u") >> pool >> out) & (out >> delay(2) >> pool["feedback"])
    model = ng.Model(graph, seed=1).fit(X[:199], Y[:199])
    rows = states(drawn(model), X[:199], held(Y[:199], 4))
    W, bias = model.params["out"].W_out, model.params["out"].bias
    np.testing.assert_allclose(W, numpy_ridge(rows[::4], Y[:199:4], out.ridge)[0], atol=1e-8)
    own = W @ rows[196] + bias  # at the last tick
    (state,) = states(drawn(model), X[199:200], own[None], 0, rows[-1])
    np.testing.assert_allclose(model.run(X[199:200])[0], own, atol=1e-11)
    np.testing.assert_allclose(model.state["pool"].x, state, atol=1e-11)


@pytest.mark.parametrize(("every", "phase", "back"), [(2, 1, 1), (3, 1, 2), (2, 0, 3)])
@pytest.mark.parametrize("how", ["at once", "saved", "twice"])
def test_more_data_for_a_readout_on_a_clock_go_on_from_its_teacher(
    how, every, phase, back, tmp_path
):
    """``fit(a).update(b)`` is `fit` of both, though what is said behind `fit` is its output."""
    pool, out = Reservoir(name="pool", units=6), Ridge(name="out", every=every, phase=phase)
    graph = (Input(name="u") >> pool >> out) & (out >> delay(back) >> pool["feedback"])
    model = ng.Model(graph, seed=1).fit(X[:101], Y[:101])
    if how == "saved":
        model.save(tmp_path / "model.safetensors")
        model = ng.load(tmp_path / "model.safetensors")
    for rows in [slice(101, 160), slice(160, 200)] if how == "twice" else [slice(101, 200)]:
        model.update(X[rows], Y[rows])
    rows = states(dense(model), X[:200], held(Y[:200], every, phase), back)[phase::every]
    W, bias = numpy_ridge(rows, Y[phase:200:every], out.ridge)
    np.testing.assert_allclose(model.params["out"].W_out, W, atol=1e-8)
    np.testing.assert_allclose(model.params["out"].bias, bias, atol=1e-8)
    whole = ng.Model(graph, seed=1).fit(X[:200], Y[:200])
    assert np.array_equal(whole.run(X[200:]), model.run(X[200:]))


def test_behind_a_run_the_teacher_goes_on_from_what_was_said():
    pool, out = Reservoir(name="pool", units=6), Ridge(name="out", every=2)
    graph = (Input(name="u") >> pool >> out) & (out >> delay(1) >> pool["feedback"])
    model = ng.Model(graph, seed=1).fit(X[:100], Y[:100])
    said = model.run(X[100:110])
    start = np.array(model.state["pool"].x)
    model.update(X[110:200], Y[110:200])
    fed = np.vstack([said[-1:], held(Y[110:199], 2)])
    (W, W_in, W_fb), state, found = dense(model), start, []
    for row, teacher in zip(X[110:200], fed, strict=True):
        found.append(state := np.tanh(W @ state + W_in @ row + W_fb @ teacher))
    seen = np.vstack([states((W, W_in, W_fb), X[:100], held(Y[:100], 2), 1)[::2], found[::2]])
    W_out, _ = numpy_ridge(seen, np.vstack([Y[:100:2], Y[110:200:2]]), out.ridge)
    np.testing.assert_allclose(model.params["out"].W_out, W_out, atol=1e-8)
