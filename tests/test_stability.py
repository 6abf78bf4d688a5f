"""No rule that learns online runs away, but for those whose law it is; see benchmarks/stability."""

import pytest

from benchmarks import stability
from benchmarks.stability import DIVERGES, cases, inputs, live, online_rules

STEPS = 1500
CASES = dict(cases())
SERIES = inputs(STEPS)


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch):
    monkeypatch.setattr(stability, "CHUNK", 500)


@pytest.mark.parametrize("what", SERIES)
@pytest.mark.parametrize("name", CASES)
def test_weights_stay_in_bounds(name, what):
    fate = live(CASES[name], SERIES[what])
    if name not in DIVERGES:
        assert not fate.diverged
        assert max(fate.half, fate.end) < 1000


def test_what_diverges_by_its_law_is_told():
    for name in ("Hebb, linear", "LMS"):
        fate = live(CASES[name], SERIES["lorenz x 100"])
        assert "it: output is no longer finite at step" in fate.diverged


def test_what_diverges_is_bounded_by_its_other_form():
    assert {"LMS, normalized", "SynapticNormalization of Hebb, linear"} <= set(CASES)
    assert set(CASES) >= DIVERGES


def test_every_rule_that_learns_online_was_tried():
    tried = {type(node.learner) for node in CASES.values()}
    assert online_rules() <= tried
