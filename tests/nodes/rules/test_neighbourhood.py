import numpy as np

import nodegraph as ng
from nodegraph.testing import check_rule
from nodes import SelfOrganisingMap
from nodes.rules import Neighbourhood

NODE = SelfOrganisingMap(
    rows=3, columns=2, rate=0.4, last_rate=0.1, radius=2.0, last_radius=0.5, steps=7, name="m"
)


def test_contract():
    check_rule(Neighbourhood(), SelfOrganisingMap(rows=3, columns=2))


def test_it_is_the_rule_of_kohonen():
    x = np.random.default_rng(0).standard_normal((12, 2))
    model = ng.Model(NODE, seed=3)
    model.run(x[:1])
    w, grid = model.params["m"].w.copy(), np.array([[i // 2, i % 2] for i in range(6)])
    model.reset().fit(x)
    for k, row in enumerate(x):
        way = min(k / 7, 1)
        rate, radius = 0.4 * (0.1 / 0.4) ** way, 2.0 * (0.5 / 2.0) ** way
        c = np.linalg.norm(row - w, axis=1).argmin()
        share = rate * np.exp(-((grid - grid[c]) ** 2).sum(axis=1) / (2 * radius**2))
        w += share[:, None] * (row - w)
    np.testing.assert_allclose(model.params["m"].w, w, rtol=1e-10)
