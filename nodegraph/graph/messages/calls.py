"""Calls that do not fit a function: which arguments it takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from nodegraph.errors import ArgumentError
from nodegraph.graph.messages import nearest

__all__ = ["fitting_arguments", "known_arguments"]

WIRED = {  # what is an edge here
    "sample_weight": "weights of rows are led to a readout: Input(name='w') >> out['weight']"
}
FOREIGN = {
    "washout": "warmup",
    "transient": "warmup",
    "n_jobs": "workers",
    "X": "x",
    "Y": "y",
    "n_timesteps": "steps",
    "n_steps": "steps",
}

_P = ParamSpec("_P")
_R = TypeVar("_R")


def known_arguments(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Return a function or method that says which arguments it takes if it is given others.

    A call that fits costs nothing more than itself.
    """
    return _guarded(function, _misfit)


def fitting_arguments(
    function: Any, form: inspect.Signature, args: Sequence[Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return all arguments of a call by name, with defaults, where `form` is made as it runs.

    Raises
    ------
    ArgumentError
        As `known_arguments` does.
    """
    try:
        bound = form.bind(*args, **given)
    except TypeError:
        raise ArgumentError(_misfit(function, form, args, given)) from None
    bound.apply_defaults()
    return bound.arguments


def _guarded(function: Callable[_P, _R], explain: Callable[..., str]) -> Callable[_P, _R]:
    form = inspect.signature(function)

    @wraps(function)
    def checked(*args: _P.args, **given: _P.kwargs) -> _R:
        try:
            return function(*args, **given)
        except TypeError as error:
            if error.__traceback__ is None or error.__traceback__.tb_next is not None:
                raise  # the call has fitted
            try:
                form.bind(*args, **given)
            except TypeError:
                raise ArgumentError(explain(function, form, args, given)) from None
            raise

    return checked


def _misfit(
    function: Any, form: inspect.Signature, args: Sequence[Any], given: Mapping[str, Any]
) -> str:
    """Return what is wrong with a call, and what is right."""
    options = list(form.parameters.values())
    bound = bool(options) and options[0].name in ("self", "cls")
    options, count = options[bound:], len(args) - bound
    by_place = [o for o in options if o.kind in (o.POSITIONAL_OR_KEYWORD, o.POSITIONAL_ONLY)]
    names = [o.name for o in options]
    said = function.__qualname__.removesuffix(".__init__").rpartition(".")[2]
    if odd := [name for name in given if name not in names]:
        near = FOREIGN.get(odd[0]) if FOREIGN.get(odd[0]) in names else nearest(odd[0], names)
        known = f"known are {', '.join(names)}" if names else "it takes none"
        hint = f"did you mean {near}?" if near else WIRED.get(odd[0], known)
        return f"{said}: there is no argument {odd[0]!r}; {hint}"
    if count > len(by_place):
        shown, more = ", ".join(o.name for o in by_place), names[len(by_place) :]
        hint = f"; write the others with their names, as in {more[0]}=..." if more else ""
        return f"{said}: takes {f'{shown} by position' if shown else 'no argument'}{hint}"
    if twice := [o.name for o in by_place[:count] if o.name in given]:
        return f"{said}: {twice[0]} is given twice, by position and by name"
    needed = [o for o in options if o.default is o.empty and o.kind not in _MANY]
    places = [o.name for o in by_place[:count]]
    missing = [o.name for o in needed if o.name not in given and o.name not in places]
    shown = ", ".join(o.name if o in by_place else f"{o.name}=..." for o in needed)
    return f"{said}: {' and '.join(missing)} missing; write {said}({shown})"


_MANY = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
