from threading import get_ident

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines import LOCAL
from nodegraph.model import independent_series
from nodegraph.model.fit import Fit
from nodegraph.model.fit_memory import foresee
from nodegraph.testing.comparing import same_trees
from nodes import Input, Reservoir, Ridge
from nodes.ridge_regression import blas

RNG = np.random.default_rng(3)
X = [RNG.standard_normal((700, 2)) for _ in range(60)]
Y = [x[:, :1] * x[:, 1:] for x in X]


def model():
    return ng.Model(Input() >> Reservoir(units=40) >> Ridge(ridge=1e-3), seed=1)


def workers_of_parts(workers):
    """Return how many workers are told to gather sums of their own."""
    draft = model()._settle().draft()
    bound = draft.bind(X, Y)
    learners = draft.learners(bound)
    course = Fit(initializer=draft.initializer, engine=LOCAL, workers=workers, learners=learners)
    parts = foresee(course, draft.slots, bound).parts
    return next(int(name.split()[2]) for name in parts if name.startswith("parts of"))


def test_large_sums_are_held_once_and_their_columns_are_shared_out(monkeypatch):
    assert workers_of_parts(2) == 2
    many = model().fit(X, Y, workers=2)
    monkeypatch.setattr(independent_series, "LARGE", 1000)
    monkeypatch.setattr(blas, "PANEL", 8)
    at, add = set(), blas._Panels.add
    monkeypatch.setattr(blas._Panels, "add", lambda self, c: (at.add(get_ident()), add(self, c))[1])
    assert workers_of_parts(2) == 1
    once = model().fit(X, Y, workers=2)
    assert get_ident() not in at and at  # threads that are lent do the columns
    weights = [np.asarray(one.params["ridge"].W_out) for one in (once, many)]
    assert weights[0] == pytest.approx(weights[1], rel=1e-9)
    same_trees(dict(once.params), dict(model().fit(X, Y).params), "one worker")
