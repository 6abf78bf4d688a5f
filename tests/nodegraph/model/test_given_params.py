"""Params that were assigned are the start of learning, or a warning says that they are not."""

import copy
import warnings

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.arrays import is_sparse
from nodegraph.errors import DataWarning
from nodegraph.testing.comparing import same_trees
from nodes import (
    LMS,
    RLS,
    Input,
    PredictiveCell,
    Reservoir,
    Ridge,
    Scaler,
)
from nodes.rules import (
    BCM,
    AntiHebb,
    Hebb,
    IntrinsicPlasticity,
    Oja,
    Sanger,
    SynapticNormalization,
)

RNG = np.random.default_rng(0)
U = RNG.uniform(-1, 1, (60, 2))
Y = RNG.uniform(-1, 1, (60, 1))


def plastic(rule):
    return Input(name="u") >> Reservoir(name="n", units=6, rule=rule)


ONLINE = {
    **{
        type(rule).__name__: lambda rule=rule: plastic(rule)
        for rule in (Hebb(), AntiHebb(), Oja(), BCM(), Sanger(), IntrinsicPlasticity())
    },
    "growth and norm": lambda: plastic(SynapticNormalization(rule=Hebb())),
    "RLS": lambda: Input(name="u") >> RLS(name="n"),
    "LMS": lambda: Input(name="u") >> LMS(name="n"),
    "cell": lambda: Input(name="u") >> PredictiveCell(name="n", units=4),
}


def data(model):
    taught = any(rule.supervised for rule in model.plan.rules.values())
    return U, Y if taught else None


def shifted(params, fields):
    """Return params a little off; the same places of sparse weights."""
    moved = {}
    for field in fields:
        W = getattr(params, field)
        moved[field] = W * 1.25 if is_sparse(W) else W * 1.25 + 0.01 * (np.ndim(W) == 1)
    return params._replace(**moved)


def given(graph):
    """Return a model at its start with params that were assigned, and what they were before."""
    model = ng.Model(graph, seed=1)
    x, y = data(model)
    model.fit(x, y)
    model.reset()
    before = copy.deepcopy(model.params["n"])
    model.params["n"] = shifted(before, model.plan.rules["n"].moving)
    return model, before


@pytest.mark.parametrize("kind", ONLINE)
def test_an_online_rule_starts_from_what_was_given(kind, tmp_path):
    (model, _), (straight, _) = given(ONLINE[kind]()), given(ONLINE[kind]())
    model.save(tmp_path / "m.safetensors")
    loaded = ng.load(tmp_path / "m.safetensors")
    x, y = data(model)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        for one in (model, loaded):
            one.fit(x, y)
    straight._settle().slots["n"].memory = None  # what it saw before the weights were given
    straight.partial_fit(x, y)  # goes on from what was given
    for one in (model, loaded):
        same_trees((straight.params["n"],), (one.params["n"],), kind)
    again = copy.deepcopy(model.params["n"])
    model.fit(x, y)  # begins at the same start
    same_trees((again,), (model.params["n"],), kind)
    drawn = ng.Model(ONLINE[kind](), seed=1).fit(x, y)
    with pytest.raises(AssertionError):
        same_trees((drawn.params["n"],), (model.params["n"],), kind)


OFFLINE = {
    "Ridge": lambda: Input(name="u") >> Ridge(name="n"),
    "Scaler": lambda: Input(name="u") >> Scaler(name="n"),
}


@pytest.mark.parametrize("kind", OFFLINE)
def test_an_offline_rule_says_once_that_it_does_not_start_from_them(kind):
    model, right = given(OFFLINE[kind]())
    x, y = data(model)
    with pytest.warns(DataWarning, match=r'assigned to model.params; .* model.freeze\("n"\)'):
        model.fit(x, y)
    same_trees((right,), (model.params["n"],), kind)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        model.fit(x, y)
