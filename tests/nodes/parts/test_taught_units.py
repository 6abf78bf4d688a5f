import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodes import Input, TaughtAttention, TaughtLayer
from nodes.parts.taught_units import TaughtUnits

KINDS = {
    TaughtLayer: {"units": 5, "rounds": 1},
    TaughtAttention: {"units": 3, "heads": 1, "keys": 2, "span": 4, "passes": 0},
}
X = np.random.default_rng(0).uniform(-1, 1, (300, 2))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_given_out_has_as_many_signals_as_is_said(kind):
    node = kind(**KINDS[kind])
    assert isinstance(node, TaughtUnits) and node.declared_size == node.shown == 5
    both = kind(**KINDS[kind], emits=("prediction", "units"))
    assert both.declared_size is None and both.size(2, target=4) == 9
    assert ng.Model(both, seed=1).fit(X, X[:, [0, 0, 1]]).run(X[:4]).shape == (4, 8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_the_head_of_frozen_units_hears_what_they_say(kind, activation):
    fields = {name: value for name, value in KINDS[kind].items() if name not in kind.moves}
    node = kind(**fields, frozen=True, activation=activation, emits="prediction")
    y = np.abs(X[:, :1])
    model = ng.Model(Input() >> node, seed=1).fit(X, y)
    root = np.sqrt(np.mean((model.reset().run(X) - y) ** 2))
    assert root == pytest.approx(model.report[0]["train_rmse"], rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_what_reads_nothing_is_refused(kind):
    with pytest.raises(FieldError, match="it reads x, but nothing is wired there"):
        kind(**KINDS[kind]).init(np.random.default_rng(0), 0, 5)
