"""Chaotic flows and maps, a line of equations each; parameters are those of the references."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.datasets.equations import Equations
from nodegraph.graph.messages.calls import fitting_arguments

__all__ = [
    "CHAOS",
    "burke_shaw",
    "chen",
    "chua",
    "halvorsen",
    "hyper_rossler",
    "ikeda",
    "lozi",
    "moore_spiegel",
    "rabinovich_fabrikant",
    "rucklidge",
    "sprott_jerk",
    "thomas",
    "windmi",
]

SPROTT = "J. C. Sprott, Chaos and Time-Series Analysis, Oxford University Press (2003), appendix A."
CHAOS: dict[str, Equations] = {}


def _dataset(what: Equations, sentence: str, equations: str, source: str) -> Callable[..., Array]:
    """Return the function that makes a series; it is documented as those of other data sets are."""
    CHAOS[what.name] = what
    timed = {} if what.h is None else {"h": what.h}
    inner = {} if what.h is None else {"substeps": what.substeps}
    options = {**timed, "x0": what.x0, **what.parameters, **inner, "discard": 0}

    def series(*args: Any, **given: Any) -> Array:
        bound = fitting_arguments(series, form, args, given)
        parameters = {word: bound[word] for word in what.parameters}
        return what.series(
            bound["steps"], bound["x0"], bound["discard"], parameters,
            bound.get("h"), bound.get("substeps", 1),
        )  # fmt: skip

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    asked = [inspect.Parameter("steps", kind)]
    asked += [inspect.Parameter(word, kind, default=value) for word, value in options.items()]
    form = inspect.Signature(asked)
    series.__name__ = series.__qualname__ = what.name
    series.__signature__ = form  # type: ignore[attr-defined]
    series.__doc__ = _documented(what, sentence, equations, source)
    return series


def _documented(what: Equations, sentence: str, equations: str, source: str) -> str:
    flow = what.h is not None
    known = ", ".join(f"{each:g}" for each in what.exponents)
    unit = "1 / time" if flow else "1 / step"
    parts = [
        f"Return {sentence}\n\n{equations}. Lyapunov exponents with the default parameters: "
        f"{known} ({unit}).\n\nParameters\n----------\nsteps : int\n    Rows to return.",
        "h : float\n    Time between rows." if flow else "",
        f"x0 : sequence of {len(what.x0)} floats\n    State at time 0, the first row.",
        f"{', '.join(what.parameters)} : float\n    Parameters of the equations.",
        "substeps : int\n    Runge-Kutta steps of order four from row to row." if flow else "",
        "discard : int\n    Rows left out at the beginning.",
        f"\nReturns\n-------\narray, shape (steps, {len(what.x0)})",
        "\nRaises\n------\nDataError\n    If an option is of a wrong type or out of range, or the "
        "state leaves all bounds.",
        f"\nReferences\n----------\n{source}",
    ]
    return "\n".join(part for part in parts if part)


burke_shaw = _dataset(
    Equations(
        "burke_shaw",
        lambda x, y, z, s, v: (-s * (x + y), -y - s * x * z, s * x * y + v),
        {"s": 10.0, "v": 13.0}, (0.6, 0.0, 0.0), 0.01, 2, (2.2499, 0.0, -13.2499),
    ),
    "the Burke-Shaw system, two scrolls around an axis.",
    "``dx/dt = -s (x + y)``, ``dy/dt = -y - s x z``, ``dz/dt = s x y + v``",
    "R. Shaw, Strange attractors, chaotic behavior, and information flow, Z. Naturforsch. A 36 "
    f"(1981) 80-112; {SPROTT}",
)  # fmt: skip

chen = _dataset(
    Equations(
        "chen",
        lambda x, y, z, a, b, c: (a * (y - x), (c - a) * x - x * z + c * y, x * y - b * z),
        {"a": 35.0, "b": 3.0, "c": 28.0}, (-10.0, 0.0, 37.0), 0.01, 4, (2.0272, 0.0, -12.0272),
    ),
    "the Chen system, a faster cousin of that of Lorenz.",
    "``dx/dt = a (y - x)``, ``dy/dt = (c - a) x - x z + c y``, ``dz/dt = x y - b z``",
    f"G. Chen, T. Ueta, Yet another chaotic attractor, Int. J. Bifurcation Chaos 9 (1999) "
    f"1465-1466; {SPROTT}",
)  # fmt: skip

chua = _dataset(
    Equations(
        "chua",
        lambda x, y, z, alpha, beta, a, b: (
            alpha * (y - x - b * x - (a - b) / 2 * (abs(x + 1) - abs(x - 1))),
            x - y + z,
            -beta * y,
        ),
        {"alpha": 9.0, "beta": 100 / 7, "a": -8 / 7, "b": -5 / 7},
        (0.0, 0.0, 0.6), 0.1, 4, (0.3271, 0.0, -2.5197),
    ),
    "Chua's circuit, a double scroll of piecewise linear parts.",
    "``dx/dt = alpha (y - x - f(x))``, ``dy/dt = x - y + z``, ``dz/dt = -beta y`` with "
    "``f(x) = b x + (a - b) (|x + 1| - |x - 1|) / 2``",
    "T. Matsumoto, L. O. Chua, M. Komuro, The double scroll, IEEE Trans. Circuits Syst. 32 (1985) "
    f"797-818; {SPROTT}",
)  # fmt: skip

halvorsen = _dataset(
    Equations(
        "halvorsen",
        lambda x, y, z, a: (
            -a * x - 4 * y - 4 * z - y * y,
            -a * y - 4 * z - 4 * x - z * z,
            -a * z - 4 * x - 4 * y - x * x,
        ),
        {"a": 1.27}, (-5.0, 0.0, 0.0), 0.02, 2, (0.7899, 0.0, -4.5999),
    ),
    "Halvorsen's cyclically symmetric attractor.",
    "``dx/dt = -a x - 4 y - 4 z - y**2``, and so on around x, y, z",
    SPROTT,
)  # fmt: skip

hyper_rossler = _dataset(
    Equations(
        "hyper_rossler",
        lambda x, y, z, w, a, b, c, d: (-y - z, x + a * y + w, b + x * z, -c * z + d * w),
        {"a": 0.25, "b": 3.0, "c": 0.5, "d": 0.05},
        (-20.0, 0.0, 0.0, 15.0), 0.1, 10, (0.112, 0.019, 0.0, -25.188),
    ),
    "Rössler's hyperchaos, which grows in two directions.",
    "``dx/dt = -y - z``, ``dy/dt = x + a y + w``, ``dz/dt = b + x z``, ``dw/dt = -c z + d w``",
    f"O. E. Rössler, An equation for hyperchaos, Phys. Lett. A 71 (1979) 155-157; {SPROTT}",
)  # fmt: skip

moore_spiegel = _dataset(
    Equations(
        "moore_spiegel",
        lambda x, y, z, T, R: (y, z, -z - (T - R + R * x * x) * y - T * x),
        {"T": 6.0, "R": 20.0}, (0.1, 0.0, 0.0), 0.05, 2, (0.0881, 0.0, -1.0881),
    ),
    "the Moore-Spiegel oscillator, a parcel of gas in a star.",
    "``dx/dt = y``, ``dy/dt = z``, ``dz/dt = -z - (T - R + R x**2) y - T x``",
    "D. W. Moore, E. A. Spiegel, A thermally excited non-linear oscillator, Astrophys. J. 143 "
    f"(1966) 871-887; {SPROTT}",
)  # fmt: skip

rabinovich_fabrikant = _dataset(
    Equations(
        "rabinovich_fabrikant",
        lambda x, y, z, alpha, gamma: (
            y * (z - 1 + x * x) + gamma * x,
            x * (3 * z + 1 - x * x) + gamma * y,
            -2 * z * (alpha + x * y),
        ),
        {"alpha": 1.1, "gamma": 0.87}, (-1.0, 0.0, 0.5), 0.05, 5, (0.1981, 0.0, -0.6581),
    ),
    "the Rabinovich-Fabrikant equations, waves in a plasma.",
    "``dx/dt = y (z - 1 + x**2) + gamma x``, ``dy/dt = x (3 z + 1 - x**2) + gamma y``, "
    "``dz/dt = -2 z (alpha + x y)``",
    "M. I. Rabinovich, A. L. Fabrikant, Stochastic self-modulation of waves in nonequilibrium "
    f"media, Sov. Phys. JETP 50 (1979) 311-317; {SPROTT}",
)  # fmt: skip

rucklidge = _dataset(
    Equations(
        "rucklidge",
        lambda x, y, z, kappa, lam: (-kappa * x + lam * y - y * z, x, -z + y * y),
        {"kappa": 2.0, "lam": 6.7}, (1.0, 0.0, 4.5), 0.05, 2, (0.1877, 0.0, -3.1893),
    ),
    "the Rucklidge system, convection in a magnetic field.",
    "``dx/dt = -kappa x + lam y - y z``, ``dy/dt = x``, ``dz/dt = -z + y**2``",
    "A. M. Rucklidge, Chaos in models of double convection, J. Fluid Mech. 237 (1992) 209-229; "
    f"{SPROTT}",
)  # fmt: skip

sprott_jerk = _dataset(
    Equations(
        "sprott_jerk",
        lambda x, y, z, a: (y, z, -a * z + y * y - x),
        {"a": 2.017}, (-0.9, 0.0, 0.5), 0.1, 2, (0.0551, 0.0, -2.0721),
    ),
    "the simplest chaotic flow with a quadratic term.",
    "``dx/dt = y``, ``dy/dt = z``, ``dz/dt = -a z + y**2 - x``",
    "J. C. Sprott, Simplest dissipative chaotic flow, Phys. Lett. A 228 (1997) 271-274.",
)  # fmt: skip

thomas = _dataset(
    Equations(
        "thomas",
        lambda x, y, z, b: (-b * x + np.sin(y), -b * y + np.sin(z), -b * z + np.sin(x)),
        {"b": 0.18}, (0.1, 0.0, 0.0), 0.2, 2, (0.0349, 0.0, -0.5749),
    ),
    "Thomas' cyclically symmetric attractor, a walk in a lattice of sines.",
    "``dx/dt = -b x + sin(y)``, and so on around x, y, z",
    "R. Thomas, Deterministic chaos seen in terms of feedback circuits, Int. J. Bifurcation Chaos "
    f"9 (1999) 1889-1905; {SPROTT}",
)  # fmt: skip

windmi = _dataset(
    Equations(
        "windmi",
        lambda x, y, z, a, b: (y, z, -a * z - y + b - np.exp(x)),
        {"a": 0.7, "b": 2.5}, (0.0, 0.8, 0.0), 0.1, 2, (0.0755, 0.0, -0.7755),
    ),
    "the WINDMI system, solar wind on the ionosphere.",
    "``dx/dt = y``, ``dy/dt = z``, ``dz/dt = -a z - y + b - exp(x)``",
    "W. Horton, R. S. Weigel, J. C. Sprott, Chaos and the limits of predictability for the "
    "solar-wind-driven magnetosphere-ionosphere system, Phys. Plasmas 8 (2001) 2946-2952; "
    f"{SPROTT}",
)  # fmt: skip


def _ikeda(x: Any, y: Any, alpha: Any, beta: Any, gamma: Any, mu: Any) -> tuple[Any, Any]:
    phi = beta - alpha / (1 + x * x + y * y)
    cos, sin = np.cos(phi), np.sin(phi)
    return gamma + mu * (x * cos - y * sin), mu * (x * sin + y * cos)


ikeda = _dataset(
    Equations(
        "ikeda", _ikeda, {"alpha": 6.0, "beta": 0.4, "gamma": 1.0, "mu": 0.9}, (0.1, 0.1),
        exponents=(0.5076, -0.7183),
    ),
    "the Ikeda map, light in a ring cavity.",
    "``z[t+1] = gamma + mu z[t] exp(i (beta - alpha / (1 + |z[t]|**2)))``, z = x + i y",
    "K. Ikeda, Multiple-valued stationary state and its instability of the transmitted light by a "
    f"ring cavity system, Opt. Commun. 30 (1979) 257-261; {SPROTT}",
)  # fmt: skip

lozi = _dataset(
    Equations(
        "lozi", lambda x, y, a, b: (1 - a * abs(x) + b * y, x), {"a": 1.7, "b": 0.5}, (-0.1, 0.1),
        exponents=(0.4702, -1.1634),
    ),
    "the Lozi map, that of Hénon with a kink in place of the parabola.",
    "``x[t+1] = 1 - a |x[t]| + b y[t]``, ``y[t+1] = x[t]``",
    "R. Lozi, Un attracteur étrange (?) du type attracteur de Hénon, J. Phys. Colloques 39 (1978) "
    f"C5-9-C5-10; {SPROTT}",
)  # fmt: skip
