"""Which output becomes which input, and the plan in which it does."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, DataWarning, GraphError
from nodegraph.graph.blocks import Read
from nodegraph.model.closed_loop import astray, closed_plan, find_loop
from nodes import Identity, Input, Noise, Reservoir, Ridge

a, b = Input(name="a"), Input(name="b")
PAIR = ng.plan([a >> Identity(name="p"), b >> Identity(name="q")] >> Identity(name="out"))
CHAIN = ng.plan(Input(name="u") >> Identity(name="out"))


def test_the_only_output_goes_to_the_only_input():
    assert find_loop(CHAIN, {"u": 1}, None) == {"u": "out"}
    assert find_loop(CHAIN, {}, None) == {}


def test_where_there_are_several_it_must_be_said():
    with pytest.raises(GraphError, match=r"inputs are a, b, outputs out; write loop={'a': 'out'}"):
        find_loop(PAIR, {"a": 1, "b": 1}, None)
    assert find_loop(PAIR, {"a": 1, "b": 1}, {"b": "q"}) == {"b": "q"}
    with pytest.raises(DataError, match="loop for 'c': no node is named so"):
        find_loop(PAIR, {"a": 1, "b": 1}, {"c": "q"})


def test_an_input_reads_its_output_one_step_later():
    plan = closed_plan(CHAIN, {"u": 2, "out": 2}, {"u": 2}, {"u": "out"})
    assert plan.reads["u"]["x"] == (Read("out", 1),)
    (block,) = plan.blocks
    assert set(block.names) == {"u", "out"} and block.span == 1


def test_an_output_of_another_size_is_refused():
    with pytest.raises(GraphError, match="out gives 3 values, u takes 2: the loop cannot be clos"):
        closed_plan(CHAIN, {"u": 2, "out": 3}, {"u": 2}, {"u": "out"})


def test_a_closed_loop_repeats_what_it_was_shown_last():
    model = ng.Model(Input(name="u") >> Identity(name="out"))
    y = model.generate(3, prompt=np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert np.array_equal(y, [[3.0, 4.0]] * 3)


def months(std=1e-9):
    """Return a model of sunspots that hears its own forecast, and the rows to score it by."""
    spots = np.asarray(ng.datasets.load("sunspots"), float).reshape(-1, 1)
    scales = {"feedback_scaling": 0.02, "input_scaling": 0.02, "bias_scaling": 0.2}
    pool, out = Reservoir(units=100, leak_rate=0.5, **scales), Ridge(ridge=1e-6)
    fed = out >> Noise(std=std) >> ng.delay(1) >> pool["feedback"]
    model = ng.Model((Input() >> pool >> out) & fed)
    model.fit(spots[:2000], spots[12:2012], warmup=100)
    return model, spots[2000:2800], spots[2012:2812]


def test_outputs_that_stray_in_their_own_loop_are_told_with_what_keeps_them_in_it():
    model, x, y = months()
    off = np.sqrt(((y - model.predict(x)) ** 2).mean()) / y.std()
    with pytest.warns(DataWarning, match=f"score: outputs are {off:.3g} times as far off as"):
        assert model.score(x, y) == pytest.approx(1 - off**2)
    model, x, y = months(std=2 * model.report[0]["train_rmse"])
    assert model.score(x, y) > 0.4


def test_outputs_that_nobody_hears_are_bad_in_silence():
    plan, y = ng.plan(Input() >> Reservoir(units=3) >> Ridge()), np.arange(9.0)[:, None]
    assert astray(plan, y, y + 1e6) == ""
    pool, out = Reservoir(units=3), Ridge()
    loop, gap = ng.plan((Input() >> pool >> out) & (pool << out)), y.copy()
    gap[4] = np.nan
    assert "1e+03 times" in astray(loop, gap, gap + 1e3 * np.nanstd(gap))
    assert astray(loop, y, y + y.std()) == astray(loop, 0 * y, y) == ""
