"""The two tiers of a step's machine code: baseline at first, optimized once its work pays for that.

LLVM takes twenty times as long to optimize a step as to translate it as it stands, and what comes
out is two to four times as fast, with the same bits. So a step begins in baseline code, and moves
over to optimized code before it has done much work (`PAYS`), or at once where that is known.
"""

from __future__ import annotations

import math
from threading import RLock

import numpy as np

from nodegraph.compiling import machine_code
from nodegraph.compiling.cache_lines import address
from nodegraph.compiling.machine_code import BASELINE, OPTIMIZED
from nodegraph.compiling.recipe import Recipe

__all__ = ["PAYS", "StepFunction", "step_function"]

# Numbers to work out for each line of a step's text until it is optimized. What LLVM takes for a
# line comes back within 15,000 (a tenth of all kinds) to 80,000 numbers (half of them).
PAYS = 25_000
_known: dict[str, StepFunction] = {}
_lock = RLock()


class StepFunction:
    """The machine code of a step, for all programs that have it.

    Parameters
    ----------
    recipe : Recipe

    Attributes
    ----------
    cell : int
        Where the address of the code is that drivers call.
    is_optimized : bool
    """

    def __init__(self, recipe: Recipe):
        self._recipe, self._left = recipe, _allowed(recipe.lines)
        self._address = np.zeros(1, np.int64)
        self.cell, self.is_optimized = address(self._address), False
        found = machine_code.kept(recipe.symbols[OPTIMIZED]) if self._left < math.inf else None
        if found is not None or self._left == 0:
            self._optimize(found)
            return
        found = machine_code.kept(recipe.symbols[BASELINE])
        self._address[0] = found or machine_code.compiled(recipe.modules, BASELINE)

    def expect(self, numbers: float) -> None:
        """Make ready to work out so many numbers more."""
        with _lock:
            self._left -= numbers
            if self._left <= 0 and not self.is_optimized:
                self._optimize()

    def _optimize(self, found: int | None = None) -> None:
        self._address[0] = found or machine_code.compiled(self._recipe.modules, OPTIMIZED)
        self.is_optimized = True


def _allowed(lines: int) -> float:
    """Return how many numbers a step of so many lines may work out in baseline code."""
    return {"baseline": math.inf, "optimized": 0.0}.get(machine_code.asked(), PAYS * lines)


def step_function(recipe: Recipe) -> StepFunction:
    """Return the one of this process for a step's text."""
    name = recipe.symbols[BASELINE][-1]
    with _lock:
        if name not in _known:
            _known[name] = StepFunction(recipe)
        if _allowed(recipe.lines) == 0:
            _known[name].expect(math.inf)
        return _known[name]
