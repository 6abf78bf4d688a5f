import tracemalloc

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines import LOCAL
from nodegraph.model.fit import Fit
from nodegraph.model.fit_cost import foreseen, sentence
from nodegraph.model.fit_memory import foresee
from nodes import Input, Reservoir, Ridge, Scaler

RNG = np.random.default_rng(7)
TEXTS = {f"h{k}": RNG.standard_normal((20, 100, 24)).astype("f4") for k in range(4)}
ONE = {name: rows.reshape(-1, 24) for name, rows in TEXTS.items()}


def stack(mode, units=600):
    """Three readouts that learn a layer: forced, in a cascade, or of one shared reservoir."""
    scaled = [Scaler(name=f"s{k}") for k in range(4)]
    graph, said, pools = Input(name="h0") >> scaled[0], scaled[0], []
    for k in range(1, 4):
        seen = {"forced": scaled[k - 1], "cascade": said, "shared": scaled[0]}[mode]
        if mode != "shared" or not pools:
            settings = {"connectivity": 10 / units, "input_connectivity": 0.2}
            pools.append(Reservoir(units=units, name=f"r{k}", **settings))
        out = said = Ridge(name=f"layer{k}", ridge=1.0)
        graph = graph & (seen >> pools[-1] >> out) & (seen >> out)
        graph = graph & (Input(name=f"h{k}") >> scaled[k] >> out["target"])
    return ng.Model(graph, seed=1, dtype="float32")


def told(model, data, workers=None):
    """Return the parts of what a fit will hold."""
    draft = model._settle().draft()
    bound = draft.bind(data, None)
    learners = draft.learners(bound)
    course = Fit(initializer=draft.initializer, engine=LOCAL, workers=workers, learners=learners)
    return foresee(course, draft.slots, bound)


@pytest.mark.parametrize(
    ("mode", "data", "workers"),
    [("forced", ONE, None), ("cascade", TEXTS, None)],
)
def test_memory_is_foreseen_within_a_fifth_of_what_is_measured(mode, data, workers):
    stack(mode, 20).fit(data)  # compiles
    model = stack(mode)
    expected = told(model, data, workers).bytes
    tracemalloc.start()
    try:
        model.fit(data, workers=workers)
        measured = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert expected == pytest.approx(measured, rel=0.2)


def test_sums_grow_with_the_square_of_the_inputs():
    few, many = (told(stack("forced", n), TEXTS) for n in (300, 1200))
    sums = [sum(v for k, v in one.parts.items() if "sums" in k) for one in (few, many)]
    assert sums[1] / sums[0] == pytest.approx((1224 / 324) ** 2, rel=0.1)


def test_workers_hold_rows_and_blocks_of_their_own_only_where_there_are_parts_for_them():
    long = {name: np.concatenate([rows] * 40) for name, rows in TEXTS.items()}
    few = [told(stack("forced", 40), TEXTS, workers).parts for workers in (1, 2)]
    assert {**few[0]} == {**few[1]}  # one leaf
    one, two = (told(stack("forced", 40), long, workers).parts for workers in (1, 2))
    assert two["rows that wait"] == 2 * one["rows that wait"] > 0
    assert one["rows"] < two["rows"] < 2 * one["rows"]


def test_what_is_kept_is_not_on_its_way_again():
    forced, cascade = (told(stack(mode, 200), TEXTS).parts for mode in ("forced", "cascade"))
    assert cascade["rows"] < 0.7 * forced["rows"]  # a reservoir at a time


def test_it_is_said_in_words():
    found = foreseen(stack("forced", 20), {name: rows[:2] for name, rows in TEXTS.items()}, None)
    assert "kB" in sentence(found) and "one core" in sentence(found)
    assert "does not tell" in sentence(found._replace(seconds=None))


def test_of_a_stream_it_is_said_that_nothing_can_be_told():
    model = ng.Model(Input() >> Ridge(), seed=1)
    found = foreseen(model, [ONE["h0"][:50]].__iter__(), [ONE["h1"][:50]].__iter__())
    assert found is None and "stream" in sentence(found)
