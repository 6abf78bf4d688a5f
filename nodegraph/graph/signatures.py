"""How the methods of a class are called: refused as it is written, if they take other arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from nodegraph.errors import ContractError
from nodegraph.graph.protocols import Joint, Passes, SecondLook

__all__ = ["asked_ports", "check_signatures", "check_start", "refuse_halves", "refuse_hooks"]

Parameters = list[inspect.Parameter]
_WHOLE = {
    SecondLook: ("memories", "is_unsure"),
    Passes: ("after_pass", "merges"),
    Joint: ("team", "join", "split", "conclude_team"),
}  # protocols, and all that each has


def check_signatures(cls: type, called: Mapping[str, tuple[str, ...]]) -> None:
    """Refuse a class with a method that does not begin with the arguments it is called with.

    Parameters
    ----------
    cls : type
    called : dict of tuple of str
        By name of the method: the arguments that it is given by their place.

    Raises
    ------
    ContractError
        If there is no room for them, or they stand in another order.
    """
    for method, words in called.items():
        taken = _taken(getattr(cls, method))
        names = [p.name for p in taken if p.kind <= p.POSITIONAL_OR_KEYWORD]
        open_end = any(p.kind == p.VAR_POSITIONAL for p in taken)
        first = names[: len(words)]
        swapped = any(word in names and names.index(word) != i for i, word in enumerate(words))
        if swapped or (len(first) < len(words) and not open_end):
            raise ContractError(
                f"{cls.__name__}.{method} is called with {', '.join(words)}, in this order; write "
                f"def {method}({', '.join(('self', *words))}), and further arguments behind"
            )


def check_start(cls: type, start: Callable[..., Any]) -> None:
    """Refuse a `start` that cannot do without what nobody gives it.

    Raises
    ------
    ContractError
        If an argument without a default is neither the width of the input nor the generator.
    """
    unknown = [name for name in _asked(_taken(start)[1:]) if name not in ("n_in", "rng")]
    if unknown:
        raise ContractError(
            f"{cls.__name__}.start asks for {', '.join(unknown)}, and is given n_out, and by name "
            "n_in and rng if it has them; the width of a port comes to init and size"
        )


def refuse_hooks(cls: type, cures: dict[str, str]) -> None:
    """Refuse a class with a method that nobody calls any more.

    Parameters
    ----------
    cls : type
    cures : dict
        By name of the method: what to write instead.

    Raises
    ------
    ContractError
    """
    for name, cure in cures.items():
        if hasattr(cls, name):
            raise ContractError(f"{cls.__name__}.{name} would not be called: {cure}")


def refuse_halves(cls: type) -> None:
    """Refuse a rule that keeps a half of a protocol: it would not be asked for any of it.

    Raises
    ------
    ContractError
    """
    for protocol, names in _WHOLE.items():
        missing = [name for name in names if not hasattr(cls, name)]
        if 0 < len(missing) < len(names):
            there = " and ".join(name for name in names if name not in missing)
            raise ContractError(
                f"{cls.__name__}.{there} would not be called without {', '.join(missing)}: "
                f"write all that nodegraph.graph.protocols.{protocol.__name__} has"
            )


def asked_ports(step: Callable[..., Any]) -> tuple[str, ...]:
    """Return the arguments of a step behind x that it cannot do without."""
    return _asked(_taken(step)[3:])


def _asked(taken: Parameters) -> tuple[str, ...]:
    named = (p for p in taken if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD))
    return tuple(p.name for p in named if p.default is p.empty)


def _taken(function: Callable[..., Any]) -> Parameters:
    return [*inspect.signature(function).parameters.values()][1:]
