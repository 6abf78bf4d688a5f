import tracemalloc

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.model.foresight import foreseen, sentence
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


@pytest.mark.parametrize(
    ("mode", "data", "workers"),
    [("forced", ONE, None), ("cascade", TEXTS, None)],
)
def test_memory_is_foreseen_within_a_fifth_of_what_is_measured(mode, data, workers):
    stack(mode, 20).fit(data)  # compiles
    model = stack(mode)
    told = foreseen(model, data, None, workers).bytes
    tracemalloc.start()
    try:
        model.fit(data, workers=workers)
        measured = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert told == pytest.approx(measured, rel=0.2)


def test_what_is_foreseen_grows_as_it_should():
    few, many = (foreseen(stack("forced", n), TEXTS, None) for n in (300, 1200))
    sums = [sum(v for k, v in one.parts.items() if "sums" in k) for one in (few, many)]
    assert sums[1] / sums[0] == pytest.approx((1224 / 324) ** 2, rel=0.1)
    twice = {name: np.concatenate([rows] * 4) for name, rows in TEXTS.items()}
    assert foreseen(stack("forced", 300), twice, None).seconds > 2 * few.seconds
    assert "MB" in sentence(few) and "one core" in sentence(few)


def test_of_a_stream_it_is_said_that_nothing_can_be_told():
    model = ng.Model(Input() >> Ridge(), seed=1)
    found = foreseen(model, [ONE["h0"][:50]].__iter__(), [ONE["h1"][:50]].__iter__())
    assert found is None and "stream" in sentence(found)
