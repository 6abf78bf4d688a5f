"""Plug-ins are found where they are installed, whatever of their name stands in the way."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from nodegraph.errors import SpecError

__all__ = ["imported", "shadow"]


def imported(entry: EntryPoint) -> ModuleType:
    """Return the module that an entry point names, of the package that offers it.

    Python takes a user's own ``nodes.py`` beside the script for an installed package ``nodes``.
    The package is then loaded from where it is installed. ``import nodes`` goes on to mean the
    file of the user, and ``nodes.reservoir`` the module of the package.

    Raises
    ------
    SpecError
        If a folder of the user has the name of the package, and modules of the same names.
    """
    top = entry.module.partition(".")[0]
    home = _home(entry, top)
    theirs = _in_the_way(top, home) if home else None
    if home is None or theirs is None:
        return import_module(entry.module)
    package = _loaded(top, home, theirs)
    return package if entry.module == top else sys.modules[entry.module]


def shadow(top: str) -> Path | None:
    """Return the user's file or folder that ``import top`` means in place of our package."""
    home = (Path(__file__).parents[2] / top).resolve()
    return _in_the_way(top, home) if (home / "__init__.py").is_file() else None


def _home(entry: EntryPoint, top: str) -> Path | None:
    """Return the folder of the package that offers `entry`, None if it cannot be told."""
    installed = [Path(str(entry.dist.locate_file("")))] if entry.dist is not None else []
    for place in (*installed, Path(__file__).parents[2]):  # the second one for a checkout
        if (place / top / "__init__.py").is_file():
            return (place / top).resolve()
    return None


def _in_the_way(top: str, home: Path) -> Path | None:
    """Return the file or folder that ``import top`` means in place of the package, if any."""
    module = sys.modules.get(top)
    spec = find_spec(top) if module is None else module.__spec__
    found = getattr(spec, "origin", None) if module is None else module.__file__
    if found is None:  # a folder without __init__.py: installs that add a finder come after it
        folders = [Path(place) for place in getattr(spec, "submodule_search_locations", None) or ()]
        return folders[0] if folders and home not in [each.resolve() for each in folders] else None
    return None if Path(found).resolve() == home / "__init__.py" else Path(found)


@cache
def _loaded(top: str, home: Path, theirs: Path) -> ModuleType:
    """Load the package from `home`; its name stays with `theirs`."""
    own = [found.name for found in iter_modules([str(home)])]
    if theirs.name == "__init__.py":
        _refuse_clashes(top, theirs.parent, own)
    with _name_lent(top, home):
        package = import_module(top)
        for name in own:  # a module that is there already is found without a look at its parent
            import_module(f"{top}.{name}")
    return package


def _refuse_clashes(top: str, folder: Path, own: list[str]) -> None:
    clashes = sorted({found.name for found in iter_modules([str(folder)])} & set(own))
    if clashes:
        raise SpecError(
            f"the folder {folder} stands in the way of the package {top!r}, and has modules of the "
            f"same names ({', '.join(clashes[:3])}); rename the folder, or start Python elsewhere"
        )


@contextmanager
def _name_lent(top: str, home: Path) -> Iterator[None]:
    """Let ``import top`` mean the package in `home` for a while."""
    before = sys.modules.pop(top, None)
    sys.path.insert(0, str(home.parent))
    try:
        yield
    finally:
        sys.path.remove(str(home.parent))
        sys.modules.pop(top, None)
        if before is not None:
            sys.modules[top] = before
