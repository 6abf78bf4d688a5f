"""All functions of the prelude by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from nodegraph.compiling.prelude.elementary import ELEMENTARY, elementary
from nodegraph.compiling.prelude.panels import by_panels
from nodegraph.compiling.prelude.sparse import arriving, slices, slices_of_many, slices_summed_up
from nodegraph.compiling.prelude.sums import (
    columns_by_four,
    columns_in_lanes,
    matrix_of_many,
    one_in_lanes,
    rows_in_lanes,
    scanned,
)
from nodegraph.compiling.prelude.triangles import one_triangle, triangles

__all__ = ["declaration", "definition", "is_inlined", "types_of"]

_CATALOGUE: dict[str, Callable[[str], str]] = {
    **{name: partial(elementary, name=name) for name in ELEMENTARY},
    **{f"{kind}4": partial(columns_by_four, kind=kind) for kind in ("scalar", "vector", "sum")},
    **{f"{kind}32": partial(columns_in_lanes, kind=kind) for kind in ("scalar", "vector", "sum")},
    **{kind: partial(one_in_lanes, kind=kind) for kind in ("dot", "add", "top")},
    **{
        f"{name}{lanes}": partial(slices_of_many, lanes=lanes, ordered=ordered)
        for lanes in (16, 32)
        for name, ordered in (("many", False), ("sorted", True))
    },
    **{
        f"{'rank' * changes}{'sym' * multiplies}{which}": partial(
            made, changes=changes, multiplies=multiplies
        )
        for which, made in (("", triangles), ("1", one_triangle))
        for changes, multiplies in ((True, False), (False, True), (True, True))
    },
    "dots": rows_in_lanes,
    "matmany": matrix_of_many,
    "panels": by_panels,
    "slices": slices,
    "arriving": arriving,
    "reaching": partial(arriving, moving=True),
    "slicescan": slices_summed_up,
    "sorted": partial(slices, ordered=True),
    "sortedscan": partial(slices_summed_up, ordered=True),
    **{f"scan{name}": partial(scanned, name=name) for name in ("add", "multiply")},
}


@cache
def definition(name: str) -> str:
    """Return ``tanh_f8`` and the like; of ``scalar4_f4`` and others a module, with ``@NAME``."""
    what, dtype = name.rsplit("_", 1)
    return _CATALOGUE[what](dtype)


def declaration(name: str, text: str) -> str:
    """Return what modules that call a function of another one, which is `text`, begin with."""
    head = text.partition(" {\n")[0].removeprefix("define")
    return f"declare{head}\n".replace("@NAME(", f"@{name}(")


@cache
def types_of(name: str) -> tuple[str, list[str]]:
    """Return what type a function returns, and those of its arguments."""
    returns, _, arguments = definition(name).partition(") ")[0].partition(" @")[::1]
    return returns.split()[-1], [a.split()[0] for a in arguments.partition("(")[2].split(", ")]


def is_inlined(name: str) -> bool:
    """Tell whether a function becomes part of who calls it."""
    return name.rsplit("_", 1)[0] in ELEMENTARY
