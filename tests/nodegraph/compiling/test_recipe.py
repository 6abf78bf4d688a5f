"""What is planned once is read by later processes, to the same bits, and never for another step."""

import numpy as np
import pytest
from small_steps import STEPS, digest, drawn, made

from nodegraph.arrays import leaves
from nodegraph.compiling import cache, recipe, sources, tiers
from nodegraph.engines.compiled.traced_steps import Traced

FLOATS = "norms", np.float32


@pytest.fixture
def planned(monkeypatch):
    """Return a list of the steps that are planned, and begin as a fresh process does."""
    plans = []

    def plan(trace, finals):
        plans.append(finals)
        return planning(trace, finals)

    planning = recipe.Plan
    monkeypatch.setattr(recipe, "Plan", plan)
    monkeypatch.setattr(recipe, "_recent", {})
    monkeypatch.setattr(tiers, "_known", {})
    return plans


def digest_of(kind, dtype=np.float64):
    """Return a digest of what a new node gives out, alone and side by side with others."""
    node, params, state = made(kind, dtype)
    ready, xs = Traced(node, params), drawn(20, dtype)
    after, ys = ready.run(state, xs)
    many, more = ready.run_many([state] * 7, [xs] * 7)
    return digest([ys, *more, *(leaf for _, leaf in leaves((after, *many)))])


@pytest.mark.parametrize("kind, dtype", [*((kind, np.float64) for kind in STEPS), FLOATS])
def test_a_later_process_plans_nothing_and_has_the_same_bits(kind, dtype, folder, planned):
    first = digest_of(kind, dtype)
    assert planned
    planned.clear()
    for recent in (dict(recipe._recent), {}):  # in the same process; from the folder alone
        recipe._recent.clear()
        recipe._recent.update(recent)
        assert digest_of(kind, dtype) == first
    assert not planned


def test_nothing_that_was_planned_is_read_after_the_compiler_changed(folder, planned, monkeypatch):
    first = digest_of("dense")
    n = len(planned)
    monkeypatch.setattr(sources, "fingerprint", lambda: "another compiler")
    assert digest_of("dense") == first
    assert len(planned) == 2 * n
    monkeypatch.setattr(sources, "fingerprint", lambda: None)  # nobody knows which
    recipe._recent.clear()
    kept = len([*folder.iterdir()])
    assert digest_of("dense") == first
    assert len(planned) == 3 * n
    assert len([*folder.iterdir()]) == kept
    assert not recipe._recent


def test_another_processor_has_its_own(folder, planned, monkeypatch):
    digest_of("dense")
    n = len(planned)
    monkeypatch.setattr(recipe.machine_code, "target", lambda: "another")
    digest_of("dense")
    assert len(planned) == 2 * n


def test_what_is_torn_is_planned_anew_and_what_is_left_without_its_code_compiled(
    folder, planned, monkeypatch
):
    first = digest_of("ring")
    n, recipes = len(planned), [*folder.glob("*.json")]
    assert len(recipes) == n
    for path in recipes:
        path.write_bytes(path.read_bytes()[:-1])
    recipe._recent.clear()
    assert digest_of("ring") == first
    assert len(planned) == 2 * n
    monkeypatch.setattr(recipe.machine_code, "_known", {})
    monkeypatch.setattr(tiers, "_known", {})
    for path in folder.glob("step_*.o"):
        path.unlink()
    recipe._recent.clear()
    assert digest_of("ring") == first
    assert len(planned) == 2 * n
    assert len([*folder.glob("step_*.o")]) == n


def test_recipes_are_private_and_counted_in_the_bound_of_the_folder(folder, planned, monkeypatch):
    digest_of("dense")
    (path, *_) = folder.glob("*.json")
    assert path.stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr(cache, "LIMIT", 1)
    monkeypatch.setattr(cache, "_WRITTEN", {})
    cache.write("last", b"code")
    assert not path.exists()
