import numpy as np

import nodegraph as ng
from nodes import Input, Reservoir, Ridge, Scaler, Whitening

X = np.random.default_rng(0).normal(size=(60, 2))
T = np.cumsum(X, axis=0)


def test_who_only_runs_needs_no_teacher_on_workers_either(split, spread):
    out = Ridge(name="out")
    graph = Input(name="u") >> Reservoir(units=8, input_scaling=0.3) >> out
    graph = graph & (Input(name="t") >> Scaler() >> out["target"])
    texts = {"u": [X, X[:20], X[9:]], "t": [T, T[:20], T[9:]]}
    model = ng.Model(graph, seed=1).fit(texts)
    wanted = model.run(texts)
    for found in (
        model.run({"u": texts["u"]}, engine=spread(2)),
        [model.reset().run(x, engine=split()) for x in texts["u"]],
    ):
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(one, other)


def test_teachers_of_a_later_stage_come_from_the_start_on_workers_too(split):
    pool, out = Reservoir(units=6, name="pool"), Ridge(ridge=0.1)
    graph = Input() >> Scaler() >> pool >> Whitening(epsilon=0.01) >> out
    graph = graph & (out >> ng.delay(2) >> pool["feedback"])
    y = np.roll(X[:, :1], 1, axis=0) + 0.3
    parts = ng.Chunks([(X[:25], y[:25]), (X[25:], y[25:])])
    models = [
        ng.Model(graph, seed=1).fit(X, y),
        ng.Model(graph, seed=1).fit(parts, engine=split()),
    ]
    for name in ("whitening", "ridge"):
        one, other = (model.params[name] for model in models)
        np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(*(model.run(X) for model in models))
