"""Where a model stands behind `update`: all nodes have lived through the rows that it was given."""

import numpy as np
import pytest
from ridge_by_hand import numpy_ridge

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import DataError
from nodes import RLS, Input, Noise, Reservoir, Ridge

RNG = np.random.default_rng(7)
X = RNG.standard_normal((90, 2))
Y = X @ [[1.5], [-1.0]] + 0.3 * RNG.standard_normal((90, 1)) + 0.7


def learned(rows):
    W, bias = numpy_ridge(X[:rows], Y[:rows], 0.1)
    return lambda x: x @ W.T + bias


def given(how, rows):
    """Return some rows of the data as one array, or as chunks."""
    x, y = X[rows], Y[rows]
    return (x, y) if how == "whole" else (ng.Chunks([(x[:7], y[:7]), (x[7:], y[7:])]),)


@pytest.mark.parametrize("how", ["whole", "chunks"])
@pytest.mark.parametrize("late", [0, 2])
def test_who_hears_a_readout_lives_through_what_it_is_updated_with(how, late):
    out, pool = Ridge(name="out", ridge=0.1), Reservoir(name="pool", units=4, connectivity=1.0)
    told = out >> delay(late) >> pool if late else out >> pool
    model = ng.Model((Input(name="u") >> out) & told, seed=1).fit(X[:60], Y[:60])
    model.update(*given(how, slice(60, 90)))
    said = np.vstack([np.zeros((late, 1)), learned(60)(X[:60]), learned(90)(X[60:])])
    state = np.zeros(4)
    params = model.params["pool"]
    for row in said[:90]:
        state = np.tanh(params.W @ state + params.W_in @ row)
    np.testing.assert_allclose(model.state["pool"].x, state, atol=1e-12)
    heard = model.run(X[:1], outputs=["pool"])["pool"][0]
    row = said[90] if late else learned(90)(X[0])
    np.testing.assert_allclose(heard, np.tanh(params.W @ state + params.W_in @ row), atol=1e-12)


def test_chunks_that_come_once_do_not_update_who_is_heard_by_others():
    out, pool = Ridge(name="out", ridge=0.1), Reservoir(name="pool", units=4, connectivity=1.0)
    model = ng.Model(Input(name="u") >> out >> pool, seed=1).fit(X[:60], Y[:60])
    with pytest.raises(DataError, match="an iterator gives them once"):
        model.update(iter([(X[60:], Y[60:])]))
    ng.Model(Input() >> Ridge()).fit(X[:60], Y[:60]).update(iter([(X[60:], Y[60:])]))


@pytest.mark.parametrize("how", ["fit", "saved", "twice"])
def test_further_series_hear_noise_of_their_own(how, tmp_path):
    """Noise goes on from series to series, as if all had been there at once."""
    xs, ys = np.split(X, 6), np.split(Y, 6)

    def made():
        return ng.Model(Input() >> Noise(std=1.0) >> Ridge(name="out", ridge=0.1), seed=1)

    whole, model = made().fit(xs, ys), made().fit(xs[:2], ys[:2])
    if how == "saved":
        model.save(tmp_path / "model.safetensors", memory=True)
        model = ng.load(tmp_path / "model.safetensors")
    if how == "twice":
        model.update(xs[2:4], ys[2:4]).update(xs[4:], ys[4:])
    else:
        model.update(xs[2:], ys[2:])
    np.testing.assert_allclose(model.params["out"].W_out, whole.params["out"].W_out, rtol=1e-12)
    np.testing.assert_allclose(model.params["out"].bias, whole.params["out"].bias, rtol=1e-12)


def test_a_second_partial_fit_of_series_does_not_hear_the_noise_of_the_first():
    xs, ys = np.split(X, 6), np.split(Y, 6)

    def made():
        return ng.Model(Input() >> Noise(std=1.0) >> RLS(name="out", alpha=0.1), seed=1)

    whole, model = made(), made()
    said = whole.partial_fit(xs, ys)
    found = [*model.partial_fit(xs[:4], ys[:4]), *model.partial_fit(xs[4:], ys[4:])]
    np.testing.assert_array_equal(found, said)
    np.testing.assert_array_equal(model.params["out"].W_out, whole.params["out"].W_out)
