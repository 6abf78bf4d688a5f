"""Ridge regression: sums of rows, their folds, and the solvers of its normal equations."""

__all__ = [
    "blas",
    "conjugate_gradient",
    "gathered",
    "left_out",
    "rows",
    "soft_thresholding",
    "solvers",
    "statistics",
    "strength",
    "triangle",
]
