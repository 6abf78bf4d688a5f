"""A document of every kind of task, and other values for every key that can stand in one."""

import json

from nodegraph.files.yaml.header import LocalEngine, RayEngine, RayNeeds
from nodegraph.files.yaml.sources import DatasetSource, FileSource, LabelledFile, LabelledFolder
from nodegraph.files.yaml.task import (
    ColumnTarget,
    FileTarget,
    ForecastTarget,
    GenerateTarget,
    Split,
    Task,
    Validation,
)

CHAIN = {
    "nodes": {
        "u": {"kind": "Input"},
        "r": {"kind": "Reservoir", "units": 12, "leak_rate": 0.5},
        "out": {"kind": "Ridge", "ridge": 0.01},
    },
    "edges": ["u >> r >> out"],
}
LOOP = {**CHAIN, "edges": ["u >> r >> out", "r << out"]}
ONLINE = {**CHAIN, "nodes": {**CHAIN["nodes"], "out": {"kind": "RLS", "alpha": 0.1}}}
ALONE = {
    "nodes": {
        "r": {"kind": "Reservoir", "units": 12, "bias_scaling": 0.2},
        "out": {"kind": "Ridge", "ridge": 0.01},
    },
    "edges": ["r >> out", "r << out"],
}
TABLE = {"file": "x.npz", "key": "a", "columns": [0, 1]}
VOWELS = {"dataset": "japanese_vowels"}
ROWS = {"data": TABLE, "target": {"forecast": 2}, "split": {"train": 40}, "metrics": ["rmse"]}
GOES_ON = {**ROWS, "target": {"generate": 5, "prompt": 10}}
KINDS = {
    "forecast": (CHAIN, ROWS),
    "forecast with feedback": (LOOP, ROWS),
    "column": (CHAIN, {**ROWS, "target": {"column": [1]}}),
    "file": (CHAIN, {**ROWS, "target": {"file": "y.npz", "key": "a"}}),
    "targets by node": (CHAIN, {**ROWS, "target": None, "targets": {"out": {"forecast": 2}}}),
    "targets of the data set": (
        CHAIN,
        {"data": {"dataset": "narma", "steps": 60}, "split": {"train": 40}, "metrics": ["rmse"]},
    ),
    "online": (ONLINE, {**ROWS, "online": True}),
    "generation": (CHAIN, GOES_ON),
    "generation of several windows": (
        CHAIN,
        {**ROWS, "target": {"generate": 3, "prompt": 4, "windows": 2}},
    ),
    "generation online": (ONLINE, {**GOES_ON, "online": True}),
    "generation without input": (ALONE, {**ROWS, "input": [], "target": {"generate": 5}}),
    "classes": (CHAIN, {"data": VOWELS, "split": {"train": 18, "test": 9}, "metrics": ["rmse"]}),
    "classes at every step": (
        CHAIN,
        {
            "data": {**VOWELS, "targets": "repeat"},
            "split": {"train": 18, "test": 9},
            "metrics": ["rmse"],
        },
    ),
}
TAUGHT = {"split": {"train": 8, "test": 4}, "metrics": ["rmse"]}
IN_TABLE = {"file": "s.npz", "key": "a", "columns": [2, 3], "series": 0, "label": 1}
KINDS["recordings in a table"] = (CHAIN, {"data": {**IN_TABLE, "targets": "repeat"}, **TAUGHT})
KINDS["recordings in folders"] = (
    CHAIN,
    {"data": {"folder": "f", "key": "a", "columns": [0, 1], "targets": "repeat"}, **TAUGHT},
)
KINDS["recordings with others to score"] = (
    CHAIN,
    {"data": {**IN_TABLE, "test": "u.npz"}, "split": {"train": 8}, "metrics": ["rmse"]},
)
SEVERAL = {"in": {"u": [0], "v": [1]}}
FILE = {
    "file": ["z.npz"],
    "columns": [[1]],
    "key": ["b"],
    "names": [True],
    "separator": [";"],
    "decimal": [","],
    "missing": [["?"]],
    "encoding": ["latin-1"],
    "time": [99],
    "series": [5, "arrays"],
}
LABELLED = {key: probes for key, probes in FILE.items() if key not in ("file", "time", "series")}
LABELLED["targets"] = ["one_hot", "repeat"]
PROBES = {
    Task: {
        "data": [{**TABLE, "key": "b"}, {"dataset": "lorenz", "steps": 60}],
        "input": [[1], {"u": [1]}, []],
        "target": [{"forecast": 3}, {"column": [0]}, {"generate": 4, "prompt": 10}],
        "targets": [{"out": {"forecast": 3}}, {"r": {"forecast": 2}}],
        "split": [{"train": 27}],
        "online": [True, False],
        "forcing": [True, False, "all"],
        "metrics": [["mae"], [{"nrmse": {"norm": "range"}}], [{"accuracy": {"per": "series"}}]],
        "baselines": [["mean"], ["persistence"], ["linear"], ["mean", "linear"]],
        "validation": [{"kind": "recycle"}],  # in YAML it is validate: see test_validation
    },
    Validation: {"kind": ["walk_forward"], "folds": [2], "choose": ["ridge"]},
    DatasetSource: {"dataset": ["lorenz", "mso"]},
    FileSource: FILE,
    FileTarget: {**FILE, "ahead": [2]},
    LabelledFile: {
        **LABELLED,
        "file": ["t.npz"],
        "series": [3],
        "label": [0],
        "test": ["t.npz"],
        "columns": [[2], [3]],
    },
    LabelledFolder: {**LABELLED, "folder": ["g"], "test": ["g"]},
    ForecastTarget: {"forecast": [3], "columns": [[1]]},
    ColumnTarget: {"column": [[0]], "ahead": [2]},
    GenerateTarget: {
        "generate": [4, 2],
        "prompt": [0, 9, 100],
        "windows": [3],
        "loop": [{"u": "out"}, {"u": "r"}],
    },
    Split: {"train": [27], "warmup": [3], "test": [5, 8, 9, 17]},
    LocalEngine: {"kind": ["warp"], "workers": [2, -1]},
    RayEngine: {
        "kind": ["local"],
        "address": ["auto"],
        "workers": [2],
        "placement": ["node"],
        "sync": [False],
        "stale": [7],
        "num_cpus": [2.0],
        "num_gpus": [1.0],
        "resources": [{"fast": 1.0}],
        "nodes": [{"r": {"num_cpus": 2.0}}, {"strange": {"num_cpus": 2.0}}],
        "chunk": [64],
        "window": [3],
    },
    RayNeeds: {"num_cpus": [2.0], "num_gpus": [1.0], "resources": [{"fast": 1.0}]},
}
SAYS_THE_SAME = [  # a default that is written out, where it is what happens
    ("online", False),
    ("forcing", True),
    ("prompt", 10),
    ("generation without input", "prompt", 0),
    ("loop", {"u": "out"}),
    ("recordings with others to score", "targets", "one_hot"),
]


def written(kind, **more):
    graph, task = KINDS[kind]
    task = {key: value for key, value in task.items() if value is not None}
    return {"nodegraph": 1, "seed": 1, **json.loads(json.dumps(graph)), "task": task, **more}
