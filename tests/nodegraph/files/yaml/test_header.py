import pytest

from nodegraph.errors import SpecError
from nodegraph.files.yaml.header import Header, LocalEngine, RayEngine, read_header
from nodegraph.files.yaml.overrides import override
from nodegraph.files.yaml.reader import read_document
from nodegraph.files.yaml.task import ForecastTarget

TEXT = """\
nodegraph: 1
nodes:
  u: {kind: Input}
task:
  data: {dataset: mackey_glass, steps: 6000, tau: 17}
  target: {forecast: 10}
  split: {train: 4000, warmup: 200}
  metrics: [nrmse, {valid_prediction_time: {threshold: 0.4, dt: 0.02, lyapunov: 0.9056}}]
"""


def header(*changes: str) -> Header:
    document = read_document(TEXT, "x.yaml")
    for change in changes:
        document = override(document, change)
    return read_header(document)


def test_what_is_left_out_has_defaults() -> None:
    found = header()
    assert (found.seed, found.dtype, found.edges) == (0, "float64", ())
    assert found.engine == LocalEngine(workers=1)


def test_a_task_is_read_with_the_options_of_its_dataset_and_metrics() -> None:
    task = header().task
    assert task is not None
    assert task.target == ForecastTarget(forecast=10)
    assert task.data.options == {"steps": 6000, "tau": 17}
    assert task.scores == {
        "nrmse": {},
        "valid_prediction_time": {"threshold": 0.4, "dt": 0.02, "lyapunov": 0.9056},
    }


def test_engines_are_told_apart_by_kind() -> None:
    assert header("engine={kind: ray, address: auto}").engine == RayEngine(
        kind="ray", address="auto"
    )


def test_one_edge_needs_no_list() -> None:
    assert header("edges=u >> r").edges == ("u >> r",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("nodegraph=2", "nodegraph: is the version of the format, 1 (got 2)"),
        ("nodegraph=true", "nodegraph: should be a whole number (got True)"),
        ("sed=1", "unknown field 'sed'; did you mean seed?"),
        (
            "engine={kind: local, address: auto}",
            "unknown field 'address' of this kind; leave it out",
        ),
        ("seed=-1", "seed: should be at least 0 (got -1)"),
        ("seed=.nan", "seed: should be a whole number (got nan)"),
        ("dtype=float16", "dtype: should be 'float64' or 'float32' (got 'float16')"),
        ("nodes={}", "nodes: should have at least 1 item (got {})"),
        ("nodes={u: 3}", "nodes.u: should be a mapping of names to values (got 3)"),
        ("edges=[1]", "edges[0]: should be text (got 1)"),
        ("edges=3", "edges: should be a list (got 3)"),
        ("task=3", "task: should be a mapping of names to values (got 3)"),
        ("task={}", "task.data: is required"),
        (
            "task.data={}",
            "task.data: should be {dataset: ...} or {folder: ...} or {file: ...} (got {})",
        ),
        ("task.data={file: 3}", "task.data.file: should be text (got 3)"),
        (
            "task.data={file: a.csv, colums: [a]}",
            "task.data: unknown field 'colums'; did you mean columns?",
        ),
        (
            "task.data={file: a.csv, columns: [a, -1]}",
            "task.data.columns[1]: should be at least 0 (got -1)",
        ),
        ("task.target={forecast: 0}", "task.target.forecast: should be greater than 0 (got 0)"),
        ("task.target={forcast: 1}", "task.target: should be {forecast: ...} or {column: ...}"),
        ("task.target={generate: 1, promt: 3}", "task.target: unknown field 'promt'; did you"),
        ("task.split.train=100", "task: split: warmup should be below train (100)"),
        ("task.metrics=nrmse", "task.metrics: should be a list (got 'nrmse')"),
        ("task.metrics=[3]", "task.metrics[0]: should be text or a mapping"),
        (
            "task.metrics=[{a: {b: .inf}}]",
            "task.metrics[0].a.b: should be a finite number (got inf)",
        ),
        ("task.baselines=[persistance]", "task.baselines[0]: should be 'persistence', 'linear'"),
        ("task.input={u: []}", "task.input.u: should have at least 1 item (got ())"),
        ("task.targets={a: {forecast: 1}}", "task: target and targets exclude each other"),
        ("task.data={file: a.csv}", None),
        ("engine={kind: ry}", "engine: kind should be one of 'local', 'ray' (got 'ry'); did you"),
        ("engine={kind: ray, address: 'ray://1.2.3.4:1'}", "engine.address: should be 'auto'"),
        ("engine.workers=2", "engine: kind is required: local or ray"),
        ("engine={kind: local, workers: 0}", "should be at least 1, or -1 for one on each core"),
        ("engine={kind: ray, workers: 0}", "should be at least 1, or -1 for one on each core"),
    ],
)
def test_what_may_not_stand_there_is_told_with_its_key(change: str, message: str | None) -> None:
    if message is None:
        header(change)
        return
    with pytest.raises(SpecError) as caught:
        header(change)
    assert f": {message}" in str(caught.value)


def test_several_faults_are_told_at_once_each_at_its_line() -> None:
    text = TEXT.replace("train: 4000", "train: x").replace("forecast: 10", "forecast: -1")
    with pytest.raises(SpecError) as caught:
        read_header(read_document("sed: 1\n" + text, "x.yaml"))
    assert str(caught.value).splitlines() == [
        "x.yaml:7:22: task.target.forecast: should be greater than 0 (got -1)",
        "x.yaml:8:18: task.split.train: should be a whole number (got 'x')",
        "x.yaml:1:1: unknown field 'sed'; did you mean seed?",
    ]


def test_a_file_without_target_is_refused() -> None:
    text = TEXT.replace("  target: {forecast: 10}\n", "").replace(
        "dataset: mackey_glass", "file: a.csv"
    )
    text = text.replace(", steps: 6000, tau: 17", "")
    with pytest.raises(SpecError, match="task: target is required"):
        read_header(read_document(text))
