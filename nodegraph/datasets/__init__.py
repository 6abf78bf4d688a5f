"""Series to learn from: systems that are integrated here, and two real sets."""

from nodegraph.datasets.catalogue import describe, load, names, options
from nodegraph.datasets.forecasting import to_forecasting
from nodegraph.datasets.henon import henon
from nodegraph.datasets.japanese_vowels import Utterances, japanese_vowels
from nodegraph.datasets.kuramoto_sivashinsky import kuramoto_sivashinsky
from nodegraph.datasets.logistic_map import logistic_map
from nodegraph.datasets.lorenz import lorenz
from nodegraph.datasets.lorenz96 import lorenz96
from nodegraph.datasets.mackey_glass import mackey_glass
from nodegraph.datasets.mso import mso
from nodegraph.datasets.narma import narma
from nodegraph.datasets.one_hot import one_hot
from nodegraph.datasets.rossler import rossler
from nodegraph.datasets.sunspots import sunspots

__all__ = [
    "Utterances",
    "describe",
    "henon",
    "japanese_vowels",
    "kuramoto_sivashinsky",
    "load",
    "logistic_map",
    "lorenz",
    "lorenz96",
    "mackey_glass",
    "mso",
    "names",
    "narma",
    "one_hot",
    "options",
    "rossler",
    "sunspots",
    "to_forecasting",
]
