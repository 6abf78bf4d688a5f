"""What goes in first where a model goes on by itself behind fit: the last target."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import delay
from nodes import Input, Reservoir, Ridge


def heard_by(far, late, every):
    """Return a graph in which a readout is heard by another node, late or at once."""
    u = Input(name="u")
    near = Ridge(name="near", ridge=0.1, every=every)
    return (u >> near) & (u >> far) & (near >> delay(late) >> far if late else near >> far)


@pytest.mark.parametrize("how", ["fit", "update", "saved", "wired", "with data"])
@pytest.mark.parametrize(("late", "every"), [(0, 1), (1, 1), (3, 1), (0, 3)])
def test_the_last_target_goes_in_behind_fit_whoever_hears_outputs_meanwhile(
    how, late, every, tmp_path
):
    u = np.cumsum(np.random.default_rng(2).standard_normal((100, 1)), axis=0)
    x, y, others = {"u": u[:-1]}, {"near": u[1:], "far": u[1:]}, {}
    far = Ridge(name="far", ridge=0.1) if how != "update" else Reservoir(name="far", units=3)
    graph = heard_by(far, late, every)
    if how == "wired":
        graph = graph & (Input(name="y") >> [graph["near"]["target"], graph["far"]["target"]])
        x, y = {**x, "y": u[1:]}, {}
    if how == "with data":
        graph = graph & (Input(name="v") >> graph["near"])
        x = {**x, "v": u[:-1] ** 2}
        others = {"x": {"v": np.arange(1.0, 7.0)[:, None]}}
    model = ng.Model(graph)
    if how == "update":
        model.fit(u[:70], u[1:71]).update(u[70:-1], u[71:])
    else:
        model.fit(x, y or None)
    if how == "saved":
        model.save(tmp_path / "model.safetensors")
        model = ng.load(tmp_path / "model.safetensors")
    W, bias = (np.array(getattr(model.params["near"], name)) for name in ("W_out", "bias"))
    said = model.generate(6, loop={"u": "near"}, outputs=["near"], **others)["near"]
    goes_in, wanted = u[-1], []
    tick = x["u"][98 // every * every]
    held = np.concatenate([tick, tick**2]) if how == "with data" else tick
    for i in range(6):
        row = np.concatenate([goes_in, [i + 1.0]]) if how == "with data" else goes_in
        held = row if (99 + i) % every == 0 else held
        goes_in = W @ held + bias
        wanted.append(goes_in)
    np.testing.assert_allclose(said, wanted, atol=1e-11)


@pytest.mark.parametrize("unknown", [0, 1, 3])
@pytest.mark.parametrize("pool", [[], [Reservoir(name="pool", units=5)]], ids=["rows", "states"])
def test_chunks_whose_last_target_is_unknown_go_on_as_the_array_does(pool, unknown):
    u = np.cumsum(np.random.default_rng(2).standard_normal((100, 1)), axis=0)
    y = np.roll(u, -1, axis=0)
    y[len(y) - unknown :] = np.nan
    out = Ridge(name="out", ridge=0.1)
    graph = Input(name="u") >> pool[0] >> out if pool else Input(name="u") >> out
    whole = ng.Model(graph, seed=1).fit(u, y)
    parts = ng.Model(graph, seed=1).fit(ng.Chunks([(u[:40], y[:40]), (u[40:], y[40:])]))
    said = parts.generate(5)
    np.testing.assert_array_equal(said, whole.generate(5))
    if unknown and not pool:
        W, bias = whole.params["out"]
        np.testing.assert_allclose(said[0], W @ u[-1] + bias, rtol=1e-12)
