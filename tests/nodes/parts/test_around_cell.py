import numpy as np

import nodegraph as ng
from nodes import LSTM, SkipRNN, Zoneout
from nodes.rules import TBPTT


def test_what_stands_around_a_cell_learns_as_the_cell_says():
    inside = LSTM(units=3, rule=TBPTT(steps=5, batch=5), emits="prediction")
    x = np.random.default_rng(0).standard_normal((60, 2))
    for around in (Zoneout(cell=inside), SkipRNN(cell=inside), SkipRNN(cell=Zoneout(cell=inside))):
        assert around.learner.moving == inside.learner.moving
        model = ng.Model(around, seed=1).fit(x)
        assert model.run(x).shape == (60, 2)
        assert around.cost(2, 3) == inside.cost(2, 3)
