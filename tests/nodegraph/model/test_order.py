import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import BudgetError, FieldError, ModelFileError, NotFittedError
from nodegraph.host import memory_budget
from nodegraph.model import checkpoints, fit_memory
from nodegraph.testing.comparing import same_trees
from nodes import Input, Reservoir, Ridge, Scaler

RNG = np.random.default_rng(5)
LAYERS = {f"h{k}": RNG.standard_normal((6, 50, 3)) for k in range(4)}
ONE = {name: rows.reshape(-1, 3) for name, rows in LAYERS.items()}


def params(model):
    return tuple(dict(model.params).values())


def stack(units=30, cascade=False):
    """Readouts that each learn a layer from the one below, or from what is said of that."""
    scaled = [Scaler(name=f"s{k}") for k in range(4)]
    graph, below = Input(name="h0") >> scaled[0], scaled[0]
    for k in range(1, 4):
        out = Ridge(name=f"layer{k}", ridge=1e-2)
        graph = graph & (below >> Reservoir(units=units, name=f"r{k}") >> out)
        graph = graph & (Input(name=f"h{k}") >> scaled[k] >> out["target"])
        below = out if cascade else scaled[k]
    return ng.Model(graph, seed=1)


@pytest.fixture
def room(monkeypatch):
    """Ask for what is free: so many of the bytes that learning all at once takes."""
    monkeypatch.setattr(fit_memory, "MANY", 0)

    def set_to(share, model, data):
        draft = model._settle().draft()
        bound = draft.bind(data, None)
        course = fit_memory.Fit(
            initializer=draft.initializer, engine=fit_memory.LOCAL, learners=draft.learners(bound)
        )
        whole = fit_memory.foresee(course, draft.slots, bound).bytes
        monkeypatch.setattr(memory_budget, "available_bytes", lambda: int(share * whole))

    return set_to


@pytest.mark.parametrize("data", [ONE, LAYERS], ids=["one", "list"])
@pytest.mark.parametrize("cascade", [False, True])
def test_one_by_one_learns_the_same_bits(data, cascade):
    together = stack(cascade=cascade).fit(data, warmup=5)
    apart = stack(cascade=cascade).fit(data, warmup=5, order="one by one")
    same_trees(params(together), params(apart), "params")
    stages = {entry["node"]: entry["stage"] for entry in apart.report}
    assert [stages[f"layer{k}"] for k in (1, 2, 3)] == [2, 3, 4]
    for name in together.plan.nodes:
        mine, theirs = together._settle().slots[name], apart._settle().slots[name]
        same_trees((mine.state, mine.past), (theirs.state, theirs.past), name)


def test_what_does_not_fit_at_once_is_learned_one_by_one_and_said(room):
    model = stack(units=90)
    room(0.9, model, LAYERS)
    with pytest.warns(ng.errors.DataWarning, match=r"one after the other.*order=\"one by one\""):
        model.fit(LAYERS)
    apart = stack(units=90).fit(LAYERS, order="one by one")
    same_trees(params(model), params(apart), "params")


def test_what_fits_in_no_order_is_refused_before_anything_is_learned(room):
    model = stack()
    room(0.1, model, LAYERS)
    with pytest.raises(BudgetError, match=r"(?s)does not fit in memory:.*sums: 30 inputs"):
        model.fit(LAYERS)
    assert not model._settle().slots


def test_an_order_that_is_asked_for_is_not_changed(room):
    model = stack(units=90)
    room(0.9, model, LAYERS)
    with pytest.raises(BudgetError):
        model.fit(LAYERS, order="all at once")
    with pytest.raises(FieldError, match=r"order: expected 'all at once' or 'one by one', got 1"):
        model.fit(LAYERS, order=1)


def test_who_learned_one_by_one_says_why_it_cannot_learn_more():
    model = stack().fit(LAYERS, order="one by one")
    with pytest.raises(NotFittedError, match="let go, since readouts learned one by one; call fit"):
        model.freeze("s0", "s1", "s2", "s3").update(LAYERS)


def test_a_checkpoint_tells_the_order(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    file = tmp_path / "c.safetensors"
    straight = stack().fit(LAYERS, order="one by one", checkpoint=file)
    again = stack().fit(LAYERS, order="one by one", checkpoint=file, resume=True)
    same_trees(params(straight), params(again), "params")
    with pytest.raises(ModelFileError, match="order"):
        stack().fit(LAYERS, checkpoint=file, resume=True)
