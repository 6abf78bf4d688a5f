import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, DataWarning
from nodes import ESN, Input, Reduce, Reservoir, Ridge, Scaler, TaughtLayer

RNG = np.random.default_rng(0)
TEXTS = [RNG.normal(size=(n, 3)) for n in (30, 22, 41, 30, 25, 33)]
TRUTHS = [np.cumsum(text, axis=0) * 0.2 for text in TEXTS]
TRAIN, TEST = (TEXTS[:4], TRUTHS[:4]), (TEXTS[4:], TRUTHS[4:])


def pooled(y, y_hat):
    return 1 - ((y - y_hat) ** 2).sum() / ((y - y.mean(axis=0)) ** 2).sum()


def test_each_output_stands_beside_its_baselines():
    model = ng.Model(Input() >> ESN(units=20, name="esn", input_scaling=0.3), seed=1)
    model.fit(*TRAIN, warmup=3)
    found = model.scores(*TEST, train=TRAIN, warmup=3)["esn.readout"]
    x, y = (np.vstack([rows[3:] for rows in part]) for part in TEST)
    y_hat = np.vstack([rows[3:] for rows in model.run(TEST[0])])
    assert found["rows"] == len(y) == 52
    assert found["mse"] == pytest.approx(((y - y_hat) ** 2).mean())
    assert found["score"] == pytest.approx(pooled(y, y_hat))
    x0, y0 = (np.vstack([rows[3:] for rows in part]) for part in TRAIN)
    assert found["mean"] == pytest.approx(pooled(y, y0.mean(axis=0)))
    assert found["copy"] == pytest.approx(pooled(y, x))
    W = np.linalg.lstsq(np.hstack([x0, np.ones((len(x0), 1))]), y0)[0]
    assert found["linear"] == pytest.approx(pooled(y, np.hstack([x, np.ones((52, 1))]) @ W))


def test_it_is_printed_as_a_table_and_without_training_data_no_map_is_learned():
    model = ng.Model(Input() >> Ridge(name="near"), seed=1).fit(*TRAIN)
    found = model.scores(TEXTS[4], TRUTHS[4])
    lines = repr(found).splitlines()
    assert lines[0].split() == ["rows", "mse", "score", "mean", "copy", "linear"]
    assert lines[1].split()[0] == "near" and lines[1].split()[-1] == "-"
    assert found["near"]["mean"] == pytest.approx(0)
    assert "<th>near</th>" in found._repr_html_()


def test_the_model_stays_where_it_stands_and_goes_on_from_there():
    u = np.sin(np.arange(200) / 5)[:, None]
    model = ng.Model(Input() >> ESN(units=30, ridge=1e-8), seed=1).fit(u[:150], u[:150], ahead=1)
    found = model.scores(u[150:], u[150:], ahead=1)["esn.readout"]
    assert found["rows"] == 49 and found["score"] > 0.9999 > found["copy"]
    assert model.time == 150


def test_teachers_that_are_wired_are_compared_with():
    pool, out = Reservoir(units=20, input_scaling=0.3), Ridge(name="out")
    graph = Input(name="u") >> pool >> out
    graph = graph & (Input(name="t") >> Scaler(name="scaled") >> out["target"])
    train, test = ({"u": part[0], "t": part[1]} for part in (TRAIN, TEST))
    model = ng.Model(graph, seed=1).fit(train)
    found = model.scores(test, train=(train, None))["out"]
    y = np.vstack(model.run(test, outputs=["scaled"])["scaled"])
    assert found["score"] == pytest.approx(pooled(y, np.vstack(model.run(test))))
    plain = ng.Model(Input() >> Ridge(name="near")).fit(*TRAIN)
    alike = plain.scores(*TEST, train=TRAIN)["near"]["linear"]
    assert found["linear"] == pytest.approx(alike, abs=0.1)


def test_teachers_that_are_wired_late_come_from_before_where_the_model_stands():
    u = np.cumsum(np.random.default_rng(1).normal(size=(300, 1)), axis=0) + 50
    x, t, out = Input(name="x"), Input(name="t"), Ridge(name="out", ridge=0.1)
    late = ng.delay(3)
    graph = (x >> late >> out) & (t >> late >> out["target"])
    model = ng.Model(graph).fit({"x": u[:200], "t": 2 * u[:200]}, warmup=3)
    y = 2 * u[197:297]
    wanted = np.mean((model.run({"x": u[200:]}) - y) ** 2)
    model.reset().run({"x": u[:200], "t": 2 * u[:200]})
    found = model.scores({"x": u[200:], "t": 2 * u[200:]})["out"]
    assert found["mse"] == pytest.approx(wanted, rel=1e-12) and found["score"] > 0.99
    train = {"x": u[:200], "t": 2 * u[:200]}
    linear = model.scores({"x": u[200:], "t": 2 * u[200:]}, train=(train, None), warmup=3)["out"]
    fit = np.polyfit(u[3:200, 0], 2 * u[:197, 0], 1)  # of the row before it is delayed
    left = np.sum((np.polyval(fit, u[203:, 0]) - y[3:, 0]) ** 2)
    assert linear["linear"] == pytest.approx(
        1 - left / np.sum((y[3:] - y[3:].mean()) ** 2), rel=1e-6
    )


def test_classes_are_scored_by_the_share_that_is_right():
    labels = ["a", "b"] * 3
    texts = [text + 2 * (label == "b") for text, label in zip(TEXTS, labels, strict=True)]
    graph = Input() >> Reduce(kind="mean") >> Ridge(name="out", classes=["a", "b"])
    model = ng.Model(graph).fit(texts[:4], labels[:4])
    found = model.scores(texts, labels, train=(texts[:4], labels[:4]))["out"]
    assert (found["rows"], found["score"], found["mean"]) == (6, 1.0, 0.5)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda model: model.scores(TEST[0]), "scores: give y"),
        (
            lambda model: model.scores(*TEST, train=TEST[0]),
            r"train should be the pair .* train=\(x, y\), got list",
        ),
        (lambda model: model.scores(ng.Chunks(TEST[0]), ng.Chunks(TEST[1])), "not a stream"),
        (lambda model: model.scores(*TEST, warmup=99), "warmup=99 leaves nothing"),
    ],
)
def test_what_cannot_be_scored_is_said(call, said):
    model = ng.Model(Input() >> Ridge(name="near"), seed=1).fit(*TRAIN)
    with pytest.raises(DataError, match=said):
        call(model)


def test_hidden_units_that_a_head_of_their_own_teaches_have_no_score():
    x = np.random.default_rng(3).normal(size=(300, 2))
    graph = Input() >> TaughtLayer(units=1, rounds=1, name="layer")
    both = ng.Model(graph >> Ridge(name="out"), seed=1).fit(x, x[:, :1])
    assert list(both.scores(x, x[:, :1])) == ["out"]
    with pytest.raises(DataError, match="hidden units"):
        ng.Model(graph, seed=1).fit(x, x[:, :1]).scores(x, x[:, :1])


def test_targets_another_number_of_steps_ahead_than_were_taught_are_told():
    u = np.sin(np.arange(300) / 5)[:, None] + 0.1 * np.random.default_rng(0).normal(size=(300, 1))
    model = ng.Model(Input() >> Reservoir(units=10) >> Ridge(), seed=1).fit(u, u, ahead=5)
    right = model.scores(u, u, ahead=5)["ridge"]
    said = r"target of ridge is input 0 steps ahead, and it was taught input 5 steps ahead"
    with pytest.warns(DataWarning, match=f"scores: the {said}.*ahead=5") as caught:
        found = model.scores(u, u)["ridge"]
    assert len(caught) == 1 and found["score"] < right["score"]
    with pytest.warns(DataWarning, match=f"score: the {said}"):
        model.score(u, u)
    assert model.score(u[:-5], u[5:]) == pytest.approx(right["score"])
    with pytest.warns(DataWarning, match="input 1 step ahead, and"):
        model.scores([u[:150], u[150:]], [u[:150], u[150:]], ahead=1)
