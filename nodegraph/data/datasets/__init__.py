"""Series to learn from: systems that are integrated here, and two real sets."""

from nodegraph.data.datasets.catalogue import describe, load, names, options
from nodegraph.data.datasets.forecasting import to_forecasting
from nodegraph.data.datasets.henon import henon
from nodegraph.data.datasets.japanese_vowels import Utterances, japanese_vowels
from nodegraph.data.datasets.kuramoto_sivashinsky import kuramoto_sivashinsky
from nodegraph.data.datasets.logistic_map import logistic_map
from nodegraph.data.datasets.lorenz import lorenz
from nodegraph.data.datasets.lorenz96 import lorenz96
from nodegraph.data.datasets.mackey_glass import mackey_glass
from nodegraph.data.datasets.mso import mso
from nodegraph.data.datasets.narma import narma
from nodegraph.data.datasets.one_hot import one_hot
from nodegraph.data.datasets.rossler import rossler
from nodegraph.data.datasets.sunspots import sunspots

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
