import numpy as np

from nodegraph.rule import Lesson, Seen
from nodegraph.testing.comparing import same_trees
from nodes import Whitening
from nodes.rules import Decorrelation

X = np.random.default_rng(0).normal(size=(700, 2))
PARAMS = Whitening.Params(np.eye(2), np.zeros(2))


def test_a_chunk_gathered_in_place_is_an_update():
    rule, rows = Decorrelation(), np.arange(700) >= 5
    _, one = rule.update(PARAMS, rule.begin(PARAMS), Seen(X[rows], None))
    _, other = rule.gather(PARAMS, rule.begin(PARAMS), Lesson({"x": X}, None, rows), X)
    same_trees(one, other, "gathering gives something else")


def test_what_is_saved_does_not_show_the_chunks():
    rule = Decorrelation()
    memory = rule.begin(PARAMS)
    for part in (X[:7], X[7:50]):
        _, memory = rule.update(PARAMS, memory, Seen(part, None))
    _, whole = rule.update(PARAMS, rule.begin(PARAMS), Seen(X[:50], None))
    same_trees(rule.seamless(memory), whole, "chunks show")


def test_rows_that_were_gathered_are_no_views():
    rule, x = Decorrelation(), X[:50].copy()
    _, memory = rule.update(PARAMS, rule.begin(PARAMS), Seen(x, None))
    x[:] = 0
    assert memory[0].moments()[1].any()
