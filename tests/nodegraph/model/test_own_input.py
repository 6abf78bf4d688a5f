import warnings

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, DataWarning
from nodes import Input, Reservoir, Ridge, Scaler

X = np.sin(np.arange(300) / 5)[:, None]
V = np.random.default_rng(1).normal(size=(300, 1))


def chain():
    return ng.Model(Input(name="u") >> Reservoir(units=9) >> Ridge(name="out"), seed=1)


@pytest.mark.parametrize("loaded", [False, True])
@pytest.mark.parametrize("y", [1000 * X[1:], V[1:]], ids=["another unit", "another series"])
def test_an_output_that_was_taught_other_values_than_its_input_is_told(y, loaded, tmp_path):
    model = chain().fit(X[:-1], y[: len(X) - 1])
    if loaded:
        model.save(tmp_path / "m.safetensors")
        model = ng.load(tmp_path / "m.safetensors")
    said = r"out was taught other values than those of u one row later;.*loop={'u': 'out'}"
    with pytest.warns(DataWarning, match=said) as caught:
        model.generate(3)
    assert len(caught) == 1


def table(*columns):
    return np.rec.fromarrays([values for _, values in columns], names=[n for n, _ in columns])


def test_columns_in_another_order_are_refused_unless_the_data_are_in_order():
    a, b = X[:, 0], np.cos(np.arange(len(X)) / 3) * 5
    x, y = table(("a", a[:-1]), ("b", b[:-1])), table(("b", b[1:]), ("a", a[1:]))
    with pytest.raises(DataError, match=r"taught the columns 'b', 'a', and u .*y\[\['a', 'b'\]\]"):
        chain().fit(x, y).generate(3)
    same = table(("b", a[1:]), ("a", b[1:]))
    assert chain().fit(x, same).generate(3).shape == (3, 2)
    other = table(("c", b[1:]), ("d", a[1:]))
    with pytest.warns(DataWarning, match=r"one row later \(c, d for a, b\)"):
        chain().fit(x, other).generate(3)


def test_what_is_meant_so_is_silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chain().fit(X[:-1], X[1:] + 0.1 * V[1:]).generate(3)  # targets with noise
        chain().fit(X[:-3], V[3:]).generate(3, loop={"u": "out"})
        ng.Model(Input() >> Ridge() >> Scaler()).fit(X[:-1], 9 * X[1:]).generate(3)
