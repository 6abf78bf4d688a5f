"""Series to learn from: chaotic systems and others that are made here, tasks, two real sets."""

from nodegraph.data.datasets.adding import adding
from nodegraph.data.datasets.associative_recall import associative_recall
from nodegraph.data.datasets.catalogue import describe, load, names, options
from nodegraph.data.datasets.chaos import (
    burke_shaw,
    chen,
    chua,
    halvorsen,
    hyper_rossler,
    ikeda,
    lozi,
    moore_spiegel,
    rabinovich_fabrikant,
    rucklidge,
    sprott_jerk,
    thomas,
    windmi,
)
from nodegraph.data.datasets.context_switching import context_switching
from nodegraph.data.datasets.copying import copying
from nodegraph.data.datasets.delayed_input import delayed_input
from nodegraph.data.datasets.delayed_xor import delayed_xor
from nodegraph.data.datasets.equations import System
from nodegraph.data.datasets.finch_songs import finch_songs
from nodegraph.data.datasets.forecasting import to_forecasting
from nodegraph.data.datasets.henon import henon
from nodegraph.data.datasets.irregular_sines import irregular_sines
from nodegraph.data.datasets.japanese_vowels import Utterances, japanese_vowels
from nodegraph.data.datasets.kuramoto_sivashinsky import kuramoto_sivashinsky
from nodegraph.data.datasets.logistic_map import logistic_map
from nodegraph.data.datasets.lorenz import lorenz
from nodegraph.data.datasets.lorenz96 import lorenz96
from nodegraph.data.datasets.mackey_glass import mackey_glass
from nodegraph.data.datasets.mso import mso
from nodegraph.data.datasets.narma import narma
from nodegraph.data.datasets.one_hot import one_hot
from nodegraph.data.datasets.parity import parity
from nodegraph.data.datasets.primitives import primitives
from nodegraph.data.datasets.questions import questions
from nodegraph.data.datasets.rossler import rossler
from nodegraph.data.datasets.situations import situations
from nodegraph.data.datasets.sorting import sorting
from nodegraph.data.datasets.sunspots import sunspots
from nodegraph.data.datasets.systems import exponents, system, systems
from nodegraph.data.datasets.thematic_roles import thematic_roles
from nodegraph.data.datasets.word_boundaries import word_boundaries

__all__ = [
    "System",
    "Utterances",
    "adding",
    "associative_recall",
    "burke_shaw",
    "chen",
    "chua",
    "context_switching",
    "copying",
    "delayed_input",
    "delayed_xor",
    "describe",
    "exponents",
    "finch_songs",
    "halvorsen",
    "henon",
    "hyper_rossler",
    "ikeda",
    "irregular_sines",
    "japanese_vowels",
    "kuramoto_sivashinsky",
    "load",
    "logistic_map",
    "lorenz",
    "lorenz96",
    "lozi",
    "mackey_glass",
    "moore_spiegel",
    "mso",
    "names",
    "narma",
    "one_hot",
    "options",
    "parity",
    "primitives",
    "questions",
    "rabinovich_fabrikant",
    "rossler",
    "rucklidge",
    "situations",
    "sorting",
    "sprott_jerk",
    "sunspots",
    "system",
    "systems",
    "thematic_roles",
    "thomas",
    "to_forecasting",
    "windmi",
    "word_boundaries",
]
