import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, FieldError, NotFittedError
from nodegraph.testing import check_node, check_replay
from nodegraph.testing.comparing import same_trees
from nodegraph.testing.recording import Recorder
from nodes import Input, Reservoir, Ridge, Scaler, TaughtLayer

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (1300, 3))
Y = np.abs(X[:, :1] - X[:, 1:2]) * [1.0, -0.5] + X[:, 2:]
XS, YS = [X[:700], X[700:710], X[710:]], [Y[:700], Y[700:710], Y[710:]]


class Stopping:
    """An engine that does what another one does, for so many passes."""

    def __init__(self, other, passes):
        self.other, self.passes = other, passes

    def execute(self, *what):
        if not self.passes:
            raise InterruptedError
        self.passes -= 1
        yield from self.other.execute(*what)


def learned(x=X, y=Y, seed=1, **fields):
    layer = TaughtLayer(units=8, name="layer", **fields)
    return ng.Model(Input() >> layer, seed=seed).fit(x, y)


@pytest.mark.parametrize("emits", ["units", "prediction", ("units", "prediction")])
def test_it_is_a_node(emits):
    check_node(TaughtLayer(units=4, emits=emits, feedback="random"))


def error_of(**fields):
    return learned(emits="prediction", **fields).report[0]["train_rmse"]


@pytest.mark.parametrize("seed", range(3))
def test_units_that_learn_serve_the_head_better_than_units_as_they_were_drawn(seed):
    frozen, taught = error_of(seed=seed, frozen=True), error_of(seed=seed)
    assert taught < 0.7 * frozen
    assert error_of(seed=seed, rounds=0) == frozen


def test_units_are_given_out_at_unit_spread_and_the_prediction_beside_them():
    out = learned(emits=("units", "prediction")).run(X)
    np.testing.assert_allclose(out[:, :8].std(axis=0), 1, rtol=1e-9)
    roots = np.sqrt(np.mean((out[:, 8:] - Y) ** 2, axis=0))
    assert roots.mean() == pytest.approx(error_of(), rel=1e-9)
    np.testing.assert_array_equal(out[:, 8:], learned(emits="prediction").run(X))


def test_a_target_without_a_name_teaches_it_and_the_readout_behind_it():
    graph = Input() >> Scaler() >> TaughtLayer(units=8) >> Ridge()
    model = ng.Model(graph, seed=1).fit(X, Y)
    assert [told["node"] for told in model.report] == ["scaler", "taught_layer", "ridge"]
    assert model.params["taught_layer"].V.shape == (2, 11)
    one, behind = learned(), ng.Model(graph, seed=1)
    behind.fit(X, {"taught_layer": Y, "ridge": Y[:, 0]})
    assert behind.run(X).shape == (1300, 1)
    assert one.run(X).shape == (1300, 8)


def test_a_target_that_is_wired_teaches_as_one_that_is_given():
    u, t, layer = Input(name="u"), Input(name="t"), TaughtLayer(units=8, name="layer")
    model = ng.Model((u >> layer) & (t >> layer["target"]), seed=1).fit({"u": X, "t": Y})
    same_trees(model.params["layer"], learned().params["layer"], "wired")
    np.testing.assert_array_equal(model.run({"u": X}), learned().run(X))


@pytest.mark.parametrize("options", [{"workers": 2}, {"workers": -1}])
def test_workers_leave_the_bits_and_files_keep_them(options, tmp_path):
    model = learned(XS, YS, emits=("units", "prediction"))
    again = learned(XS, YS, emits=("units", "prediction")).fit(XS, YS, **options)
    same_trees(again.params["layer"], model.params["layer"], "workers")
    model.save(tmp_path / "m.safetensors")
    other = ng.load(tmp_path / "m.safetensors")
    same_trees(other.run(XS[1]), model.run(XS[1]), "file")
    same_trees(other.update(X, Y).params["layer"], model.update(X, Y).params["layer"], "memory")


def test_more_data_teach_the_head_alone():
    model = learned(X[:700], Y[:700])
    before = model.params["layer"]
    after = model.update(X[700:], Y[700:]).params["layer"]
    same_trees(after.W_in, before.W_in, "units")
    h = np.maximum(X @ after.W_in.T + after.bias, 0)
    features = np.column_stack([X, h, np.ones(len(X))])
    left = Y - features @ np.column_stack([after.V, after.offset]).T
    assert np.abs(features[:, -1] @ left).max() < 1e-9 * len(X)  # the bias is free
    assert np.mean(left**2) < np.mean(
        (Y - features @ np.column_stack([before.V, before.offset]).T) ** 2
    )


def test_a_loop_hears_nothing_of_it_before_it_has_learned():
    u, layer, res = Input(), TaughtLayer(units=3, rounds=1, name="layer"), Reservoir(units=5)
    graph = (u >> res) & ([u, res] >> layer)
    alone = ng.Model(graph, seed=1).fit(X[:60], Y[:60])
    looped = ng.Model(graph & (res << layer), seed=1).fit(X[:60], Y[:60])
    same_trees(looped.params["layer"], alone.params["layer"], "heard")
    assert not np.allclose(looped.run(X[:60]), alone.run(X[:60]))


def test_what_it_learned_in_a_graph_it_learns_alone_from_what_it_received():
    graph = Input() >> Scaler() >> TaughtLayer(units=3, rounds=1, name="layer") >> Ridge()
    model, recorder = ng.Model(graph, seed=1), Recorder()
    model.fit(X[:300], Y[:300], engine=recorder)
    assert recorder.tapes["layer"].learns is False  # the readout learned last
    model, recorder = ng.Model(graph, seed=1), Recorder()
    with pytest.raises(InterruptedError):
        model.fit(X[:300], Y[:300], engine=Stopping(recorder, 4))
    assert recorder.tapes["layer"].learns
    check_replay(model, {"layer": recorder.tapes["layer"]})


def test_what_cannot_be_is_refused():
    with pytest.raises(NotFittedError, match="layer"):
        ng.Model(Input() >> TaughtLayer(units=2, name="layer")).run(X)
    with pytest.raises(FieldError, match="frozen units do not move"):
        TaughtLayer(units=2, frozen=True, rounds=3)
    with pytest.raises(DataError, match="layer has no target to learn from"):
        ng.Model(Input() >> TaughtLayer(units=2, name="layer")).fit(X)
    with pytest.raises(DataError, match="target should have 2 columns"):
        learned().fit(X, Y[:, :1])


def test_a_signal_that_was_still_while_it_learned_moves_nothing_later():
    still = np.column_stack([X, 1 + 1e-15 * np.sign(X[:, 0])])
    model = learned(still)
    moved = np.add(still, [0, 0, 0, 1])
    np.testing.assert_array_equal(model.run(moved), model.reset().run(still))


def test_of_an_input_that_stands_still_its_head_says_the_mean():
    """0.1 is not exact in binary: its mean is off by rounding, from which nothing is learned."""
    layer = TaughtLayer(units=3, rounds=2, emits="prediction")
    model = ng.Model(Input() >> layer).fit(np.full((300, 2), 0.1), Y[:300])
    np.testing.assert_allclose(model.run([[0.1, 0.2]])[0], Y[:300].mean(axis=0), rtol=1e-12)


def test_a_mean_of_many_spreads_costs_no_digits_in_float32():
    """What is left is that of float32 at mean 0: 4e-6 in the mean, not 1e-4."""
    rng = np.random.default_rng(2)
    x = (rng.normal(size=(800, 3)) + 1000).astype(np.float32)
    y = np.abs(x[:, :1] - np.roll(x[:, 1:2], 2, axis=0))
    layer = TaughtLayer(units=8, share=1, rounds=3, emits=("units", "prediction"))
    single, double = (
        ng.Model(Input() >> layer, seed=1, dtype=dtype).fit(x, y).reset().run(x)[1:]
        for dtype in ("float32", "float64")
    )
    assert np.sqrt(np.mean((single - double) ** 2)) < 1e-5
