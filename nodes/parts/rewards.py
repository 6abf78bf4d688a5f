"""What arrives at a port that rewards come through."""

from nodegraph.errors import FieldError

__all__ = ["check_rewards"]


def check_rewards(n_out: int, **widths: int) -> None:
    """Refuse ports that bring neither one signal for all outputs nor one for each.

    Parameters
    ----------
    n_out : int
        Number of outputs.
    **widths : int
        What arrives at each port; 0 for nothing.
    """
    for port, width in widths.items():
        if width not in (0, 1, n_out):
            allowed = "1 signal" if n_out == 1 else f"1 signal or {n_out}, one for each output"
            raise FieldError(f"{width} signals arrive at the port {port}; it takes {allowed}")
