import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return the empty folder that machine code is kept in."""
    folder = tmp_path / "code"
    monkeypatch.setenv("NODEGRAPH_CACHE", str(folder))
    return folder


@pytest.fixture(autouse=True)
def optimized(monkeypatch):
    """Look at optimized code; all other tests do little work, for which it is not made."""
    monkeypatch.setenv("NODEGRAPH_COMPILE", "optimized")
