"""Ridge regression: sums of rows, their folds, and the solvers of its normal equations."""

__all__ = [
    "blas_threads",
    "conjugate_gradient",
    "dual_rows",
    "fortran",
    "gathered",
    "gram",
    "left_out",
    "second_look",
    "soft_thresholding",
    "solvers",
    "statistics",
    "strength",
    "triangle",
    "triangular_factor",
    "triangular_solver",
]
