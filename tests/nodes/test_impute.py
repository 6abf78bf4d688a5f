import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError, NotFittedError
from nodegraph.testing import check_node
from nodes import NVAR, Hold, Impute, Input, Reservoir, Ridge

NAN = np.nan
X = np.array([[NAN, 1.0], [2.0, NAN], [NAN, NAN], [4.0, 4.0]])
U = np.sin(np.arange(400) / 5)[:, None]


def test_contract():
    check_node(Impute(kind="forecast"), n_in=2)


def test_a_gap_becomes_the_mean_of_what_fit_saw():
    model = ng.Model(Input() >> Impute()).fit(X)
    assert model.params["impute"].mean.tolist() == [3.0, 2.5]
    assert model.run(X).tolist() == [[3, 1], [2, 2.5], [3, 2.5], [4, 4]]
    assert model.step(None).tolist() == [3, 2.5]


def test_the_last_value_and_before_it_the_mean():
    model = ng.Model(Input() >> Impute(kind="last")).fit(X)
    assert model.reset().run(X).tolist() == [[3, 1], [2, 1], [2, 1], [4, 4]]


def forecasting():
    impute, readout = Impute(kind="forecast"), Ridge(ridge=1e-9, name="readout")
    return (Input() >> impute >> NVAR(delay=3, order=1) >> readout) & (impute << readout)


def test_the_models_own_forecast_bridges_a_gap():
    model = ng.Model(forecasting()).fit(U[:199], U[1:200], warmup=5)
    gappy = U[199:].copy()
    gappy[50:80] = NAN
    assert np.abs(model.run(gappy)[:-1] - U[200:]).max() < 1e-4
    held = ng.Model(Input() >> Hold() >> NVAR(delay=3, order=1) >> Ridge(ridge=1e-9))
    held.fit(U[:199], U[1:200], warmup=5)
    assert np.abs(held.run(gappy)[:-1] - U[200:]).max() > 0.5


def test_a_bridged_gap_is_what_generate_makes():
    model = ng.Model(forecasting()).fit(U[:199], U[1:200], warmup=5)
    rows = model.run(np.vstack([U[199:230], np.full((9, 1), NAN)]))
    plain = ng.Model(Input() >> NVAR(delay=3, order=1) >> Ridge(ridge=1e-9))
    wanted = plain.fit(U[:199], U[1:200], warmup=5).generate(10, prompt=U[199:230])
    assert np.allclose(rows[30:], wanted, atol=1e-6)


def test_what_is_fed_back_has_to_fit_the_kind():
    with pytest.raises(FieldError, match="fills gaps with what is fed back; write impute << "):
        ng.Model(Input(units=1) >> Impute(kind="forecast"))
    u, impute, two = Input(units=1), Impute(kind="forecast"), Reservoir(units=2)
    with pytest.raises(FieldError, match="a forecast of 2 columns is fed back, but 1 arrive"):
        ng.Model((u >> impute >> two) & (impute << two))
    mean = Impute()
    with pytest.raises(FieldError, match="kind mean reads no forecast"):
        ng.Model((u >> mean >> two) & (mean << two))


def test_it_has_to_see_data_first():
    with pytest.raises(NotFittedError):
        ng.Model(Input() >> Impute()).run(X)
