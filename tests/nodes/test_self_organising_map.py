import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_node
from nodes import SelfOrganisingMap

X = np.random.default_rng(0).standard_normal((20, 3))


@pytest.mark.parametrize("gives", ["winner", "place", "distance"])
def test_contract(gives):
    check_node(SelfOrganisingMap(rows=3, columns=2, gives=gives))


def test_what_it_gives_out():
    found = {}
    for gives in ("winner", "place", "distance"):
        node = SelfOrganisingMap(rows=3, columns=4, gives=gives, scaling=1.0, name="m")
        model = ng.Model(node, seed=1)
        found[gives] = model.run(X)
    w = model.params["m"].w
    apart = np.linalg.norm(X[:, None] - w, axis=2)
    np.testing.assert_allclose(found["distance"], apart, rtol=1e-12)
    best = apart.argmin(axis=1)
    assert np.array_equal(found["winner"], np.eye(12)[best])
    assert np.array_equal(found["place"], np.column_stack(np.divmod(best, 4)))


def test_it_spreads_over_a_square_in_order():
    rng = np.random.default_rng(1)
    u = rng.random((6000, 2))
    node = SelfOrganisingMap(rows=6, columns=6, steps=6000, name="m")
    w = ng.Model(node, seed=1).fit(u).params["m"].w.reshape(6, 6, 2)
    near = np.linalg.norm(np.diff(w, axis=0), axis=2).mean()
    far = np.linalg.norm(w[:3] - w[3:], axis=2).mean()
    assert near < 0.25 < far
    error = np.linalg.norm(u[:500, None] - w.reshape(-1, 2), axis=2).min(axis=1).mean()
    assert error < 0.08
