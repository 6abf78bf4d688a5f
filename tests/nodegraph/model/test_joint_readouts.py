import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines.slot import widths
from nodegraph.model.joint_readouts import find_joint
from nodes import Hold, Input, Reservoir, Ridge, Scaler

rng = np.random.default_rng(0)
X = rng.normal(size=(900, 2))
YS = {f"r{i}": rng.normal(size=(900, 1 + i % 2)) for i in range(4)}
SERIES = [X[:100], X[100:130], X[130:600], X[600:]]


def readout(i, ridge=1e-3, **fields):
    return Ridge(name=f"r{i}", ridge=ridge, **fields)


def graph(*readouts):
    reservoir = Reservoir(name="pool", units=40)
    return Input() >> reservoir >> list(readouts)


def series_of(ys):
    cuts = np.cumsum([len(part) for part in SERIES])[:-1]
    return {name: np.split(rows, cuts) for name, rows in ys.items()}


def found(model, x, ys):
    draft = model._settle().draft()
    bound = draft.bind(x, ys)
    names = draft.learners(bound)
    from nodegraph.model.stages import stages

    (stage,) = stages(model.plan, names, True)
    return find_joint(stage, model.plan.rules, bound, widths(draft.slots))


def alone(i, ridge, x, ys, **options):
    model = ng.Model(graph(readout(i, ridge)))
    return model.fit(x, {f"r{i}": ys[f"r{i}"]}, **options)


@pytest.mark.parametrize("ridge", [1e-3, (1e-8, 1e-2, 10.0)])
@pytest.mark.parametrize("many", [False, True])
def test_readouts_that_learn_as_one_learn_what_each_learns_alone(ridge, many):
    x, ys = (SERIES, series_of(YS)) if many else (X, YS)
    model = ng.Model(graph(*(readout(i, ridge) for i in range(4))))
    model.fit(x, ys, warmup=10)
    assert [len(team.members) for team in found(model, x, ys)] == [4]
    for i, report in enumerate(model.report):
        other = alone(i, ridge, x, ys, warmup=10)
        name = f"r{i}"
        assert report["node"] == name
        assert report["rows"] == other.report[0]["rows"]
        assert report["ridge"] == other.report[0]["ridge"]
        assert report["train_rmse"] == pytest.approx(other.report[0]["train_rmse"], rel=1e-9)
        for mine, theirs in zip(model.params[name], other.params[name], strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-8, atol=1e-10)
    outputs = model.run(X[:5])
    np.testing.assert_allclose(outputs["r3"], other.run(X[:5]), rtol=1e-7)


def test_each_goes_on_from_its_own_memory():
    first, rest = X[:500], X[500:]
    cut = {n: rows[:500] for n, rows in YS.items()}, {n: rows[500:] for n, rows in YS.items()}
    model = ng.Model(graph(*(readout(i) for i in range(4)))).fit(first, cut[0])
    model.update(rest, cut[1])
    whole = ng.Model(graph(*(readout(i) for i in range(4)))).fit(X, YS)
    for name in YS:
        np.testing.assert_allclose(
            model.params[name].W_out, whole.params[name].W_out, rtol=1e-7, atol=1e-10
        )


def test_workers_do_not_show():
    models = [
        ng.Model(graph(*(readout(i) for i in range(4)))).fit(
            SERIES * 40, series_of(YS) and {n: s * 40 for n, s in series_of(YS).items()},
            workers=workers,
        )
        for workers in (1, 2)
    ]  # fmt: skip
    for name in YS:
        np.testing.assert_array_equal(*(model.params[name].W_out for model in models))


def test_only_what_differs_in_targets_alone_is_a_team():
    gaps = {name: rows.copy() for name, rows in YS.items()}
    gaps["r0"][3] = np.nan
    model = ng.Model(graph(readout(0), readout(1)))
    model.fit(X, {"r0": gaps["r0"], "r1": gaps["r1"]})
    assert found(model, X, {"r0": gaps["r0"], "r1": gaps["r1"]}) == ()
    assert model.report[0]["rows"] == 899 and model.report[1]["rows"] == 900
    ys = {"r0": YS["r0"], "r1": YS["r1"]}
    other_strength = ng.Model(graph(readout(0), readout(1, ridge=1.0)))
    assert found(other_strength, X, ys) == ()
    other_input = Input() >> [readout(0), Reservoir(name="pool", units=5) >> readout(1)]
    assert found(ng.Model(other_input), X, ys) == ()


def test_a_forced_readout_learns_by_itself_and_leaves_its_teacher():
    pool, fed_back, other = Reservoir(name="pool", units=30), readout(0), readout(1)
    wired = (Input() >> pool >> [fed_back, other]) & (pool << fed_back)
    ys = {"r0": YS["r0"], "r1": YS["r1"]}
    model = ng.Model(wired).fit(X, ys)
    assert found(model, X, ys) == ()
    np.testing.assert_array_equal(model._settle().slots["r0"].past[-1], YS["r0"][-1])


def named(n):
    return Input(name="u") >> Reservoir(name="pool", units=40) >> [readout(i) for i in range(n)]


def wired(n, filled=None):
    """Readouts of one reservoir, each taught by an input of its own."""
    pool = Input(name="u") >> Reservoir(name="pool", units=40)
    graph = pool
    for i in range(n):
        out, teacher = readout(i), Input(name=f"t{i}")
        graph = (
            graph & (pool >> out) & ((teacher >> filled() if filled else teacher) >> out["target"])
        )
    return graph


@pytest.mark.parametrize("many", [False, True])
def test_readouts_with_wired_teachers_learn_as_one(many):
    x, ys = (SERIES, series_of(YS)) if many else (X, YS)
    data = {"u": x, **{f"t{i}": ys[f"r{i}"] for i in range(3)}}
    model = ng.Model(wired(3)).fit(data, warmup=10)
    assert [len(team.members) for team in found(model, data, None)] == [3]
    given = ng.Model(named(3)).fit(x, {f"r{i}": ys[f"r{i}"] for i in range(3)}, warmup=10)
    for i in range(3):
        for mine, theirs in zip(model.params[f"r{i}"], given.params[f"r{i}"], strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_wired_teachers_with_gaps_are_heard_each_by_itself():
    holes = {name: rows.copy() for name, rows in YS.items()}
    holes["r1"][::7] = np.nan
    data = {"u": X, **{f"t{i}": holes[f"r{i}"] for i in range(3)}}
    model = ng.Model(wired(3, Hold)).fit(data)
    assert found(model, data, None) == ()


@pytest.mark.parametrize("many", [False, True])
def test_who_learns_beside_a_team_keeps_what_it_learned(many):
    """A scaler of the same stage, and the readout behind it."""
    u, scaler = Input(), Scaler(kind="z-score", name="scaler")
    behind = u >> scaler >> readout(2, 0.1)
    model = ng.Model(behind & (u >> [readout(1), readout(3)]))
    ys = {name: YS[name] for name in ("r1", "r2", "r3")}
    model.fit(*((SERIES, series_of(ys)) if many else (X, ys)))
    mean, std = X.mean(axis=0), X.std(axis=0)
    np.testing.assert_allclose(model.params["scaler"].scale, 1 / std, rtol=1e-12)
    np.testing.assert_allclose(model.params["scaler"].offset, -mean / std, rtol=1e-12)
    x, y = (X - mean) / std, YS["r2"] - YS["r2"].mean(axis=0)
    wanted = np.linalg.solve(x.T @ x + 0.1 * np.eye(2), x.T @ y).T
    np.testing.assert_allclose(model.params["r2"].W_out, wanted, rtol=1e-10)
    said = model.reset().run(X)["r2"]
    np.testing.assert_allclose(said, x @ wanted.T + YS["r2"].mean(axis=0), atol=1e-10)


@pytest.mark.parametrize("many", [False, True])
def test_members_that_are_read_late_later_keep_their_own_lines(many):
    """One of them is heard four steps late behind the stage in which all learn as one."""
    u, far = Input(), Ridge(name="far", ridge=0.1)
    first, others = readout(1, 0.1), [readout(2, 0.1), readout(3, 0.1)]
    model = ng.Model((u >> [first, *others]) & (u >> far) & (first >> ng.delay(4) >> far))
    ys = {"r1": YS["r1"], "r2": YS["r2"], "r3": YS["r3"], "far": YS["r0"]}
    model.fit(*((SERIES, series_of(ys)) if many else (X, ys)))
    x = X - X.mean(axis=0)
    weights = np.linalg.solve(x.T @ x + 0.1 * np.eye(2), x.T @ YS["r1"]).T
    np.testing.assert_allclose(model.params["r1"].W_out, weights, rtol=1e-10)
    said = x @ weights.T + YS["r1"].mean(axis=0)
    parts = np.split(said, np.cumsum([len(part) for part in SERIES])[:-1]) if many else [said]
    heard = [np.vstack([np.zeros((4, part.shape[1])), part])[: len(part)] for part in parts]
    rows = np.hstack([X, np.concatenate(heard)])
    centred, y = rows - rows.mean(axis=0), YS["r0"] - YS["r0"].mean(axis=0)
    wanted = np.linalg.solve(centred.T @ centred + 0.1 * np.eye(rows.shape[1]), centred.T @ y).T
    np.testing.assert_allclose(model.params["far"].W_out, wanted, rtol=1e-8, atol=1e-11)
