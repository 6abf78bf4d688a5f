import warnings

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, DataWarning
from nodes import RLS, Input, Reservoir, Ridge, Scaler

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


@pytest.mark.parametrize("readout", [Ridge, RLS])
def test_behind_fit_the_last_target_goes_in_or_the_last_prediction_of_who_learned_online(readout):
    u = X + 0.1 * V

    def made():
        return ng.Model(Input(name="u") >> Reservoir(units=9) >> readout(name="out"), seed=1)

    model = made().fit(u[:200], u[1:201])
    here = model.snapshot()
    first = u[200] if readout is Ridge else made().partial_fit(u[:200], u[1:201])[-1]
    wanted = model.step(first)
    np.testing.assert_array_equal(model.restore(here).generate(1)[0], wanted)
    from_target = model.restore(here).step(u[200])
    assert np.array_equal(from_target, wanted) == (readout is Ridge)
    rest = model.generate(2)
    model.restore(here).step(u[200])
    np.testing.assert_array_equal(rest, [model.step(from_target), model.step(rest[0])])
