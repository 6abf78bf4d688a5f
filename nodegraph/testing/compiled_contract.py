"""What a step, or a step and a lesson, must be for a compiler."""

from __future__ import annotations

from nodegraph.compiling.ir import TraceError
from nodegraph.engines.compiled.tracing import Writer, check_again, program_of
from nodegraph.engines.compiled.untraced import Untraced
from nodegraph.testing.comparing import require

__all__ = ["check_it_is_compiled"]


def check_it_is_compiled(writer: Writer) -> None:
    """Fail with what stands in the way, if something cannot be compiled and nobody says so."""
    found = program_of(writer)
    if isinstance(found, Untraced):
        return require(not found.reason, f"{found}")
    try:
        check_again(writer, found)
    except TraceError as error:
        raise AssertionError(f"{type(writer.node).__name__}: {error}") from None
