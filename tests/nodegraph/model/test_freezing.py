"""Learners that keep their weights, and who may be told to."""

import dataclasses

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, GraphError
from nodegraph.model.state import ModelState
from nodes import LMS, Input, Reservoir, Ridge
from nodes.rules import Oja

T = 400
RNG = np.random.default_rng(0)
U = RNG.uniform(-1, 1, (T, 2))
Y = np.column_stack([np.convolve(U[:, 0], [0.5, 0.3, 0.1])[:T], U[:, 1] ** 2 + 3.0])


def chain(units=20, **options):
    return Input(name="u") >> Reservoir(name="r", units=units, **options) >> Ridge(name="out")


def test_by_name_one_learner_is_frozen_and_learns_again():
    r = Reservoir(units=10, rule=Oja(rate=0.1), name="r")
    model = ng.Model(Input() >> r >> LMS(name="out"), seed=1)

    def moved():
        before = model.params["r"].W.data.copy(), model.params["out"].W_out.copy()
        model.partial_fit(U, Y)
        after = model.params["r"].W.data, model.params["out"].W_out
        return [not np.array_equal(*pair) for pair in zip(before, after, strict=True)]

    model.partial_fit(U[:1], Y[:1])
    assert moved() == [True, True]
    model.freeze("r")
    assert moved() == [False, True]
    model.freeze("out").unfreeze("r")
    with pytest.raises(DataError, match="a target was given, but no node learns from one"):
        model.partial_fit(U, Y)
    model.unfreeze("out").freeze("r", "out")
    with pytest.raises(GraphError, match="learns online: out, r frozen; call unfreeze"):
        model.partial_fit(U)
    model.unfreeze()
    assert moved() == [True, True]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("reedout", "freezing for 'reedout': no node is named so; did you mean 'readout'"),
        ("input", "freezing for 'input': it has no rule; nodes that learn are readout"),
    ],
)
def test_who_cannot_be_frozen_is_told_by_name(name, message):
    model = ng.Model(Input() >> Reservoir(units=5) >> Ridge(name="readout"))
    for change in (model.freeze, model.unfreeze):
        with pytest.raises(DataError, match=message):
            change(name)


def test_frozen_learners_keep_their_weights():
    model = ng.Model(chain(), seed=1).fit(U, Y)
    before = model.params["out"].W_out.copy()
    with pytest.raises(GraphError, match="nothing learns here: out frozen"):
        model.freeze("out").fit(U)
    assert np.array_equal(model.params["out"].W_out, before)
    np.testing.assert_allclose(
        model.unfreeze().fit(U, 2 * Y).params["out"].W_out, 2 * before, rtol=1e-3, atol=1e-6
    )


def test_a_target_of_who_is_frozen_is_refused_as_such():
    near, far = Ridge(name="near"), Ridge(name="far")
    model = ng.Model(Input(name="u") >> near >> far, seed=1).fit(U, {"near": Y, "far": Y})
    for learn in (model.freeze("near").fit, model.update):
        with pytest.raises(DataError, match="target for 'near': that node learns from none that"):
            learn(U, {"near": Y, "far": Y})


def test_freezing_nobody_is_refused():
    model = ng.Model(Input() >> Reservoir(units=5) >> Ridge(name="out"))
    with pytest.raises(DataError, match=r'freeze: name the nodes .* of "out"'):
        model.freeze()


def test_a_model_that_is_put_back_predicts_in_the_form_of_its_targets_again():
    model = ng.Model(chain()).fit(U, Y[:, 0])
    here, said = model.snapshot(), model.predict(U)
    assert model.fit(U, Y[:, :1]).predict(U).shape == (T, 1)
    model.restore(here)
    assert said.shape == (T,) and np.array_equal(model.predict(U), said)


def test_a_model_that_is_put_back_knows_again_how_far_its_tables_were_apart():
    pd = pytest.importorskip("pandas")
    days = pd.date_range("2024-01-01", periods=T + 1)
    x = pd.DataFrame(U, index=days[:-1])
    model = ng.Model(chain()).fit(x, pd.DataFrame(Y, index=days[:-1]))
    before, here = model._settle().leads, model.snapshot()
    model.fit(x, pd.DataFrame(Y, index=days[1:]))
    assert model._settle().leads != before
    model.restore(here)
    assert model._settle().leads == before != {}


def test_all_that_a_model_came_to_know_survives_a_file_and_is_put_back(tmp_path):
    pandas = pytest.importorskip("pandas")
    days = pandas.date_range("2024-01-01", periods=80, freq="D")
    x = pandas.DataFrame({"a": np.sin(np.arange(80.0))}, index=days)
    model = ng.Model(chain(units=9), seed=1)
    start = model.snapshot()
    model.fit(x, x["a"], ahead=1)
    model.update([x], [x], ahead=1)
    learned = model.freeze("out").snapshot()
    model.save(tmp_path / "m.safetensors")
    loaded = ng.load(tmp_path / "m.safetensors").snapshot()
    again = model.restore(start).restore(learned).snapshot()
    fields = {field.name for field in dataclasses.fields(ModelState)}
    assert learned.keys() == fields - {"initializer", "plans", "able", "origin"}
    for name in learned.keys() - {"slots"}:
        assert learned[name] != start[name]  # else it says nothing
        assert learned[name] == loaded[name] == again[name]
