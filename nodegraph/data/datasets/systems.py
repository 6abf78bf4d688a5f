"""Chaotic data sets as dynamical systems: their steps, and what is known of their exponents."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from nodegraph.data.datasets.chaos import CHAOS
from nodegraph.data.datasets.equations import Equations, System
from nodegraph.data.datasets.henon import HENON
from nodegraph.data.datasets.kuramoto_sivashinsky import kuramoto_sivashinsky_system
from nodegraph.data.datasets.logistic_map import LOGISTIC
from nodegraph.data.datasets.lorenz import LORENZ
from nodegraph.data.datasets.lorenz96 import lorenz96_system
from nodegraph.data.datasets.mackey_glass import mackey_glass_system
from nodegraph.data.datasets.rossler import ROSSLER
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.messages.phrases import nearest, shown

__all__ = ["exponents", "system", "systems"]

_EQUATIONS: Mapping[str, Equations] = MappingProxyType(
    {each.name: each for each in (*CHAOS.values(), HENON, LOGISTIC, LORENZ, ROSSLER)}
)
_OTHERS: Mapping[str, tuple[Callable[..., System], tuple[float, ...]]] = MappingProxyType(
    {
        "kuramoto_sivashinsky": (kuramoto_sivashinsky_system, (0.048,)),  # made here
        "lorenz96": (lorenz96_system, (1.67,)),  # Karimi, Paul 2010
        "mackey_glass": (mackey_glass_system, (0.0051, 0.0, -0.0387, -0.0530)),  # made here
    }
)


@known_arguments
def systems() -> list[str]:
    """Return the names of the data sets that are chaotic systems, sorted.

    Examples
    --------
    >>> len(systems())
    20
    """
    return sorted([*_EQUATIONS, *_OTHERS])


@known_arguments
def exponents(name: str) -> tuple[float, ...]:
    """Return the Lyapunov exponents of a chaotic data set as they are known, the largest first.

    They are for the default parameters, in 1 / time (maps: 1 / step); of systems of many
    dimensions only the first ones. `nodegraph.dynamics.lyapunov_exponents` finds them anew; those
    of mackey_glass and moore_spiegel are from there, over 200,000 and 3000 units of time, that of
    kuramoto_sivashinsky (.0483 within .0008) from how fast neighbours part over 37,500.

    References
    ----------
    J. C. Sprott, Chaos and Time-Series Analysis, Oxford University Press (2003), appendix A.
    A. Karimi, M. R. Paul, Extensive chaos in the Lorenz-96 model, Chaos 20 (2010) 043105.

    Examples
    --------
    >>> exponents("lorenz")
    (0.9056, 0.0, -14.5723)
    """
    _check(name)
    return _EQUATIONS[name].exponents if name in _EQUATIONS else _OTHERS[name][1]


@known_arguments
def system(name: str, **options: Any) -> System:
    """Return a chaotic data set as the map from one row to the next.

    Parameters
    ----------
    name : str
        One of `systems`.
    **options
        Parameters of the equations, ``h``, ``x0`` and ``substeps`` as the data set has them.

    Returns
    -------
    System
        With `step`, `start` and `dt`. The state of lorenz and others is a row; that of
        mackey_glass are the values and slopes over one delay.

    Examples
    --------
    >>> henon = system("henon")
    >>> henon.step(henon.step(henon.start))
    array([-0.4,  0.3])
    """
    _check(name)
    make: Callable[..., System]
    if name in _EQUATIONS:
        what = _EQUATIONS[name]
        make, known = (
            what.system,
            ["x0", *what.parameters, *["h", "substeps"] * (what.h is not None)],
        )
    else:
        make = partial(_OTHERS[name][0])
        known = list(inspect.signature(make).parameters)
    for option in options:
        if option not in known:
            raise DataError(f"{name}: unknown option {shown(option)}; {_hint(option, known)}")
    return make(**options)


def _check(name: Any) -> None:
    if name not in systems():
        raise DataError(
            f"system: there is none called {shown(name)}; {_hint(str(name), systems())}"
        )


def _hint(word: str, known: list[str]) -> str:
    guess = nearest(word, known)
    return f"did you mean {guess}?" if guess else f"known are {', '.join(known)}"
