"""All functions of the prelude by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from nodegraph.compiling.prelude.builder import AS_WRITTEN, NOT_WIDER
from nodegraph.compiling.prelude.elementary import ELEMENTARY, elementary
from nodegraph.compiling.prelude.sparse import slices, slices_of_many
from nodegraph.compiling.prelude.sums import (
    columns_by_four,
    columns_in_lanes,
    matrix_of_many,
    one_in_lanes,
)
from nodegraph.compiling.prelude.triangles import one_triangle, triangles

__all__ = ["declarations", "definition"]

_CATALOGUE: dict[str, Callable[[str], str]] = {
    **{name: partial(elementary, name=name) for name in ELEMENTARY},
    **{f"{kind}4": partial(columns_by_four, kind=kind) for kind in ("scalar", "vector", "sum")},
    **{f"{kind}32": partial(columns_in_lanes, kind=kind) for kind in ("scalar", "vector", "sum")},
    **{kind: partial(one_in_lanes, kind=kind) for kind in ("dot", "add", "top")},
    **{f"many{lanes}": partial(slices_of_many, lanes=lanes) for lanes in (16, 32)},
    **{
        f"{'rank' * changes}{'sym' * multiplies}{which}": partial(
            made, changes=changes, multiplies=multiplies
        )
        for which, made in (("", triangles), ("1", one_triangle))
        for changes, multiplies in ((True, False), (False, True), (True, True))
    },
    "matmany": matrix_of_many,
    "slices": slices,
}


@cache
def definition(name: str) -> str:
    """Return the text of ``tanh_f8``, ``scalar4_f4`` and the like."""
    what, dtype = name.rsplit("_", 1)
    return _CATALOGUE[what](dtype)


def declarations() -> str:
    """Return what all modules declare: what is told to LLVM of loops."""
    wide, once = AS_WRITTEN + 2, AS_WRITTEN + 3
    return (
        f"!{AS_WRITTEN} = distinct !{{!{AS_WRITTEN}, !{wide}, !{once}}}\n"
        f"!{NOT_WIDER} = distinct !{{!{NOT_WIDER}, !{wide}}}\n"
        f'!{wide} = !{{!"llvm.loop.vectorize.enable", i1 false}}\n'
        f'!{once} = !{{!"llvm.loop.unroll.disable"}}\n'
    )
