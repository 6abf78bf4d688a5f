"""What a step, or a step and a lesson, must be for a compiler."""

from __future__ import annotations

from typing import Any

from nodegraph.compiling.ir import TraceError
from nodegraph.engines.compiled.tracing import check_again, program_of
from nodegraph.engines.compiled.untraced import Untraced
from nodegraph.testing.comparing import require

__all__ = ["check_it_is_compiled"]


def check_it_is_compiled(*step: Any) -> None:
    """Fail with what stands in the way, if something cannot be compiled and nobody says so.

    Parameters
    ----------
    *step
        As `nodegraph.engines.compiled.tracing.program_of` takes them.
    """
    found = program_of(*step)
    if isinstance(found, Untraced):
        return require(not found.reason, f"{found}")
    try:
        check_again(found, *step)
    except TraceError as error:
        raise AssertionError(f"{type(step[0]).__name__}: {error}") from None
