"""What ARCHITECTURE.md says of the house is so, and it can be read in an evening."""

import re
from pathlib import Path

import numpy as np

import nodegraph as ng
from benchmarks.house import PATHS, passed
from nodegraph.cli import app
from nodes import Input, Reservoir, Ridge

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "nodegraph"


def section(title):
    return TEXT.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_it_is_one_page_with_at_most_twelve_nouns():
    assert len(TEXT.splitlines()) <= 150
    assert len(re.findall(r"^- \*\*", section("Twelve nouns"), re.M)) == 12


def test_every_room_stands_in_it_and_no_other():
    told = set(re.findall(r"^\| `(\w+)/` \|", section("Rooms"), re.M))
    assert told == {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert len(told) <= 11
    assert len(list(PACKAGE.glob("*.py"))) <= 12


def test_the_reading_order_contains_execution_and_takes_an_evening():
    files = re.findall(r"^\d+\. `(.+)`$", section("Read in this order"), re.M)
    lines = {file: len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in files}
    assert "nodegraph/engines/local.py" in lines
    assert sum(lines.values()) <= 1500, lines


def test_what_the_chains_pass_through_is_there():
    chains = section("What `model.fit(x, y)` does") + section("What `model.run(x)` does")
    steps = re.findall(r"^([\w/]+\.py)\s+(.*)$", chains, re.M)
    assert len(steps) >= 12
    for file, told in steps:
        source = (PACKAGE / file).read_text(encoding="utf-8")
        for owner, name in re.findall(r"\b([A-Z]\w+)\.(\w+)", told):
            if owner not in ("Node", "Rule"):
                assert f"class {owner}" in source, (file, owner)
                assert f"def {name}(" in source, (file, name)


def test_a_second_call_passes_through_no_more_files_than_it_says():
    told = re.findall(r"^\| `model\.(\w+)\(.*another one \| \d+, (\d+) \| (\d+) \|", TEXT, re.M)
    assert [name for name, *_ in told] == ["fit", "run"]
    model = ng.Model(Input() >> Reservoir(units=20) >> Ridge())
    x = np.sin(np.arange(100) / 5)[:, None]
    calls = {"fit": lambda: model.fit(x[:-1], x[1:]), "run": lambda: model.run(x)}
    for name, *counts in told:
        calls[name]()
        for within, most in zip(("", PATHS[name]), counts, strict=True):
            files = sorted(f for f in passed(calls[name], within) if "/compiling/" not in f)
            assert int(most) - 2 <= len(files) <= int(most), files


def test_a_second_run_of_a_file_passes_through_no_more_files_than_it_says(tmp_path):
    (most,) = re.findall(r"^\| `nodegraph run .*another one \| \d+, (\d+) \|", TEXT, re.M)
    words = ["run", str(ROOT / "graphs" / "sunspots.yaml"), "--out", str(tmp_path)]
    app(words, standalone_mode=False)
    walk = passed(lambda: app(words, standalone_mode=False))
    files = sorted(f for f in walk if "/compiling/" not in f)
    assert int(most) - 2 <= len(files) <= int(most), files
