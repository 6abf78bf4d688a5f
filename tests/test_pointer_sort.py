"""A pointer network that sorts by a programme: attention points to the next smallest.

A number is told by which levels it exceeds. What was pointed to comes back a step later, and asks
for whatever exceeds the next level, the smallest first.
"""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import delay
from nodes import Attention, Dense, Gate, Input, Reservoir, Ridge

SHARP, LEVELS = 50.0, 128


def sorter(length):
    """Return a model that sees `length` numbers, then points to one after the other."""
    code, on = Input(name="code"), Input(name="on")
    beyond = np.eye(LEVELS, k=-1) - np.eye(LEVELS)  # 1 at the first level that v does not exceed
    first = np.eye(LEVELS)[0]  # of nothing, that is the first of all
    size, top = SHARP * np.sqrt(LEVELS), LEVELS + 1
    W_in, bias = size * top * beyond, size * (top * first - 1)
    ask = Dense(units=LEVELS, activation="identity", W_in=W_in, bias=bias, name="ask")
    window = 2 * length
    pointed = Attention(window=window, name="pointed")
    pointer = Attention(window=window, output="weights", name="pointer")
    again = Gate(name="again")
    graph = (pointed >> delay(1) >> again >> ask >> [pointed, pointer]) & (on >> again["gate"])
    for port in (pointed["key"], pointed["value"], pointer["key"]):
        graph = graph & (code >> port)
    return ng.Model(graph)


def drawn(rng, series, length, apart):
    """Return numbers between 0 and 1; `apart`: no two between the same levels."""
    if not apart:
        return rng.uniform(0, 1, (series, length))
    return (np.stack([rng.permutation(LEVELS)[:length] for _ in range(series)]) + 0.5) / LEVELS


def right(length, apart=True, series=10):
    """Return the share of pointers that are right."""
    numbers = drawn(np.random.default_rng(length), series, length, apart)
    codes = (numbers[:, :, None] > np.arange(LEVELS) / LEVELS) * 1.0
    step = np.arange(2 * length)
    data = {
        "code": [*np.concatenate([codes, 0 * codes], axis=1)],
        "on": [(step > length)[:, None] * 1.0] * series,
    }
    said = np.array(sorter(length).run(data, outputs=["pointer"])["pointer"])
    back = said[:, length:].argmax(axis=2)  # how many steps ago
    return (step[length:] - back == numbers.argsort(axis=1)).mean()


@pytest.mark.parametrize("length", [1, 5, 40])
def test_numbers_that_levels_tell_apart_are_sorted_at_any_length(length):
    assert right(length) == 1.0


def test_numbers_between_the_same_levels_are_not_told_apart():
    assert right(5, apart=False) >= 0.8
    assert right(40, apart=False) <= 0.6


def test_a_reservoir_of_300_sorts_few_of_10_numbers():
    length, rng, ends = 10, np.random.default_rng(0), np.arange(20)[:, None] >= 10
    numbers = drawn(rng, 300, length, apart=True)
    shown = np.pad(numbers, ((0, 0), (0, length)))[:, :, None]
    u = np.concatenate([shown, np.broadcast_to(ends, shown.shape)], axis=2)
    y = np.zeros((300, 2 * length, length))
    y[:, length:] = np.eye(length)[numbers.argsort(axis=1)]
    out = Ridge(name="out", ridge=1e-3)
    graph = Input(name="u") >> Reservoir(units=300, input_scaling=0.5) >> out
    model = ng.Model(graph & (Input(name="asked") >> out["weight"]), seed=3)
    asked = [ends * 1.0] * 300
    model.fit({"u": [*u[:250]], "asked": asked[:250]}, [*y[:250]])
    said = np.array(model.run({"u": [*u[250:]], "asked": asked[250:]}))[:, length:].argmax(axis=2)
    assert (said == numbers[250:].argsort(axis=1)).mean() <= 0.4
