"""Every example runs and says something."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
FIGURES = {
    "few_labels": ("gain", 2.0),
    "forward_forward": ("accuracy", 0.955),
    "in_context_learning": ("shrinkage", 1000),
}  # what an example has to reach


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_prints_its_result(path, capsys):
    names = runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out.strip()
    if path.stem in FIGURES:
        figure, least = FIGURES[path.stem]
        assert names[figure] >= least
