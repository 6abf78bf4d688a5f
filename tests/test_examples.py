"""Every example runs and says something."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
FIGURES = {
    "conceptors": ("kept", 200),
    "few_labels": ("gain", 2.0),
    "forward_forward": ("accuracy", 0.955),
    "in_context_learning": ("shrinkage", 1000),
    "reservoir_bert": ("mean_r2", 0.75),
    "taught_layer": ("gain", 1.5),
}  # what an example has to reach
GIVEN = {"reservoir_bert": "--teacher random --texts 24 --tokens 60 --units 60".split()}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_prints_its_result(path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", [str(path), *GIVEN.get(path.stem, [])])
    names = runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out.strip()
    if path.stem in FIGURES:
        figure, least = FIGURES[path.stem]
        assert names[figure] >= least


@pytest.mark.parametrize("mode", ["forced", "shared", "both-ways", "taught"])
def test_each_way_to_be_a_transformer_runs(mode, capsys, monkeypatch):
    path = next(path for path in EXAMPLES if path.stem == "reservoir_bert")
    given = "--teacher random --texts 12 --tokens 40 --units 20 --mode".split()
    monkeypatch.setattr("sys.argv", [str(path), *given, mode])
    names = runpy.run_path(str(path), run_name="__main__")
    told = capsys.readouterr().out
    assert len(names["r2"]) == 3 and "layer 3: columns [5] say nothing, left out" in told
