import json
import re
from dataclasses import replace

import numpy as np
import pytest
from small_nodes import NODES

import nodegraph as ng
from nodegraph.datasets import lorenz, mackey_glass
from nodegraph.engines import choose
from nodegraph.errors import GraphError, SpecError
from nodegraph.experiments.tasks import experiment as experiments
from nodegraph.experiments.tasks.baselines import persistence
from nodegraph.experiments.tasks.experiment import Experiment, run_spec
from nodegraph.experiments.tasks.run_folder import write
from nodegraph.files.yaml.spec import read_text
from nodegraph.metrics import nrmse, rmse, valid_prediction_time

FORECAST = """\
task:
  data: {dataset: mackey_glass, steps: 700}
  target: {forecast: 10}
  split: {train: 400, warmup: 50, test: 200}
  metrics: [nrmse]
  baselines: [persistence, linear, mean]
"""
GENERATE = """\
task:
  data: {dataset: mackey_glass, steps: 900}
  target: {generate: 50, prompt: 60, windows: 3}
  split: {train: 500, warmup: 50}
  metrics: [{valid_prediction_time: {threshold: 0.2}}, rmse]
  baselines: [persistence, linear, mean]
"""


def spec(task, nodes=NODES):
    return read_text(nodes + task)


@pytest.fixture(scope="module")
def forecast():
    return run_spec(spec(FORECAST))


@pytest.fixture(scope="module")
def generation():
    return run_spec(spec(GENERATE))


def test_a_forecast_is_what_python_makes_of_the_same_rows(forecast):
    series = mackey_glass(700)
    model = ng.Model(read_text(NODES).graph, seed=3)
    model.fit(series[:400], series[10:410], warmup=50)
    truth, guess = series[410:610], model.run(series[400:600])
    assert np.array_equal(forecast.guess["readout"], guess)
    assert forecast.scores[0].values["nrmse"] == nrmse(truth, guess)


def test_baselines_stand_below_the_model_and_are_scored_on_the_same_rows(forecast):
    assert [score.model for score in forecast.scores] == [
        "small",
        "persistence",
        "linear autoregression",
        "mean of the training data",
    ]
    series = mackey_glass(700)
    held = nrmse(series[410:610], series[400:600])
    assert forecast.scores[1].values["nrmse"] == pytest.approx(held)
    assert forecast.scores[3].values["nrmse"] == pytest.approx(1.0, abs=0.05)
    assert forecast.scores[0].values["nrmse"] < forecast.scores[2].values["nrmse"]


def test_the_seed_that_is_given_wins():
    one, other = run_spec(spec(FORECAST), seed=8), run_spec(spec(FORECAST), seed=3)
    assert one.model.seed == 8
    assert one.scores[0].values != other.scores[0].values


def test_each_window_is_generated_from_its_own_prompt(generation):
    series = mackey_glass(900)
    model = ng.Model(read_text(NODES).graph, seed=3)
    model.fit(series[:500], series[1:501], warmup=50)
    starts = np.linspace(500, 900 - 110, 3).astype(int)
    expected = [model.reset().generate(50, prompt=series[s : s + 60]) for s in starts]
    truth = [series[s + 60 : s + 110] for s in starts]
    assert all(map(np.array_equal, generation.guess, expected))
    score = generation.scores[0].values["valid_prediction_time"]
    assert score == valid_prediction_time(truth, expected, threshold=0.2)


def test_a_generation_leaves_the_model_at_the_end_of_learning(generation):
    series = mackey_glass(900)
    model = ng.Model(read_text(NODES).graph, seed=3)
    model.fit(series[:500], series[1:501], warmup=50)
    assert generation.model.time == 500
    assert np.array_equal(generation.model.state["reservoir"].x, model.state["reservoir"].x)


def test_persistence_of_a_system_with_its_own_target_is_its_last_value():
    task = FORECAST.replace("mackey_glass, steps: 700", "narma, steps: 700")
    result = run_spec(spec(task.replace("  target: {forecast: 10}\n", "")))
    trial = result.trial
    y = np.vstack([trial.data.train.y, trial.data.test.y])
    assert result.scores[1].values["nrmse"] == nrmse(y[400:600], persistence(y, 400, 1))


def test_online_learning_steps_through_the_training_rows():
    nodes = NODES.replace("kind: Ridge, ridge: 1.0e-6", "kind: RLS, alpha: 1.0e-6")
    result = run_spec(spec(FORECAST + "  online: true\n", nodes))
    series = mackey_glass(700)
    model = ng.Model(read_text(nodes).graph, seed=3)
    model.partial_fit(series[:400], series[10:410], warmup=50, outputs=["u"])
    assert np.array_equal(result.guess["readout"], model.run(series[400:600]))
    assert "rests while it is scored" in repr(result)


def test_a_valid_time_where_no_model_runs_alone_is_explained(forecast, generation):
    timed = run_spec(spec(FORECAST.replace("[nrmse]", "[valid_prediction_time]")))
    truth, guess = mackey_glass(700)[410:610], timed.guess["readout"]
    held = timed.scores[0].values["valid_prediction_time"]
    assert held == valid_prediction_time(truth, guess)
    assert [note.split(":")[0] for note in timed.notes] == ["valid_prediction_time"]
    assert forecast.notes == generation.notes == []


def test_several_readouts_are_scored_each_by_its_name():
    nodes = NODES.replace("edges: u", "  other: {kind: Ridge}\nedges: u").replace(
        ">> readout", ">> [readout, other]"
    )
    task = FORECAST.replace(
        "target: {forecast: 10}", "targets: {readout: {forecast: 10}, other: {forecast: 30}}"
    )
    result = run_spec(spec(task, nodes))
    assert [score.node for score in result.scores[:2]] == ["readout", "other"]
    assert result.scores[2].values["nrmse"] < result.scores[3].values["nrmse"]


def test_a_graph_without_input_is_judged_by_what_it_generates():
    nodes = """\
nodegraph: 1
nodes:
  reservoir: {kind: Reservoir, units: 60, feedback_scaling: 1.0, bias_scaling: 0.2}
  readout: {kind: Ridge, ridge: 1.0e-6}
edges: [reservoir << readout, reservoir >> readout]
"""
    task = """\
task:
  data: {dataset: mso, steps: 900, freqs: [0.3]}
  input: []
  target: {generate: 100}
  split: {train: 600, warmup: 100}
  metrics: [rmse]
  baselines: [persistence, linear, mean]
"""
    scores = run_spec(spec(task, nodes)).scores
    assert scores[0].values["rmse"] < 0.1
    assert scores[3].values["rmse"] == pytest.approx(np.sqrt(0.5), abs=0.05)


PAIR = """\
nodegraph: 1
seed: 3
nodes:
  a: {kind: Input}
  b: {kind: Input}
  reservoir: {kind: Reservoir, units: 150, input_scaling: 0.05, spectral_radius: 0.6}
  next_a: {kind: Ridge, ridge: 1.0e-6}
  next_b: {kind: Ridge, ridge: 1.0e-6}
edges: ["[a, b] >> reservoir >> [next_a, next_b]"]
"""


def lorenz_task(loop):
    return f"""\
task:
  data: {{dataset: lorenz, steps: 900}}
  input: {{a: [0], b: [1, 2]}}
  target: {{generate: 40, prompt: 60, loop: {loop}}}
  split: {{train: 500, warmup: 50}}
  metrics: [rmse]
  baselines: [persistence, linear]
"""


def test_a_loop_of_several_outputs_is_that_of_generate():
    result = run_spec(spec(lorenz_task("{b: next_b, a: next_a}"), PAIR))
    u = lorenz(900)
    model = ng.Model(read_text(PAIR).graph, seed=3)
    x, y = {"a": u[:500, :1], "b": u[:500, 1:]}, {"next_a": u[1:501, :1], "next_b": u[1:501, 1:]}
    prompt = {"a": u[500:560, :1], "b": u[500:560, 1:]}
    loop = {"a": "next_a", "b": "next_b"}
    found = model.fit(x, y, warmup=50).reset().generate(40, prompt=prompt, loop=loop)
    assert np.array_equal(result.guess[0], np.hstack([found["next_b"], found["next_a"]]))
    truth = np.hstack([u[560:600, 1:], u[560:600, :1]])
    assert result.scores[0].values["rmse"] == rmse([truth], [result.guess[0]])
    assert result.scores[0].values["rmse"] < result.scores[1].values["rmse"] / 5


def test_inputs_that_a_loop_leaves_out_keep_getting_the_data():
    nodes = PAIR.replace("  next_b: {kind: Ridge, ridge: 1.0e-6}\n", "").replace(
        "[next_a, next_b]", "next_a"
    )
    result = run_spec(spec(lorenz_task("{a: next_a}"), nodes))
    u = lorenz(900)
    model = ng.Model(read_text(nodes).graph, seed=3)
    model.fit({"a": u[:500, :1], "b": u[:500, 1:]}, u[1:501, :1], warmup=50).reset()
    prompt = {"a": u[500:560, :1], "b": u[500:560, 1:]}
    loop, outside = {"a": "next_a"}, {"b": u[560:600, 1:]}
    found = model.generate(40, prompt=prompt, x=outside, loop=loop)
    assert np.array_equal(result.guess[0], found)


def test_a_graph_without_input_may_be_scored_step_for_step():
    nodes = """\
nodegraph: 1
nodes:
  r: {kind: Reservoir, units: 30, feedback_scaling: 1.0, bias_scaling: 0.2}
  out: {kind: Ridge}
edges: [r << out, r >> out]
"""
    task = """\
task:
  data: {dataset: mso, steps: 300, freqs: [0.3]}
  input: []
  target: {forecast: 1}
  split: {train: 200, warmup: 50}
"""
    result = run_spec(spec(task, nodes))
    u = ng.datasets.mso(300, freqs=[0.3])
    model = ng.Model(read_text(nodes).graph)
    model.fit(None, u[1:201], warmup=50)
    assert np.array_equal(result.guess["out"], model.run(steps=99))


def test_a_model_called_like_a_baseline_keeps_its_own_score():
    named = NODES.replace("name: small", "name: persistence")
    result = run_spec(spec(FORECAST, named))
    assert [score.model for score in result.scores[:2]] == ["persistence", "persistence"]
    assert result.scores[0].values != result.scores[1].values


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("nrmse", "nmrse"), "<string>:13:12: task.metrics: .*did you mean nrmse"),
        (("[nrmse]", "[{nrmse: {nrom: std}}]"), "task.metrics: .*did you mean norm"),
        ((FORECAST, ""), "<string>.*there is no task"),
        (("[nrmse]", "[accuracy]"), "13:12: task.metrics: accuracy: y is one column of numbers"),
        (("train: 400", "train: 900"), "12:10: task.split: train 900"),
        (("forecast: 10}", "generate: 50, loop: {u: reservoir}}"),
         "11:11: task.target: reservoir gives 40 values, u takes 1"),
        (("forecast: 10}", "generate: 50, loop: {v: readout}}"), "no node is named so"),
        (("metrics", "online: true\n  metrics"), "task.online: nothing here learns at every step;"),
        (("mackey_glass, steps: 700}", "mackey_glass, steps: 700}\n  input: {v: [0]}"),
         "10:3: task: input for 'v': no node is named so"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_before_anything_is_learned(change, message, monkeypatch):
    monkeypatch.setattr(ng.Model, "fit", None)
    with pytest.raises(SpecError, match=message):
        run_spec(spec(FORECAST.replace(*change)))


def test_a_run_uses_the_model_that_was_tried(forecast):
    """The weights that are drawn to try a task are those that it learns with."""
    experiment = Experiment.of(spec(FORECAST))
    before = experiment.model.params["reservoir"].W
    result = experiment.run()
    assert np.array_equal(result.model.params["reservoir"].W.toarray(), before.toarray())
    assert [s.values for s in result.scores] == [s.values for s in forecast.scores]


def test_an_engine_of_the_file_is_closed_and_one_that_is_given_is_not(monkeypatch):
    closed = []
    engine = choose("local")._replace(close=lambda: closed.append("closed"))
    run_spec(spec(FORECAST), engine=engine)
    assert not closed
    monkeypatch.setattr(experiments, "engine_of", lambda header: engine)
    run_spec(spec(FORECAST))
    assert closed == ["closed"]


def test_an_unknown_engine_is_refused():
    with pytest.raises(GraphError, match="unknown engine 'warp'"):
        run_spec(spec(FORECAST), engine="warp")


def test_a_run_leaves_a_folder_with_all_that_it_found(forecast, tmp_path):
    paths = write(forecast, tmp_path / "deep" / "out")
    assert [path.name for path in paths] == [
        "model.safetensors",
        "metrics.json",
        "prediction.png",
        "graph.svg",
        "report.html",
        "prediction.csv",
    ]
    again = ng.load(paths[0])
    x = mackey_glass(50)
    assert np.array_equal(again.run(x), forecast.model.run(x))
    facts = json.loads(paths[1].read_text())
    assert facts["scores"][0] == {"model": "small", **forecast.scores[0].values}
    assert facts["seed"] == 3 and facts["scored_on"] == "200 test rows"
    assert paths[2].read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert paths[3].read_text().startswith("<svg")


def test_the_report_needs_no_other_file(forecast, tmp_path):
    page = write(forecast, tmp_path)[4].read_text()
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)""", page)
    assert "forecast: 10" in page and "persistence" in page


def test_scores_that_are_not_finite_can_be_kept(forecast, tmp_path):
    score = forecast.scores[0]._replace(values={"nrmse": float("nan")})
    facts = write(replace(forecast, scores=(score,)), tmp_path)[1].read_text()
    assert json.loads(facts)["scores"] == [{"model": "small", "nrmse": "nan"}]


def test_what_was_watched_is_in_the_scores_and_the_report(tmp_path):
    online = (NODES + FORECAST).replace("kind: Ridge, ridge: 1.0e-6", "kind: RLS, alpha: 0.01")
    spec = read_text(online + "  online: true\n")
    result = run_spec(spec, watch=50)
    plain = run_spec(spec)
    assert result.scores[0].values == plain.scores[0].values
    write(result, tmp_path / "watched")
    write(plain, tmp_path / "plain")
    curves = json.loads((tmp_path / "watched" / "metrics.json").read_text())["curves"]
    assert curves["readout"]["step"] == [50, 100, 150, 200, 250, 300, 350, 400]
    assert "While it learned: error" in (tmp_path / "watched" / "report.html").read_text()
    assert "curves" not in json.loads((tmp_path / "plain" / "metrics.json").read_text())


def test_a_result_is_shown_in_a_few_lines(forecast):
    lines = repr(forecast).splitlines()
    assert lines[0] == "Result of small, on 200 test rows:" and len(lines) == 5
    assert lines[1] == f"  small: nrmse {forecast.scores[0].values['nrmse']:.4g}"
    assert forecast._repr_html_().count("<tr>") == 5


def test_only_the_table_of_scores_marks_its_first_row(forecast, tmp_path):
    page = write(forecast, tmp_path)[4].read_text()
    assert page.count('<section class="scores">\n<h2>Scores on') == 1
    assert page.count('class="scores"') == 1
    assert "\ntbody tr:first-child" not in page
