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
    classes : sequence of str, int or bool, optional
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

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        reasons = super().idle()
        if self.W_out is None or self.rule is not None:
            return reasons
        own = set(type(self).model_fields) - set(TaughtReadout.model_fields)
        return dict.fromkeys(own, "W_out is given, and nothing is learned") | reasons

    @property
    def declared_size(self) -> int | None:
        """The number of outputs: that of classes, ``units``, or what W_out tells."""
        return super().declared_size if self.classes is None else len(self.classes)
