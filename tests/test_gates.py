"""Fast paths are worth their code: each beats the plain path it stands for, on any machine."""

from importlib import import_module
from pathlib import Path


def test_fast_paths_are_faster_than_the_plain_ones_they_stand_for(monkeypatch):
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(variable, "1")  # else the import would leave them so
    monkeypatch.syspath_prepend(Path(__file__).parents[1])
    measured = list(import_module("benchmarks.gates").gates())
    assert len(measured) >= 6
    assert [gate for gate in measured if gate.ratio < gate.least] == []
