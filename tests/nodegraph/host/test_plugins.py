"""Kinds are found whatever lies in the folder, and the user's own modules stay what they are."""

import subprocess
import sys
from pathlib import Path

import pytest

import nodegraph as ng

GRAPH = """
nodegraph: 1
seed: 1
nodes:
  u: {kind: Input}
  reservoir: {kind: Reservoir, units: 9, rule: null}
  units: {kind: ForwardUnit, units: 3}
  readout: {kind: Ridge}
edges: [u >> reservoir >> readout, u >> units >> readout]
"""
LEARN = """
import pickle
import numpy as np
import nodegraph as ng

graph = ng.read_yaml("g.yaml").graph
x = np.sin(np.arange(90.0))[:, None]
model = ng.Model(graph, seed=1).fit(x[:-1], x[1:])
model.save("m.safetensors")
assert (ng.load("m.safetensors").run(x) == model.run(x)).all()
node = next(node for node in graph.nodes if node.name == "reservoir")
assert type(node).__module__ == "nodes.reservoir"
assert type(pickle.loads(pickle.dumps(node))) is type(node)
from nodes.reservoir import Reservoir
assert type(node) is Reservoir
"""
THEIRS = "from nodes import NODES\nassert NODES == ['mine']\n"


def result(folder, script):
    (folder / "g.yaml").write_text(GRAPH, encoding="utf-8")
    (folder / "run.py").write_text(script, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "run.py"], cwd=folder, capture_output=True, text=True, timeout=120
    )


def put(folder, name, text="NODES = ['mine']\n"):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "script"),
    [("nodes.py", LEARN + THEIRS), ("nodes/__init__.py", THEIRS + LEARN)],
    ids=["ours first", "theirs first"],
)
def test_kinds_are_found_beside_a_module_of_the_user_that_stays_as_it_is(tmp_path, name, script):
    put(tmp_path, name)
    put(tmp_path, "graphs.py", "raise SystemExit('not asked for')")
    done = result(tmp_path, script)
    assert done.returncode == 0, done.stderr


READ = "import nodegraph as ng\nprint(len(ng.read_yaml('g.yaml').graph.nodes))\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nodes.py", "not Python at all"),
        ("nodes/mine.py", ""),
        ("nodes/__init__.py", "import nodes.mine"),
    ],
)
def test_what_the_user_did_not_import_is_not_run(tmp_path, name, text):
    put(tmp_path, name, text)
    done = result(tmp_path, READ)
    assert done.stdout == "4\n", done.stderr


def test_a_folder_with_modules_of_the_same_names_is_named(tmp_path):
    put(tmp_path, "nodes/__init__.py")
    put(tmp_path, "nodes/input.py")
    done = result(tmp_path, READ)
    last = done.stderr.strip().splitlines()[-1]
    assert f"folder {tmp_path / 'nodes'} stands in the way" in last and "input" in last


def test_the_command_line_finds_kinds_as_well(tmp_path):
    put(tmp_path, "nodes.py")
    put(tmp_path, "g.yaml", GRAPH)
    done = subprocess.run(
        [sys.executable, "-m", "nodegraph", "check", "g.yaml"], cwd=tmp_path, capture_output=True
    )
    assert done.returncode == 0, done.stderr


FINDER = """
import sys
from importlib.util import spec_from_file_location
from pathlib import Path

HOME = Path({home!r})
sys.path[:] = [place for place in sys.path if Path(place or ".").resolve() != HOME]

class Finder:  # as an editable install of setuptools without .pth has it: the last that is asked
    def find_spec(self, name, path=None, target=None):
        if name in ("nodes", "nodegraph"):
            place = HOME / name
            return spec_from_file_location(
                name, place / "__init__.py", submodule_search_locations=[str(place)]
            )

sys.meta_path.append(Finder())
"""


@pytest.mark.parametrize("name", ["nodes.py", "nodes/mine.py", "nodes/__init__.py"])
def test_so_they_are_where_a_finder_has_installed_the_package(tmp_path, name):
    put(tmp_path, name)
    home = str(Path(ng.__file__).parents[1].resolve())
    done = result(tmp_path, FINDER.format(home=home) + READ)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "4\n"
