"""What compiled loops of supervised rules are shown."""

import numpy as np

from nodegraph import Array, Lesson

__all__ = ["lessons_only"]


def lessons_only(lesson: Lesson) -> Array:
    """Return the targets with NaN in the rows that are not to be learned from."""
    given = np.asarray(lesson.target)
    return np.where(lesson.rows[:, None], given, given.dtype.type(np.nan))
