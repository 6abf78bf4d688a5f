"""What offline rules conclude in the worker that holds what they have gathered."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines.ray.worker import Snapshot
from nodegraph.errors import DataError, IllConditionedWarning
from nodegraph.testing.comparing import same_trees
from nodes import ESN, Input, Reservoir, Ridge, Scaler, Tanh
from nodes.rules import IntrinsicPlasticity

RNG = np.random.default_rng(0)
X = RNG.standard_normal((300, 2))
Y = np.cumsum(X, axis=0)


def several():
    plastic = Reservoir(units=6, rule=IntrinsicPlasticity(epochs=2))
    return Input() >> Scaler() >> plastic >> [ESN(units=9), ESN(units=7, ridge="cv"), Ridge()]


def fitted(graph, engine, **options):
    model = ng.Model(graph, seed=3, engine=engine)
    targets = {name: Y for name, rule in model.plan.rules.items() if rule.supervised}
    return model.fit(X, targets, **options)


def answers(engine):
    """Return the list of those who will have concluded in a worker of `engine`."""
    found, take = [], engine.pool.take

    def seen(refs):
        got = take(refs)
        for snapshot in got:
            if isinstance(snapshot, Snapshot):
                found.extend(n for n, part in snapshot.slots.items() if part.get("answer"))
        return got

    engine.pool.take = seen
    return found


@pytest.mark.parametrize("deaths", [(), (5, 9, 14)])
def test_each_lone_readout_concludes_in_its_worker_with_the_bits_of_local(split, deaths):
    engine = split(1, 50, deaths, True, chunks=3)
    there = answers(engine)
    one, other = fitted(several(), "local", warmup=9), fitted(several(), engine, warmup=9)
    assert {"scaler", "esn.readout", "esn_2.readout", "ridge"} <= set(there)
    assert "reservoir" not in there
    assert one.report == other.report
    for name in one.plan.nodes:
        same_trees(one.params[name], other.params[name], name)


def test_more_data_later_leave_the_bits_of_local(split):
    members = (ESN(units=n, name=name, connectivity=1.0) for n, name in ((9, "a"), (7, "b")))
    graph = Input() >> [*members]
    one, other = fitted(graph, "local"), fitted(graph, split(1, 50))
    for model in (one, other):
        model.update(X, {"a.readout": -Y, "b.readout": Y})
    same_trees(one.params["a.readout"], other.params["a.readout"], "a")


def test_readouts_that_learn_as_one_conclude_here(split):
    graph = Input() >> Reservoir(units=9) >> [Ridge(name="a"), Ridge(name="b")]
    engine = split(1, 50)
    there = answers(engine)
    one, other = fitted(graph, "local"), fitted(graph, engine)
    assert not there
    assert one.report == other.report
    same_trees(one.params["b"], other.params["b"], "b")


def test_its_warnings_are_heard_here(split):
    graph, x = Input() >> Tanh() >> Ridge(ridge=0), np.hstack([X, X])
    said = []
    for engine in ("local", split(1, 50)):
        with pytest.warns(IllConditionedWarning) as caught:
            ng.Model(graph, engine=engine).fit(x, Y)
        said.append([str(warning.message) for warning in caught])
    assert said[0] == said[1]


def test_what_goes_wrong_there_goes_wrong_here_in_the_same_words(split):
    said = []
    for engine in ("local", split(1, 50)):
        with pytest.raises(DataError) as caught:
            ng.Model(Input() >> Reservoir(units=9) >> Ridge(), engine=engine).fit(
                X, np.full_like(Y, np.nan)
            )
        said.append(str(caught.value))
    assert said[0] == said[1]
