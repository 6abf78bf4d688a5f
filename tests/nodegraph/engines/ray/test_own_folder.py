"""A Ray of one's own leaves nothing behind, or what it left is gone at the next start."""

import os
import subprocess
import sys
import tempfile

import pytest

from nodegraph.engines.ray.own_folder import OwnFolder


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_secret_is_for_oneself_alone(place):
    folder = OwnFolder()
    assert folder.path.parent == place and folder.path.stat().st_mode & 0o077 == 0
    assert folder.token.stat().st_mode & 0o077 == 0 and len(folder.token.read_text()) == 64
    folder.remove()
    assert not list(place.iterdir())


def test_what_a_killed_process_left_is_removed_and_what_others_have_is_not(place):
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    left = place / f"nodegraph-ray-{done.stdout.strip()}-a"
    others = place / f"nodegraph-ray-{os.getppid()}-b", place / "nodegraph-ray-x-c"
    for folder in (left, *others):
        folder.mkdir()
    own = OwnFolder()
    assert set(place.iterdir()) == {own.path, *others}


def test_names_of_sockets_must_not_be_too_long(place, monkeypatch):
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    assert OwnFolder().sessions is None  # that of pytest is
    monkeypatch.setattr(tempfile, "tempdir", "/tmp")
    folder = OwnFolder()
    assert folder.sessions == str(folder.path)
    monkeypatch.setenv("RAY_TMPDIR", str(place))
    assert folder.sessions is None
    folder.remove()
