"""What linear readouts that learn from targets share: the targets may be labels of classes."""

from __future__ import annotations

from pydantic import model_validator

from nodegraph import Classes
from nodes.parts.linear_readout import LinearReadout

__all__ = ["TaughtReadout"]


class TaughtReadout(LinearReadout):
    """A linear readout that learns quantities, or classes from their labels.

    Parameters
    ----------
    units, fit_bias, W_out, bias
        See `LinearReadout`.
    classes : sequence of str or int, optional
        What the outputs stand for, sorted, as ``np.unique(labels)`` gives them: then labels are
        its targets, and `nodegraph.Model.classify` says labels.
    """

    classes: Classes = None

    @model_validator(mode="after")
    def _one_output_for_each_class(self) -> TaughtReadout:
        given = super().declared_size
        if self.classes is not None and given not in (None, len(self.classes)):
            raise ValueError(
                f"the number of outputs is said in different ways: {given} units, "
                f"{len(self.classes)} classes"
            )
        return self

    @property
    def declared_size(self) -> int | None:
        """The number of outputs: that of classes, ``units``, or what W_out tells."""
        return super().declared_size if self.classes is None else len(self.classes)
