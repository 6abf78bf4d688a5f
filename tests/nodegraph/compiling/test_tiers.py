"""A step begins in baseline code, and is optimized before it has done much work."""

import numpy as np
import pytest
from small_steps import STEPS, digest, drawn, made

import nodegraph as ng
from nodegraph.arrays import leaves
from nodegraph.compiling import machine_code, recipe, tiers
from nodegraph.engines.compiled import alike
from nodegraph.engines.compiled.traced_steps import Traced
from nodegraph.errors import EngineError
from nodes import Input, Reservoir


@pytest.fixture(autouse=True)
def fresh(folder, monkeypatch):
    """Begin as the first process does."""
    alike._kept.cache_clear()
    monkeypatch.setattr(machine_code, "_known", {})
    monkeypatch.setattr(tiers, "_known", {})
    monkeypatch.setattr(recipe, "_recent", {})
    monkeypatch.delenv("NODEGRAPH_COMPILE")


def tiers_now():
    """Return whether each step that is known is optimized."""
    return [function.is_optimized for function in tiers._known.values()]


def digest_of(ready, kind, dtype=np.float64):
    state = made(kind, dtype)[2]
    after, ys = ready.run(state, drawn(20, dtype))
    many, more = ready.run_many([state] * 7, [drawn(20, dtype)] * 7)
    return digest([ys, *more, *(leaf for _, leaf in leaves((after, *many)))])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", STEPS)
def test_bits_stay_when_a_step_is_optimized(kind, dtype):
    ready = Traced(*made(kind, dtype)[:2])
    before = digest_of(ready, kind, dtype)
    assert tiers_now() and not any(tiers_now())
    for function in tiers._known.values():
        function.expect(np.inf)
    assert all(tiers_now())
    assert digest_of(ready, kind, dtype) == before


def test_a_step_is_optimized_once_its_work_pays_for_it_or_before_a_long_run():
    node, params, state = made("dense", np.float64)
    ready, xs = Traced(node, params), drawn(200, np.float64)
    ready.run(state, xs[:10])
    (function,) = tiers._known.values()
    numbers = function._recipe.numbers_a_step
    assert 11 * (11 + 3) < numbers < 11 * (11 + 3) * 3  # of its products, and about them
    calls = tiers.PAYS * function._recipe.lines / (200 * numbers)
    for _ in range(int(calls) - 1):
        ready.run(state, xs)
    assert not function.is_optimized
    ready.run(state, xs)
    ready.run(state, xs)
    assert function.is_optimized
    once = Traced(*made("norms", np.float64)[:2])
    compiled = machine_code.stats["compiled"]
    once.run(state, drawn(200_000, np.float64))
    assert machine_code.stats["compiled"] > compiled
    assert all(tiers_now())


def test_loops_of_steps_are_counted_also_one_step_at_a_time():
    model = ng.Model(Input() >> Reservoir(units=100, connectivity=1.0), seed=0)
    model.step(np.ones(1))
    assert tiers_now() == [False, False]
    for _ in range(1500):
        model.step(np.ones(1))
    assert tiers_now() == [False, True]  # the input has next to nothing to do


def test_the_next_process_begins_with_the_best_code_there_is(monkeypatch):
    def begins():
        for known in (machine_code._known, tiers._known, recipe._recent):
            known.clear()
        compiled = machine_code.stats["compiled"]
        found = digest_of(Traced(*made("dense", np.float64)[:2]), "dense")
        return found, tiers_now(), machine_code.stats["compiled"] - compiled

    first = begins()
    assert first[1] == [False] * 2
    assert begins() == (first[0], [False] * 2, 0)
    for function in [*tiers._known.values()]:
        function.expect(np.inf)
    assert begins() == (first[0], [True] * 2, 0)
    monkeypatch.setenv("NODEGRAPH_COMPILE", "baseline")
    assert begins() == (first[0], [False] * 2, 0)
    monkeypatch.setenv("NODEGRAPH_COMPILE", "optimized")
    assert begins() == (first[0], [True] * 2, 0)


def test_a_step_that_is_known_is_optimized_where_that_is_asked_for_later(monkeypatch):
    digest_of(Traced(*made("ring", np.float64)[:2]), "ring")
    monkeypatch.setenv("NODEGRAPH_COMPILE", "optimized")
    tiers.step_function(next(iter(tiers._known.values()))._recipe)
    assert tiers_now() == [True, False]


def test_other_words_are_refused(monkeypatch):
    monkeypatch.setenv("NODEGRAPH_COMPILE", "optimised")
    with pytest.raises(EngineError, match="'optimised'; expected 0 or 1 or baseline or optimized"):
        machine_code.is_enabled()
    monkeypatch.setenv("NODEGRAPH_COMPILE", "")
    assert machine_code.is_enabled()
