"""Kinds: the words by which YAML and the command line call nodes and rules."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points

from nodegraph.errors import SpecError

__all__ = ["kinds", "load_plugin", "resolve", "word"]

GROUP = "nodegraph.nodes"
_found: dict[str, type] = {}


def kinds() -> dict[str, type]:
    """Return every known kind by name; packages in the entry-point group are imported once."""
    if not _found:
        for module in sorted({entry.value for entry in entry_points(group=GROUP)}):
            load_plugin(module)
    return _found


def load_plugin(module: str) -> None:
    """Make the classes in ``module.__all__`` known by their names.

    Raises
    ------
    SpecError
        If the module cannot be imported or offers a name that another package has taken.
    """
    try:
        package = import_module(module)
    except ImportError as error:
        raise SpecError(f"plug-in {module!r} cannot be imported: {error}") from error
    for name in getattr(package, "__all__", ()):
        kind = getattr(package, name)
        if not isinstance(kind, type):
            continue
        if _found.setdefault(name, kind) is not kind:
            raise SpecError(
                f"{name!r} is offered by {_found[name].__module__} and by {kind.__module__}; "
                "rename one of them"
            )


def resolve(kind: str) -> type:
    """Return the class that `kind` names.

    Raises
    ------
    SpecError
        If no package offers that name; the message has the nearest one.
    """
    known = kinds()
    if kind in known:
        return known[kind]
    near = get_close_matches(str(kind), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
    raise SpecError(f"unknown kind {kind!r}; {hint}")


def word(cls: type) -> str:
    """Return what `resolve` turns back into `cls`."""
    return cls.__name__
