"""Whether an output that becomes an input was taught that input, by names and by data."""

from __future__ import annotations

from collections.abc import Mapping

from nodegraph.errors import DataError, warn
from nodegraph.model.state import ModelState

__all__ = ["check_own_input"]


def check_own_input(state: ModelState, loop: Mapping[str, str]) -> None:
    """Refuse an output with the columns of its input in another order; warn of another signal.

    Where the data of `fit` showed by how many rows an output is ahead of its input, it is that
    input, whatever its columns are called. Nodes behind a learner may make one of the other.

    Raises
    ------
    DataError
        With the columns of both, and the cure.
    """
    for taker, giver in loop.items():
        if taker in state.ahead.horizons().get(giver, {}):
            continue
        known = state.initializer.columns.get(taker), state.initializer.taught.get(giver)
        takes, gives = (found.names if found and found.firm else () for found in known)
        if takes != gives and sorted(takes) == sorted(gives):
            raise DataError(
                f"{giver} was taught the columns {', '.join(map(repr, gives))}, and {taker} takes "
                f"{', '.join(map(repr, takes))}, so generate would mix them up; teach it "
                f"y[{list(takes)!r}], or write y.to_numpy() if they are in order"
            )
        if (giver, taker) in state.ahead.strange:
            named = f" ({', '.join(gives)} for {', '.join(takes)})" * (takes != gives != ())
            warn(
                f"generate takes each output of {giver} for the next input of {taker}, but "
                f"{giver} was taught other values than those of {taker} one row later{named}; "
                "teach it those, as in fit(u[:-1], u[1:]), or let nodes behind it make them"
                f"; loop={{{taker!r}: {giver!r}}} says that it is meant so"
            )
