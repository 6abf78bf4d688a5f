"""Data of two inputs and two targets, and what a reservoir and a readout make of them, in numpy."""

import numpy as np

from nodes import Input, Reservoir, Ridge

T = 400
RNG = np.random.default_rng(0)
U = RNG.uniform(-1, 1, (T, 2))
Y = np.column_stack([np.convolve(U[:, 0], [0.5, 0.3, 0.1])[:T], U[:, 1] ** 2 + 3.0])


def chain(units=20, **options):
    return Input(name="u") >> Reservoir(name="r", units=units, **options) >> Ridge(name="out")


def numpy_states(params, u, feedback=None, leak=1.0):
    """Ten lines of numpy that know nothing of nodegraph."""
    W = params.W.toarray() if hasattr(params.W, "toarray") else params.W
    W_in = params.W_in.toarray() if hasattr(params.W_in, "toarray") else params.W_in
    x, states = np.zeros(len(W)), []
    for t in range(len(u)):
        drive = W @ x + W_in @ u[t] + params.bias
        if feedback is not None and t > 0:
            W_fb = params.W_fb.toarray() if hasattr(params.W_fb, "toarray") else params.W_fb
            drive = drive + W_fb @ feedback[t - 1]
        x = (1 - leak) * x + leak * np.tanh(drive)
        states.append(x)
    return np.array(states)


def numpy_ridge(X, Y, ridge):
    """Penalised least squares about the means: the bias is free."""
    x, y = X.mean(0), Y.mean(0)
    A = (X - x).T @ (X - x) + ridge * np.eye(X.shape[1])
    W = np.linalg.solve(A, (X - x).T @ (Y - y)).T
    return W, y - W @ x
