"""How fast common work is, beside ReservoirPy with the same weights on the same data."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from benchmarks import learning, running
from benchmarks.tables import markdown
from benchmarks.work import HEAD, Work

__all__ = ["main", "works"]


def works() -> Iterator[Work]:
    """Yield what is compared, one after the other."""
    yield from running.works()
    yield from learning.works()


def main(*words: str) -> str:
    """Return the table as Markdown; of the work whose name holds one of `words`, if any."""
    rows = []
    for work in works():
        if not words or any(word in work.what for word in words):
            rows.append(work.cells())
            print(rows[-1][:5], file=sys.stderr, flush=True)
    title = "Speed beside ReservoirPy: microseconds a step, one BLAS thread, float64"
    return markdown(title, HEAD, rows)


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
