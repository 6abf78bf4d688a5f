import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_node
from nodes import Izhikevich


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"emits": ["potentials", "spikes"], "substeps": 1, "c": [-65.0] * 6},
        {"emits": ["potentials", "spikes"], "substeps": 5},
    ],
)
def test_it_keeps_the_contract(fields):
    check_node(Izhikevich(units=6, input_scaling=10.0, bias_scaling=5.0, **fields))


def test_its_spikes_are_those_of_the_published_script():
    rng, n, fields = np.random.default_rng(0), 12, {}
    excites = rng.random(n) ** 2
    fields = {"a": np.full(n, 0.02), "b": np.full(n, 0.2), "c": -65 + 15 * excites}
    fields["d"] = 8 - 6 * excites
    W, noise = 3 * rng.standard_normal((n, n)), 8 * rng.standard_normal((400, n)) + 4
    found = ng.Model(Izhikevich(W=W, W_in=np.eye(n), **fields)).run(noise)
    v, fired = np.full(n, -65.0), np.zeros(n, bool)
    u = fields["b"] * v
    for drive, row in zip(noise, found, strict=True):
        v, u = np.where(fired, fields["c"], v), np.where(fired, u + fields["d"], u)
        drive = drive + W @ fired
        v = v + 0.5 * (0.04 * v**2 + 5 * v + 140 - u + drive)
        v = v + 0.5 * (0.04 * v**2 + 5 * v + 140 - u + drive)
        u = u + fields["a"] * (fields["b"] * v - u)
        fired = v >= 30
        v = np.minimum(v, 30)
        np.testing.assert_array_equal(row, fired)
    assert found.sum() > 50


def spikes(**fields):
    return int(
        ng.Model(Izhikevich(W=[[0.0]], W_in=[[1.0]], **fields)).run(np.full((1000, 1), 10.0)).sum()
    )


def test_fast_spiking_units_fire_faster_than_regular_ones():
    assert 10 < spikes() < 40 < spikes(a=0.1, d=2.0)
    assert spikes(c=-55.0, d=4.0) > spikes()  # bursts


def exact(a, b, c, d, ms=500, drive=10.0, h=1e-3):
    """Return when the equations spike, by steps so short that their length makes no difference."""
    v, u, times = -65.0, b * -65.0, []
    for k in range(int(ms / h)):
        v, u = v + h * (0.04 * v * v + 5 * v + 140 - u + drive), u + h * a * (b * v - u)
        if v >= 30:
            v, u = c, u + d
            times.append(k * h)
    return np.array(times)


@pytest.mark.parametrize("fields", [{}, {"a": 0.1, "d": 2.0}, {"c": -55.0, "d": 4.0}])
def test_with_more_substeps_it_spikes_when_the_equations_say(fields):
    wanted = exact(**({"a": 0.02, "b": 0.2, "c": -65.0, "d": 8.0} | fields))
    counts = []
    for substeps in (3, 32, 256):
        node = Izhikevich(W=[[0.0]], W_in=[[1.0]], substeps=substeps, **fields)
        found = np.flatnonzero(ng.Model(node).run(np.full((500, 1), 10.0)))
        counts.append(abs(len(found) - len(wanted)))
    assert counts[0] <= 0.25 * len(wanted) and counts[-1] <= 1
    np.testing.assert_allclose(found[: len(wanted)], wanted[: len(found)], atol=3)


def test_without_input_it_rests():
    assert not ng.Model(Izhikevich(W=[[0.0]], W_in=[[1.0]])).run(np.zeros((300, 1))).any()


def test_nonsense_is_refused():
    with pytest.raises(ng.errors.FieldError, match=r"a: expected shape \(3,\), got \(2,\)"):
        Izhikevich(units=3, a=[0.02, 0.1])
    with pytest.raises(ng.errors.FieldError, match="one or more of spikes, potentials"):
        Izhikevich(units=3, emits="trace")
