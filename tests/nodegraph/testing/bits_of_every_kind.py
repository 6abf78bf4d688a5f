"""Prints what comes of every kind of node and of rule, to compare the tiers of their code.

``python bits_of_every_kind.py float32``: name and digest of every second kind; float64 of the
others.
"""

import hashlib
import sys
import warnings

import numpy as np
from every_kind import U, every_learner_and_node, in_a_loop, targets_of

import nodegraph as ng
from nodegraph.arrays import is_sparse, leaves


def holds_objects(leaf):
    """Tell whether a leaf is an estimator of scikit-learn, whose bytes are an address."""
    return np.asarray(leaf).dtype.hasobject


def digest_of(node, dtype):
    """Return a digest of what a model of `node` gives out, and of what it learned."""
    model = ng.Model(in_a_loop(node), seed=3, dtype=dtype)
    if model.plan.rules:
        model.fit(U, targets_of(model) or None)
    outputs = [model.run(U), *model.run([U[:n] for n in (9, 1, 5, 60, 7, 3, 8, 2)])]
    params = [model.params[name] for name in sorted(model.params)]
    arrays = [a.data if is_sparse(a) else a for _, a in leaves((*outputs, *params))]
    bits = b"".join(np.ascontiguousarray(a).tobytes() for a in arrays if not holds_objects(a))
    return hashlib.sha256(bits).hexdigest()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    (dtype,) = sys.argv[1:]
    for node in every_learner_and_node()[dtype == "float32" :: 2]:
        print(node.name, type(node).__name__, digest_of(node, dtype))
