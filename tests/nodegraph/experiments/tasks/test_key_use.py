"""Every key of every kind of task changes what comes of it, or is refused by its name."""

import itertools
import json
from functools import cache
from typing import get_args

import numpy as np
import pytest
from keys_tried import KINDS, PROBES, SAYS_THE_SAME, written

import nodegraph as ng
from nodegraph.engines import LOCAL
from nodegraph.errors import SpecError
from nodegraph.experiments.tasks.experiment import Experiment, run_spec
from nodegraph.experiments.tasks.key_use import READ
from nodegraph.experiments.tasks.rehearsal import engine_of
from nodegraph.files.yaml.header import Header, LocalEngine, RayEngine, RayNeeds
from nodegraph.files.yaml.sources import (
    DatasetSource,
    FileSource,
    LabelledFile,
    LabelledFolder,
    Section,
)
from nodegraph.files.yaml.spec import read_text
from nodegraph.files.yaml.task import (
    ColumnTarget,
    FileTarget,
    ForecastTarget,
    GenerateTarget,
    Split,
    Task,
    Validation,
)


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    rng, place = np.random.default_rng(1), tmp_path_factory.mktemp("tables")
    for name in "xyz":
        np.savez(place / f"{name}.npz", a=rng.normal(size=(60, 2)), b=rng.normal(size=(60, 2)))
    for name in "stu":  # 12 recordings of 10 rows, of three classes
        owner = np.repeat(np.arange(12.0), 10)
        rows = [np.column_stack([owner, owner % 3, rng.normal(size=(120, 2))]) for _ in "ab"]
        np.savez(place / f"{name}.npz", a=rows[0], b=rows[1])
    for folder, label, i in itertools.product("fg", "xyz", range(4)):
        (place / folder / label).mkdir(parents=True, exist_ok=True)
        rows = rng.normal(size=(2, 10, 3))
        np.savez(place / folder / label / f"{i}.npz", a=rows[0], b=rows[1])
    global FOLDER
    FOLDER = place


def sections(model):
    """Return every section that can stand in `model`, with itself."""
    found = {model}
    for field in model.model_fields.values():
        waiting = [field.annotation]
        while waiting:
            part = waiting.pop()
            waiting += get_args(part)
            if isinstance(part, type) and issubclass(part, Section) and part not in found:
                found |= sections(part)
    return found


def places(document, cls):
    """Yield where a section of a class stands in a document."""
    task = document["task"]
    target = task.get("target") or {}
    each = {
        Task: [("task",)],
        DatasetSource: [("task", "data")] * ("dataset" in task["data"]),
        FileSource: [("task", "data")] * ("file" in task["data"] and "series" not in task["data"]),
        LabelledFile: [("task", "data")] * ("series" in task["data"]),
        LabelledFolder: [("task", "data")] * ("folder" in task["data"]),
        FileTarget: [("task", "target")] * ("file" in target),
        ForecastTarget: [("task", "target")] * ("forecast" in target)
        + [("task", "targets", "out")] * ("targets" in task),
        ColumnTarget: [("task", "target")] * ("column" in target),
        GenerateTarget: [("task", "target")] * ("generate" in target),
        Split: [("task", "split")],
        Validation: [("task", "validate")] * ("validate" in task),
        LocalEngine: [("engine",)],
        RayEngine: [("engine",)],
        RayNeeds: [("engine", "nodes", "r")],
    }
    return each[cls]


def changed(document, place, key, value):
    copied = json.loads(json.dumps(document))
    inner = copied
    for part in place:
        inner = inner.setdefault(part, {})
    inner[key] = value
    return copied


def outcome(document):
    """Return what a run learned with, from and what came of it; a message if it is refused."""
    calls = []

    def noted(method):
        def wrapped(self, x, y, **given):
            calls.append((method.__name__, repr((x, y)), repr(sorted(
                (k, v) for k, v in given.items() if k not in ("progress", "checkpoint")
            ))))  # fmt: skip
            return method(self, x, y, **given)

        return wrapped

    with pytest.MonkeyPatch.context() as patch:
        for name in ("fit", "partial_fit"):
            patch.setattr(ng.Model, name, noted(getattr(ng.Model, name)))
        try:
            spec = read_text(json.dumps(document), folder=FOLDER)
            if spec.header.engine.kind == "ray":
                Experiment.of(spec)
                with engine_of(spec.header) as engine:
                    return repr(engine)
            result = run_spec(spec, engine=LOCAL)
        except SpecError as error:
            return error
    return repr((calls, result.guess, result.scores, result.trial.scored_on))


def plain(kind, cls):
    """Return the document of a kind of task in which a section of a class can stand."""
    if cls is RayNeeds:
        return written(kind, engine={"kind": "ray", "nodes": {"r": {}}})
    engines = {LocalEngine: "local", RayEngine: "ray"}
    return written(kind, **({"engine": {"kind": engines[cls]}} if cls in engines else {}))


@cache
def base(kind, cls):
    found = outcome(plain(kind, cls))
    assert not isinstance(found, Exception), found
    return found


def attempts(kind):
    for cls, keys in PROBES.items():
        if cls in (RayEngine, RayNeeds) and kind not in ("forecast", "classes"):
            continue
        for place in places(plain(kind, cls), cls):
            yield from (
                (cls, place, key, value) for key, values in keys.items() for value in values
            )


def in_silence(kind, cls, place, key, value):
    """Tell whether a key is accepted without an effect, or refused by another name."""
    before = plain(kind, cls)
    document = changed(before, place, key, value)
    found = outcome(document)
    if isinstance(found, Exception):
        return key not in str(found) and str(place[-1]) not in str(found)
    same = found == base(kind, cls) and document != before
    return same and (key, value) not in SAYS_THE_SAME and (kind, key, value) not in SAYS_THE_SAME


def test_there_is_a_word_and_a_probe_for_every_key_of_every_section():
    known = sections(Header) - {Header}
    wanted = {cls: set(cls.model_fields) for cls in known}
    assert {cls: set(keys) for cls, keys in READ.items()} == wanted
    assert {cls: set(keys) for cls, keys in PROBES.items()} == wanted


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_has_an_effect_or_is_refused_by_its_name(kind):
    silent = [each for each in attempts(kind) if in_silence(kind, *each)]
    assert silent == []


@pytest.mark.parametrize(
    ("kind", "place", "value", "message"),
    [
        ("forecast", "task.forcing", True, "task.forcing: no target can stand in: no output of"),
        ("online", "task.forcing", False, "task.forcing: is for targets that stand in while off"),
        ("classes", "task.split.warmup", 3, "task.split.warmup: a class is learned from the last"),
        ("classes", "task.baselines", ["persistence"], "task.baselines: persistence has nothing"),
        ("classes", "task.input", [12], "task.input: data: no column 12; there are 0 to 11"),
        ("classes", "task.input", [], "task.input: a series is told by its columns"),
        ("classes", "task.split.test", 253, "task.split: train 18 + test 253 series, but the data "
         "set has 270 to learn from, of which test are held back; without test its other 370"),
        ("generation", "task.split.test", 14, "task.split.test: train 40 + prompt 10 + gen"),
        ("generation", "task.split.test", 19, "task.split.test: bounds the rows over which windo"),
        ("generation without input", "task.target.prompt", 9, "drives inputs, and with input: []"),
        ("generation without input", "task.target.loop", {"r": "out"}, "task.target: loop"),
        ("forecast", "engine.workers", 2, "engine.workers: are for independent series"),
        ("online", "engine.workers", -1, "engine.workers: online learning takes one step after"),
        ("forecast", "task.metrics", ["rmse", {"rmse": {}}], "rmse stands there twice"),
        ("forecast", "task.baselines", ["mean", "mean"], "mean stands there twice"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_refused_with_what_to_do(kind, place, value, message):
    *above, key = place.split(".")
    before = plain(kind, LocalEngine) if above == ["engine"] else written(kind)
    assert message in str(outcome(changed(before, above, key, value)))


def test_a_node_that_would_never_learn_step_by_step_is_refused_at_the_line():
    before = written("online")
    nodes = {**before["nodes"], "scale": {"kind": "Scaler"}}
    said = str(outcome({**before, "nodes": nodes, "edges": ["u >> scale >> r >> out"]}))
    assert "task.online: learns at every step only, and scale (Scaler) learns from all rows" in said


@pytest.mark.parametrize("key", ["stale", "placement", "chunk", "window", "sync"])
def test_options_for_one_long_series_are_refused_where_there_are_many(key):
    probe = PROBES[RayEngine][key][0]
    engine = {"kind": "ray", "sync": False, key: probe}
    assert "RayEngine" in outcome(written("forecast", engine=engine))
    said = str(outcome(written("classes", engine=engine)))
    assert f"engine.{key}: is for one long series" in said


def test_every_fault_is_told_at_once():
    document = changed(written("classes"), ["task", "split"], "warmup", 3)
    said = str(outcome(changed(document, ["task"], "forcing", False)))
    assert "task.split.warmup" in said and "task.forcing" in said
