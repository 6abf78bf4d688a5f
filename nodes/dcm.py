"""A bilinear dynamical system that learns who drives whom, and what the input changes of it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt, model_validator

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.fields import Fraction, Matrix, Tensor
from nodegraph.maths import einsum, matvec
from nodegraph.node import DURATION, Limits, Node
from nodes.parts.gated_cell import as_dense
from nodes.parts.random_layer import require_shape
from nodes.parts.solvers import SOLVERS, duration, unfolded
from nodes.rules.bilinear_least_squares import BilinearLeastSquares

__all__ = ["DCM"]


class DCM(Node):
    """Bilinear system of dynamic causal models [1]_, learned by recursive least squares.

    ``dx/dt = (A + sum_j u_j B_j) x + C u``; it gives out x after the time that arrives at its port
    ``dt``, 1 if nothing is wired there. A says who drives whom, B_j how input j changes that, C
    what the inputs drive. Its target is the activity x; it learns from the change of that alone,
    see `nodes.rules.BilinearLeastSquares`, and runs by itself from its own state.

    Parameters
    ----------
    units : int, optional
        Number of regions n; taken from the targets, or from A, if left out.
    solver : {"euler", "midpoint", "rk4", "dopri5"}
        How a step is taken. What is learned are the differences of the target, so that Euler's step
        gives them back exactly; of samples that are far apart the others miss some.
    unfolds : int
        Steps of the solver in one of the node.
    bound : float, above 0
        The activity is held between minus and plus this: a system that is unstable, as what it
        learns may be for a while, would leave all bounds.
    alpha : float
        Penalty on the weights.
    forgetting : float in (0, 1]
        Weight of an error one step ago, while it learns.
    A, B, C : array (n, n), (n_in, n, n) and (n, n_in), optional
        Weights to start from; else 0.

    Raises
    ------
    DataError
        If a dt is not above 0.

    References
    ----------
    .. [1] K. J. Friston, L. Harrison, W. Penny, NeuroImage 19 (2003) 1273-1302.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> u = np.random.default_rng(0).normal(size=(100, 1))
    >>> planted = DCM(A=[[-0.5, 0.2], [0.1, -0.3]], B=[[[0.0, 0.0], [0.1, 0.0]]], C=[[1.0], [0.0]])
    >>> learned = ng.Model(DCM()).fit(u, ng.Model(planted).run(u)).params["dcm"]
    >>> learned.A.round(4)
    array([[-0.5,  0.2],
           [ 0.1, -0.3]])
    """

    class Params(NamedTuple):
        """Who drives whom, what each input changes of it, and what inputs drive."""

        A: Array  # (n, n)
        B: Array  # (n_in, n, n)
        C: Array  # (n, n_in)

    class State(NamedTuple):
        """The activity, and how many steps there were."""

        x: Array  # (n,)
        age: Array  # () int

    limits: ClassVar[dict[str, Limits]] = {"dt": DURATION}

    units: PositiveInt | None = None
    solver: Literal["euler", "midpoint", "rk4", "dopri5"] = "euler"
    unfolds: PositiveInt = 1
    bound: PositiveFloat = 1e6
    alpha: PositiveFloat = 1e-6
    forgetting: Fraction = 1.0
    A: Matrix | None = None
    B: Tensor | None = None
    C: Matrix | None = None

    @model_validator(mode="after")
    def _sizes_agree(self) -> DCM:
        n = self.declared_size
        require_shape("A", self.A, (n, n), ValueError) if n else None
        for name, axis in (("B", 1), ("B", 2), ("C", 0)):
            array = getattr(self, name)
            if n and array is not None and array.shape[axis] != n:
                raise ValueError(f"{name}: expected {n} along axis {axis}, got {array.shape}")
        return self

    @property
    def declared_size(self) -> int | None:
        """The number of regions: ``units``, or what the weights tell."""
        if self.units is not None:
            return self.units
        given = [array for array in (self.A, self.C) if array is not None]
        if given:
            return int(given[0].shape[0])
        return None if self.B is None else int(self.B.shape[1])

    @property
    def rule(self) -> BilinearLeastSquares:
        """The rule that it learns by."""
        return BilinearLeastSquares(alpha=self.alpha, forgetting=self.forgetting)

    @property
    def ready(self) -> bool:
        """Whether weights were given, so that it may run before it has learned."""
        return any(array is not None for array in (self.A, self.B, self.C))

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the weights, given or 0."""
        shapes = {"A": (n_out, n_out), "B": (n_in, n_out, n_out), "C": (n_out, n_in)}
        arrays = {}
        for name, shape in shapes.items():
            given = getattr(self, name)
            require_shape(name, given, shape, FieldError)
            arrays[name] = np.zeros(shape) if given is None else as_dense(given)
        return self.Params(**arrays)

    def start(self, n_out: int) -> State:
        """Return the state before the first step: no activity."""
        return self.State(np.zeros(n_out), np.zeros((), np.int64))

    def step(
        self, params: Params, state: State, x: Array, dt: Array | None = None
    ) -> tuple[State, Array]:
        """Return ``(state, y)`` a time dt later."""
        A = params.A + einsum("j,jkl->kl", x, params.B)
        driven, h = matvec(params.C, x), duration(dt, x) / self.unfolds

        def moved(v: Array) -> Any:
            return SOLVERS[self.solver](lambda v: matvec(A, v) + driven, v, h)

        new = np.clip(unfolded(self.unfolds, moved, state.x), -self.bound, self.bound)
        return self.State(new, state.age + 1), new.copy()
