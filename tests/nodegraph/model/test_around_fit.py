import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines import LOCAL
from nodegraph.errors import DataWarning, FieldError
from nodegraph.model.around_fit import Asked, made_ready
from nodes import RLS, Input, Reservoir, Ridge

X = np.random.default_rng(0).normal(size=(40, 2))
PLAIN = Asked(0, 0, True, None, None, False)


def ready(**asked):
    pool, out = Reservoir(units=5), Ridge(name="out")
    model = ng.Model((Input() >> pool >> out) & (pool << out))
    state = model._settle().draft()
    bound = state.bind(X, X)
    return made_ready(state, ("out",), bound, X, LOCAL, PLAIN._replace(**asked))


def test_targets_stand_where_they_are_learned():
    course, bound, ahead = ready(ahead=3, warmup=2)
    targets = bound.series[0].targets["out"]
    assert np.array_equal(targets[:-3], X[3:])
    assert np.isnan(targets[-3:]).all()
    assert ahead == {"out": 3}
    assert (course.warmup, course.workers, course.learners) == (2, None, ("out",))


def test_options_are_those_that_a_checkpoint_remembers():
    assert ready(order="one by one", forcing=False, ahead=1).options == {
        "learners": ("out",),
        "forcing": False,
        "warmup": 0,
        "ahead": {"out": 1},
        "order": "one by one",
    }
    assert ready().options["order"] == "all at once"


def test_what_is_wrong_is_refused_and_what_is_idle_is_said():
    with pytest.raises(FieldError, match="order: expected 'all at once' or 'one by one'"):
        ready(order="both")
    with pytest.warns(DataWarning, match="watch: nothing here learns at every step"):
        ready(watched=True)


@pytest.mark.parametrize("readout", [Ridge(name="out"), RLS(name="out")])
def test_forcing_that_is_turned_off_where_there_is_none_is_said(readout):
    pool = Reservoir(units=5)
    graphs = [Input() >> pool >> readout]
    graphs += [(Input() >> pool >> readout) & (pool << readout)] * isinstance(readout, RLS)
    for graph in graphs:  # who learns online hears its own outputs in any case
        with pytest.warns(DataWarning, match="forcing=False: no target can stand in, for no outp"):
            ng.Model(graph, seed=1).fit(X, X, forcing=False)
