"""Rows to judge nodes by are taken where the nodes are, whichever worker that is."""

import warnings

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataWarning
from nodes import RLS, Input, Reservoir, Ridge, Scaler

U = np.random.default_rng(0).uniform(-1, 1, (400, 1))
FAR = 300 + U
FORMS = {
    "one": (FAR, U),
    "list": ([FAR[:200], FAR[200:]], [U[:200], U[200:]]),
    "many": (FAR.reshape(40, 10, 1), U.reshape(40, 10, 1)),
}


def pool():
    return Reservoir(units=20, bias_scaling=0.1, name="pool")


def said(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(w.message) for w in caught if issubclass(w.category, DataWarning)]


def check_told(model, form):
    (words,) = said(lambda: model.fit(*FORMS[form]))
    assert words.startswith("pool: its input has mean 300 and spread 0.5")
    assert "100 % of its states are beyond .99 of tanh's range" in words


@pytest.mark.parametrize("deaths", [(), (9,), (30,)])
@pytest.mark.parametrize("form", FORMS)
def test_raw_data_are_told_of_wherever_the_nodes_are(split, form, deaths):
    engine = split(3, 40, deaths, window=2, chunks=3)
    check_told(ng.Model(Input() >> pool() >> Ridge(name="out"), engine=engine), form)
    assert engine.pool.died == len(deaths) or form == "many"


@pytest.mark.parametrize("deaths", [(), (2,)])
@pytest.mark.parametrize("form", ["list", "many"])
def test_so_they_are_where_series_are_learned_from_apart(spread, form, deaths):
    check_told(ng.Model(Input() >> pool() >> Ridge(), engine=spread(2, deaths)), form)


def test_the_last_pass_counts_and_online_learners_are_looked_at_as_well(split):
    graph = Input() >> Scaler() >> pool() >> Ridge(name="out")
    assert said(lambda: ng.Model(graph, engine=split(3, 40)).fit(FAR, U)) == []
    model = ng.Model(Input() >> pool() >> RLS(), engine=split(3, 40))
    (words,) = said(lambda: model.partial_fit(FAR, U))
    assert words.startswith("pool: its input has mean 300")


@pytest.mark.ray
def test_raw_data_are_told_of_on_ray(ray_engine):
    for form in FORMS:
        check_told(ng.Model(Input() >> pool() >> Ridge(name="out"), engine=ray_engine), form)
