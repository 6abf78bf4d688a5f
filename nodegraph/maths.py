"""Words for steps and updates: the same bits compiled and on plain arrays.

``+ - * /``, comparisons, `numpy.sqrt`, `numpy.maximum`, `numpy.where` and looking at parts need no
word: numpy's bits are those already. Its `tanh`, `exp`, sums and products have others in the last
places; these words stand for them.

Examples
--------
>>> import numpy as np
>>> from nodegraph.maths import sigmoid, total
>>> float(total(sigmoid(np.zeros(4))))
2.0
"""

from nodegraph.compiling.maths import (
    activate,
    cond,
    dot,
    einsum,
    exp,
    expm1,
    log,
    matvec,
    mean,
    norm,
    outer,
    power,
    put,
    repeat,
    sigmoid,
    softmax,
    softplus,
    solve,
    sym_diagonal,
    sym_eye,
    sym_matvec,
    sym_rank_one,
    tanh,
    total,
    vecmat,
    where,
)

__all__ = [
    "activate",
    "cond",
    "dot",
    "einsum",
    "exp",
    "expm1",
    "log",
    "matvec",
    "mean",
    "norm",
    "outer",
    "power",
    "put",
    "repeat",
    "sigmoid",
    "softmax",
    "softplus",
    "solve",
    "sym_diagonal",
    "sym_eye",
    "sym_matvec",
    "sym_rank_one",
    "tanh",
    "total",
    "vecmat",
    "where",
]
