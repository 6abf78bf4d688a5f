import numpy as np

from nodes.parts.past import Past, remembered


def test_it_holds_the_last_steps_and_how_many_there_were():
    past = Past.empty((np.zeros(2), np.zeros((), int)), n_in=1, others=1, rows=3)
    for step in range(5):
        past = remembered(past, (np.full(2, step), np.array(step)), np.full(1, step), [step / 2])
    assert past.steps == 5
    for back in range(3):
        state, x, others = past.at(back)
        assert (state[0] == 4 - back).all() and state[1] == 4 - back
        assert x == 4 - back and others == (4 - back) / 2
