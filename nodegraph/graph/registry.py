"""Kinds: the words by which YAML and the command line call nodes and rules."""

from __future__ import annotations

import sys
from collections.abc import Callable, Container
from functools import cache, partial
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from nodegraph.errors import SpecError
from nodegraph.graph.messages.phrases import nearest
from nodegraph.host.plugins import imported

__all__ = [
    "families",
    "family",
    "homes",
    "kinds",
    "load_plugin",
    "register",
    "resolve",
    "split_kind",
    "word",
    "written_kind",
]

GROUP = "nodegraph.nodes"
Kind = TypeVar("Kind", bound=type)
_found: dict[str, type] = {}
_waiting: dict[str, ModuleType] = {}  # packages that import a kind when it is first asked for
_places: dict[str, int] = {}  # the order in which names were offered
_families: dict[str, str] = {}


def kinds() -> dict[str, type]:
    """Return every known kind by name."""
    _load()
    for name in [*_waiting]:
        _take(name)
    places = {name: _places.get(name.partition(".")[0], len(_places)) for name in _found}
    return {name: _found[name] for name in sorted(_found, key=places.__getitem__)}


def _known(kind: Any) -> type | None:
    """Return the class that `kind` names, if there is one; no other is imported for it."""
    _load()
    _take(str(kind).partition(".")[0])
    return _found.get(kind)


@cache
def _load() -> None:
    """Import the packages in the entry-point group."""
    entries = {entry.value: entry for entry in entry_points(group=GROUP)}
    for _, entry in sorted(entries.items()):
        _offer_all(entry.value, partial(imported, entry))


def _take(name: str) -> None:
    """Import a kind that was offered and is yet to be asked for, if there is one of that name."""
    if (package := _waiting.get(name)) is not None:
        kind = getattr(package, name)
        del _waiting[name]
        if isinstance(kind, type):
            _offer(name, kind)


def homes() -> dict[str, str]:
    """Return from which module each kind is imported: the outermost that offers it."""
    return {name: _home(name, kind) for name, kind in kinds().items() if "." not in name}


def _home(name: str, kind: type) -> str:
    parts = kind.__module__.split(".")
    around = [".".join(parts[: i + 1]) for i in range(len(parts))]
    offers = [module for module in around if getattr(sys.modules.get(module), name, None) is kind]
    return offers[0] if offers else kind.__module__


def families() -> list[str]:
    """Return the sorts of nodes that packages tell apart, in their order."""
    _load()
    return list(dict.fromkeys(_families.values()))


def family(kind: str) -> str:
    """Return what sort of node a kind is, as ``FAMILIES`` of its package says, or ""."""
    _load()
    return _families.get(kind.partition(".")[0], "")


def load_plugin(module: str) -> None:
    """Make the classes in ``module.__all__`` known by their names.

    Parameters
    ----------
    module : str
        Its name, or the path of its file, ``my_nodes.py``; the folder then joins ``sys.path``.

    Raises
    ------
    SpecError
        If the module cannot be imported or offers a name that another package has taken.
    """
    _load()
    named = module.endswith(".py")
    _offer_all(module, lambda: _of_file(Path(module).expanduser()) if named else _of_name(module))


def _offer_all(module: str, load: Callable[[], ModuleType]) -> None:
    try:
        package = load()
    except ImportError as error:
        raise SpecError(f"plug-in {module!r} cannot be imported: {error}") from error
    for family, members in vars(package).get("FAMILIES", {}).items():
        _families.update(dict.fromkeys(members, family))
    for name in getattr(package, "__all__", ()):
        before, _places[name] = _places.get(name), _places.get(name, len(_places))
        _take(name)
        _waiting[name] = package
        if name in vars(package) or before is not None:
            _take(name)


def _of_name(name: str) -> ModuleType:
    """Import the module `name`, which may not be another than the one in this folder."""
    module = import_module(name)
    own, here = getattr(module, "__file__", None), [Path(f"{name}.py"), Path(name, "__init__.py")]
    theirs = [str(file) for file in here if own and file.is_file()]
    if theirs and Path(own or "").resolve() not in [file.resolve() for file in here]:
        raise SpecError(
            f"plug-in {name!r}: that name belongs to an installed package, not to {theirs[0]} in "
            "this folder; rename yours, as in my_nodes.py, and give its path"
        )
    return module


def _of_file(file: Path) -> ModuleType:
    """Import the module in `file` by its own name, so that other processes find it too."""
    if not file.is_file():
        raise SpecError(f"plug-in {str(file)!r}: there is no such file")
    folder = str(file.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)
    module = import_module(file.stem)
    found = getattr(module, "__file__", None)
    if found is None or not file.samefile(found):
        raise SpecError(f"plug-in {str(file)!r}: another module is called {file.stem}; rename one")
    return module


def register(kind: Kind) -> Kind:
    """Make a class known by its name, as one that was written in a notebook; return it.

    A class may take the place of an earlier one of the same module, so that a cell of a notebook
    can be run again.

    Raises
    ------
    SpecError
        If another module has taken the name.
    """
    if not isinstance(kind, type):
        raise SpecError(f"register takes a class, as in ng.register(MyNode); got {kind!r}")
    before = _known(kind.__name__)
    if before is not None and before.__module__ == kind.__module__:
        del _found[kind.__name__]
    _offer(kind.__name__, kind)
    return kind


def _offer(name: str, kind: type) -> None:
    for own, variant in vars(kind).get("variants", {}).items():
        _offer(f"{name}.{own}", variant)
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
    if (found := _known(kind)) is not None:
        return found
    near = nearest(str(kind), kinds())
    hint = f"did you mean {near!r}?" if near else "'nodegraph kinds' lists those there are"
    own = "a class of your own becomes known by nodegraph.register(it), or --plugin MODULE"
    raise SpecError(f"unknown kind {kind!r}; {hint}; {own}")


def word(cls: type) -> str:
    """Return what `resolve` turns back into `cls`."""
    label: str = getattr(cls, "label", "") or cls.__name__
    if label == cls.__name__:
        return label
    fields: Any = getattr(cls, "model_fields", {})
    return f"{label}.{fields['kind'].default}"


def split_kind(kind: str) -> tuple[type, dict[str, Any]]:
    """Return the class that `kind` names and, of ``Reduce.mean``, its own field ``kind: mean``.

    Raises
    ------
    SpecError
        If no package offers that name.
    """
    if (known := _known(kind)) is not None:
        return known, {}
    name, _, own = str(kind).partition(".")
    cls = _known(name)
    if own and cls is not None and "kind" in getattr(cls, "model_fields", {}):
        return cls, {"kind": own}
    return resolve(kind), {}


def written_kind(part: Any, fields: dict[str, Any], own: Container[str] = ()) -> dict[str, Any]:
    """Return `fields` of `part` below the word that `split_kind` turns back into its class.

    A field that is itself called ``kind`` goes into that word: ``Reduce.mean``. Words in `own` are
    read where they are written, whoever else is called so.

    Raises
    ------
    SpecError
        If that word is known as another class, which would be read back in its place.
    """
    kind = type(part)
    known = None if word(kind) in own else _known(word(kind))
    if known is not None and _file(known) != _file(kind):
        raise SpecError(
            f"{kind.__module__}.{kind.__name__} would be read back as {known.__module__}."
            f"{known.__name__}, for that is what {word(kind)} means; rename your class"
        )
    rest = {key: value for key, value in fields.items() if key != "kind"}
    said = "kind" in fields and fields["kind"] != kind.model_fields["kind"].default
    return {"kind": word(kind) + (f".{fields['kind']}" if said else ""), **rest}


def _file(kind: type) -> str:
    """Return where a class is written: a script that runs is known by two modules."""
    return getattr(sys.modules.get(kind.__module__), "__file__", None) or kind.__module__
