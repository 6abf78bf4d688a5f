"""The state before the first step: given or drawn, the same in every method."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError, NotFittedError
from nodegraph.files.yaml.spec import read_text
from nodes import ES2N, ESN, LIF, RLS, Input, Reservoir, Ridge

U = np.random.default_rng(0).uniform(-1, 1, (60, 1))
KINDS = [Reservoir, ES2N, LIF]


def made(kind=Reservoir, seed=1, **fields):
    return ng.Model(Input(units=1) >> kind(units=20, name="pool", **fields), seed=seed)


@pytest.mark.parametrize("kind", KINDS)
def test_a_drawn_start_follows_the_seed_and_is_the_same_for_every_series(kind):
    model = made(kind, start="random")
    first = model.state["pool"][0]
    assert -1 <= first.min() < -0.3 < 0.3 < first.max() < 1
    np.testing.assert_array_equal(first, made(kind, start="random").state["pool"][0])
    assert not np.array_equal(first, made(kind, seed=2, start="random").state["pool"][0])
    ys = model.run(U)
    np.testing.assert_array_equal(model.reset().run(U), ys)
    np.testing.assert_array_equal(made(kind, start="random").run([U, U])[1], ys)
    model.reset()
    np.testing.assert_array_equal([model.step(u) for u in U], ys)
    np.testing.assert_array_equal([f["pool"] for _, f in model.reset().steps(U)], ys)


def test_the_first_state_comes_from_the_start_as_the_equation_says():
    start = np.linspace(-1, 1, 20)
    model = made(start=start, leak_rate=0.5)
    p = model.params["pool"]
    expected = 0.5 * start + 0.5 * np.tanh(p.W @ start + p.W_in @ U[0])
    np.testing.assert_allclose(model.run(U[:1])[0], expected, rtol=1e-12)


def test_a_start_leaves_the_weights_as_they_are():
    one, other = made().params["pool"], made(start="random").params["pool"]
    np.testing.assert_array_equal(one.W_in, other.W_in)
    np.testing.assert_array_equal(one.W.toarray(), other.W.toarray())


def test_fit_starts_from_it_and_learning_twice_gives_the_same():
    model = ng.Model(Input() >> Reservoir(units=20, start="random") >> Ridge(ridge=1e-3), seed=1)
    W = model.fit(U, U).params["ridge"].W_out.copy()
    np.testing.assert_array_equal(model.fit(U, U).params["ridge"].W_out, W)
    np.testing.assert_allclose(model.fit([U], [U]).params["ridge"].W_out, W, rtol=1e-9)
    plain = ng.Model(Input() >> Reservoir(units=20) >> Ridge(ridge=1e-3), seed=1)
    assert not np.allclose(plain.fit(U, U).params["ridge"].W_out, W, rtol=1e-3)


@pytest.mark.parametrize("start", ["random", list(np.linspace(0, 1, 20)), list(np.arange(80.0))])
def test_a_model_file_and_yaml_keep_it(start, tmp_path):
    units = 20 if isinstance(start, str) else len(start)
    graph = Input(units=1) >> Reservoir(units=units, name="pool", start=start)
    model = ng.Model(graph, seed=1)
    ys = model.run(U)
    model.save(tmp_path / "m.safetensors")
    again = ng.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.reset().run(U), ys)
    if units <= 20:
        text = ng.to_yaml(graph)
        assert "start: " in text
        np.testing.assert_array_equal(ng.Model(read_text(text).graph, seed=1).run(U), ys)


def test_a_loop_without_input_is_generated_from_it():
    pool, out = Reservoir(units=20, start="random", name="pool"), RLS(units=1, name="out")
    model = ng.Model((pool >> out) & (pool << out), seed=1)
    model.partial_fit(None, U)
    first = model.reset().generate(5)
    np.testing.assert_array_equal(model.reset().run(steps=5), first)
    assert np.abs(first).max() > 0


def test_composites_copies_and_zeros_know_it():
    assert ESN(units=5, start="random").as_graph().nodes[0].start_ == "random"
    assert Reservoir(units=5).model_copy(update={"start": "random"}).start_ == "random"
    assert not made(start="zeros").state["pool"].x.any() and not made().state["pool"].x.any()


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ("ones", r"Reservoir.start: should be 'zeros', 'random' or one number for each unit"),
        ([1.0, 2.0], r"start: expected shape \(3,\), got \(2,\)"),
        ([1.0, np.nan, 1.0], "Reservoir.start: should have finite entries"),
        (0.5, "Reservoir.start: should have 1 axes"),
    ],
)
def test_a_wrong_start_is_refused(start, message):
    with pytest.raises(FieldError, match=message):
        Reservoir(units=3, start=start)


def test_a_state_that_cannot_be_assigned_yet_says_how_to_start():
    model = ng.Model(Input() >> Reservoir(units=3, name="pool"))
    with pytest.raises(NotFittedError, match="write it as start= of the node"):
        model.state["pool"]
