"""Data sets by name, for YAML and the command line."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from nodegraph.data.datasets import chaos
from nodegraph.data.datasets.adding import adding
from nodegraph.data.datasets.associative_recall import associative_recall
from nodegraph.data.datasets.context_switching import context_switching
from nodegraph.data.datasets.copying import copying
from nodegraph.data.datasets.delayed_input import delayed_input
from nodegraph.data.datasets.delayed_xor import delayed_xor
from nodegraph.data.datasets.finch_songs import finch_songs
from nodegraph.data.datasets.henon import henon
from nodegraph.data.datasets.irregular_sines import irregular_sines
from nodegraph.data.datasets.japanese_vowels import japanese_vowels
from nodegraph.data.datasets.kuramoto_sivashinsky import kuramoto_sivashinsky
from nodegraph.data.datasets.logistic_map import logistic_map
from nodegraph.data.datasets.lorenz import lorenz
from nodegraph.data.datasets.lorenz96 import lorenz96
from nodegraph.data.datasets.mackey_glass import mackey_glass
from nodegraph.data.datasets.mso import mso
from nodegraph.data.datasets.narma import narma
from nodegraph.data.datasets.parity import parity
from nodegraph.data.datasets.primitives import primitives
from nodegraph.data.datasets.questions import questions
from nodegraph.data.datasets.rossler import rossler
from nodegraph.data.datasets.situations import situations
from nodegraph.data.datasets.sorting import sorting
from nodegraph.data.datasets.sunspots import sunspots
from nodegraph.data.datasets.thematic_roles import thematic_roles
from nodegraph.data.datasets.word_boundaries import word_boundaries
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.messages.phrases import nearest, shown

__all__ = ["describe", "load", "names", "options"]

_GENERATORS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        each.__name__: each
        for each in (
            *(getattr(chaos, name) for name in chaos.CHAOS),
            adding,
            associative_recall,
            context_switching,
            copying,
            delayed_input,
            delayed_xor,
            finch_songs,
            henon,
            irregular_sines,
            japanese_vowels,
            kuramoto_sivashinsky,
            logistic_map,
            lorenz,
            lorenz96,
            mackey_glass,
            mso,
            narma,
            parity,
            primitives,
            questions,
            rossler,
            situations,
            sorting,
            sunspots,
            thematic_roles,
            word_boundaries,
        )
    }
)


@known_arguments
def names() -> list[str]:
    """Return the names of all data sets, sorted.

    Examples
    --------
    >>> len(names())
    39
    """
    return sorted(_GENERATORS)


@known_arguments
def describe(name: str) -> str:
    """Return what the data set called `name` is, in one sentence.

    Examples
    --------
    >>> describe("henon")
    'The Hénon map, a chaotic map of the plane.'
    """
    text = inspect.getdoc(_generator(name)) or ""
    sentence = text.splitlines()[0].removeprefix("Return ")
    return sentence[:1].upper() + sentence[1:]


@known_arguments
def options(name: str) -> dict[str, Any]:
    """Return the options of the data set called `name`, with their defaults.

    An option that must be given has the default `inspect.Parameter.empty`.

    Examples
    --------
    >>> options("mackey_glass")["tau"]
    17.0
    """
    parameters = inspect.signature(_generator(name)).parameters
    return {option: parameter.default for option, parameter in parameters.items()}


@known_arguments
def load(name: str, **given: Any) -> Any:
    """Return the data set called `name`, made with the options `given`.

    Parameters
    ----------
    name : str
        One of `names`.
    **given
        Its options.

    Returns
    -------
    array, shape (steps, d)
        Or inputs and targets, where the data set has both: ``(u, y)`` for narma,
        ``(x_train, y_train, x_test, y_test)`` for japanese_vowels.

    Raises
    ------
    DataError
        If there is no such data set or option, or an option is out of range.

    Examples
    --------
    >>> load("mackey_glass", steps=100, tau=17).shape
    (100, 1)
    """
    known = options(name)
    for option in given:
        if option not in known:
            raise DataError(f"{name}: unknown option {shown(option)}; {_hint(option, list(known))}")
    missing = [o for o, default in known.items() if default is inspect.Parameter.empty]
    for option in missing:
        if option not in given:
            raise DataError(f"{name}: {option} is required; write {name}({option}=1000)")
    return _generator(name)(**given)


def _generator(name: Any) -> Callable[..., Any]:
    if not isinstance(name, str) or name not in _GENERATORS:
        hint = _hint(str(name), names())
        raise DataError(f"dataset: there is none called {shown(name)}; {hint}")
    return _GENERATORS[name]


def _hint(word: str, known: list[str]) -> str:
    guess = nearest(word, known)
    return f"did you mean {guess}?" if guess else f"known are {', '.join(known)}"
