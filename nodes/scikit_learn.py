"""Any scikit-learn estimator as a readout."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import Field, PositiveInt, model_validator

from nodegraph import Array, Classes, Node
from nodes.rules.estimation import Estimation

__all__ = ["ScikitLearn"]

USUAL = "linear_model", "svm", "neighbors", "kernel_ridge", "ensemble"  # modules that come first


class ScikitLearn(Node):
    """A regressor or classifier of scikit-learn as an offline readout.

    A regressor gives what it predicts; where it knows one output only, one is fitted for each. A
    classifier takes targets with one column for each class and gives 1 in the column of the class
    that it predicts. All rows are kept in memory while it learns. A model with it cannot be saved:
    estimators are objects, not arrays. Some, linear ones among them, predict with other last bits
    when they are given more rows at once: then chunks and loops show there.

    Parameters
    ----------
    estimator : estimator or str
        An object, or the name of a class of scikit-learn such as ``"SVR"``.
    options : dict
        Arguments of that class.
    units : int, optional
        Number of outputs; taken from the targets if left out.
    classes : sequence of str, int or bool, optional
        What the outputs stand for, as in `Ridge`: then labels are the targets.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> x = np.arange(20.0)[:, None]
    >>> model = ng.Model(ScikitLearn(estimator="Ridge", options={"alpha": 1e-9}))
    >>> model.fit(x, np.hstack([x, -x])).run([[3.5]]).round(3)
    array([[ 3.5, -3.5]])
    """

    traced: ClassVar[bool] = False
    smooth: ClassVar[bool] = False

    class Params(NamedTuple):
        """The fitted estimator, the number of outputs, and what an estimator draws from."""

        estimator: Any
        n_out: int
        seed: int

    estimator: Any
    options: dict[str, Any] = Field(default_factory=dict)
    units: PositiveInt | None = None
    classes: Classes = None

    @model_validator(mode="after")
    def _one_output_for_each_class(self) -> ScikitLearn:
        if self.classes is not None and self.units not in (None, len(self.classes)):
            raise ValueError(
                f"the number of outputs is said in different ways: {self.units} units, "
                f"{len(self.classes)} classes"
            )
        return self

    @property
    def declared_size(self) -> int | None:
        """The number of outputs: that of classes, or ``units``."""
        return self.units if self.classes is None else len(self.classes)

    @model_validator(mode="after")
    def _estimator_can_be_made(self) -> ScikitLearn:
        self.made()
        return self

    def made(self) -> Any:
        """Return the estimator, not fitted."""
        if not isinstance(self.estimator, str):
            return _checked(self.estimator, self.options)
        try:
            return _named(self.estimator)(**self.options)
        except TypeError as error:
            raise ValueError(f"options: {error}") from None

    @property
    def rule(self) -> Estimation:
        """The rule that it learns by."""
        return Estimation(estimator=self.made())

    @property
    def knows_classes(self) -> bool:
        """Whether there are classes, or the estimator is a classifier."""
        if self.classes is not None:
            return True
        from sklearn.base import is_classifier

        return bool(is_classifier(self.made()))

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return params without a fitted estimator."""
        return self.Params(None, n_out, int(rng.integers(2**31)))

    def step(self, params: Params, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, prediction)``."""
        state, ys = self.run_block(params, state, x[None])
        return state, ys[0]

    def run_block(self, params: Params, state: Any, xs: Array, **ports: Array) -> tuple[Any, Array]:
        """Return ``(state, predictions)``; zeros before it has learned."""
        if params.estimator is None:
            return state, np.zeros((len(xs), params.n_out), xs.dtype)
        found = np.reshape(params.estimator.predict(xs), (len(xs), -1))
        if found.shape[1] < params.n_out:  # the number of a class
            found = found == np.arange(params.n_out)
        return state, found.astype(xs.dtype)


@cache
def _named(name: str) -> type:
    """Return the regressor or classifier of scikit-learn called `name`.

    Its modules are imported one after the other until it is found; all of them take seconds.
    """
    try:
        import sklearn
        from sklearn.base import ClassifierMixin, RegressorMixin
    except ImportError:
        raise ValueError("scikit-learn is not installed: pip install scikit-learn") from None
    others = {part.name for part in iter_modules(sklearn.__path__) if part.name[0] != "_"}
    others -= {*USUAL, "conftest", "experimental", "externals", "tests"}
    for module in (*USUAL, *sorted(others)):
        found = getattr(import_module(f"sklearn.{module}"), name, None)
        if isinstance(found, type) and issubclass(found, (ClassifierMixin, RegressorMixin)):
            return found
    raise ValueError(f"estimator: {name!r} is no regressor or classifier there")


def _checked(estimator: Any, options: dict[str, Any]) -> Any:
    if options:
        raise ValueError("options go with an estimator's name, not with an object")
    if isinstance(estimator, type):
        name = estimator.__name__
        raise ValueError(f"estimator: {name} is a class; write {name}(), or its name as text")
    needed = "fit", "predict", "get_params", "set_params"
    if missing := [name for name in needed if not hasattr(estimator, name)]:
        raise ValueError(f"estimator: {type(estimator).__name__} has no {', '.join(missing)}")
    return estimator
