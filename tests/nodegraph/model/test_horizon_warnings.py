import numpy as np
import pytest

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import DataWarning
from nodes import RLS, Input


def test_predictions_that_had_learned_what_they_foretell_are_told_once():
    u = np.cumsum(np.random.default_rng(0).normal(size=(700, 1)), axis=0)
    model = ng.Model(Input(name="u") >> RLS(forgetting=0.95, name="out"))
    with pytest.warns(DataWarning, match="target of out is u 20 rows later.*u 19 rows later"):
        model.partial_fit(u[:300], u[20:320])
    model.partial_fit(u[300:600], u[320:620])  # not again
    ng.Model(Input() >> RLS()).partial_fit(u[:-1], u[1:])
    ng.Model(Input(name="u") >> RLS()).partial_fit(u[:-20], u[20:], outputs=["u"])


def test_what_is_told_instead_is_a_forecast_from_targets_that_were_known():
    u, far = np.cumsum(np.random.default_rng(1).normal(size=(90, 1)), axis=0), 7
    taught = ng.Model(Input() >> delay(far) >> RLS(name="out"), seed=1)
    teller = ng.Model(Input(units=1) >> RLS(W_out=[[0.0]], bias=[0.0], name="out"))
    w, said, by_hand = np.zeros(2), [], []
    inverse = np.eye(2) / RLS().alpha
    for t in range(len(u)):
        taught.partial_fit(u[t : t + 1], u[t : t + 1])
        teller.params["out"] = taught.params["out"]
        said.append(teller.step(u[t])[0])
        x = np.array([u[t - far, 0] if t >= far else 0.0, 1.0])
        gain = inverse @ x / (1 + x @ inverse @ x)
        w, inverse = w + gain * (u[t, 0] - x @ w), inverse - np.outer(gain, x @ inverse)
        by_hand.append(u[t, 0] * w[0] + w[1])
    assert np.allclose(said, by_hand, rtol=1e-9)
