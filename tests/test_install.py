"""What is installed is found from anywhere, beside folders of the same names as well."""

import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("nodegraph", "nodes", "graphs")


def origins(folder: Path) -> list[str]:
    code = "import sys; print(*(__import__(name).__file__ for name in sys.argv[1:]), sep=chr(10))"
    done = subprocess.run(
        [sys.executable, "-c", code, *PACKAGES], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def beside_a_clone(tmp_path):
    """Return a folder as it is above a clone: with a folder `nodegraph` that is no package."""
    for package in PACKAGES:
        (tmp_path / "nodegraph" / package).mkdir(parents=True)
        (tmp_path / "nodegraph" / package / "__init__.py").touch()
        (tmp_path / package).mkdir(exist_ok=True)
    return tmp_path


def test_the_package_is_found_beside_folders_of_its_name(beside_a_clone):
    """Needs an environment made by the present pyproject.toml: `make test`, or `.ci/setup`."""
    found = [Path(origin) for origin in origins(beside_a_clone)]
    assert [origin.parent.name for origin in found] == list(PACKAGES)
    assert not any(origin.is_relative_to(beside_a_clone) for origin in found)


def test_an_editable_install_is_a_line_of_path_and_not_a_finder():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["setuptools"]["package-dir"] == {"": "."}
    files = [str(file) for file in distribution("nodegraph").files or ()]
    assert not [file for file in files if "editable" in file and file.endswith("finder.py")]
