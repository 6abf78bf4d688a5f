"""A readout that learns from the rows of all parts: offline, supervised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import PositiveInt

from nodegraph import AnyRule, Array, Lesson, Node, Rule, Seen
from nodegraph.graph.protocols import Chooses, Gathers, Joint, Passes, Seamless
from nodegraph.graph.rule import block_of, merges
from nodes.parts.lone_learner import LoneLearner

__all__ = ["SharedLearning"]


class SharedLearning(LoneLearner):
    """Let another rule learn from parts of each row as if they were rows, in their order.

    Parameters
    ----------
    rule : Rule
        That of a linear readout which learns offline.
    copies : int
        How many parts a row has.
    """

    online: ClassVar[bool] = False
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = ("W_out", "bias")

    rule: AnyRule
    copies: PositiveInt

    @staticmethod
    def why_not(rule: Rule) -> str | None:
        """Return why a rule cannot be shared, or None if it can."""
        if rule.online or not rule.supervised:
            return "learns by itself, and parts would not learn the same; put it before Patches"
        if "offsets" in rule.modifies:
            return "keeps more than weights, and cannot be shared; write Ridge without intervals"
        gathers = all(isinstance(rule, kind) for kind in (Gathers, Seamless, Joint))
        if rule.modifies != SharedLearning.modifies or not gathers:
            return "learns in a way that parts cannot share; write Ridge, Lasso, LogisticRegression"
        return None

    def refusal(self, node: Node) -> str | None:
        """Return why this rule cannot teach `node`, or None if it can."""
        inner = getattr(node, "node", None)
        if isinstance(inner, Node):
            return self.why_not(self.rule) or self.rule.refusal(inner)
        return f"SharedLearning teaches what is Shared, not a {type(node).__name__}"

    def begin(self, params: Any) -> Any:
        """Return the memory of no rows."""
        return self.rule.begin(params)

    def _parts(self, rows: Array) -> Array:
        """Return the parts of rows below each other."""
        rows = np.atleast_2d(rows)
        return rows.reshape(len(rows) * self.copies, -1)

    def update(self, params: Any, memory: Any, seen: Seen) -> tuple[Any, Any]:
        """Return `params` as they are, and the memory with the parts of the rows of `seen`."""
        y = None if seen.y is None else self._parts(seen.y)
        parts = Seen(self._parts(seen.x), y, target=self._parts(seen.target), number=seen.number)
        return self.rule.update(params, memory, parts)

    def gather(self, params: Any, memory: Any, lesson: Lesson, ys: Array) -> tuple[Any, Any]:
        """Gather the rows of a chunk, in place."""
        if lesson.target is None:
            return params, memory
        seen = block_of(lesson, ys)
        x, t = self._parts(seen.x), self._parts(seen.target)
        parts = Lesson({"x": x}, t, np.ones(len(x), bool), lesson.number)
        rule: Any = self.rule
        found: tuple[Any, Any] = rule.gather(params, memory, parts, x)
        return found

    def merge(self, one: Any, other: Any) -> Any:
        """Return the memory of both."""
        return self.rule.merge(one, other)

    def seamless(self, memory: Any) -> Any:
        """Return the memory with rows that wait in one piece."""
        rule: Any = self.rule
        return rule.seamless(memory)

    def choices(self) -> list[SharedLearning]:
        """Return the rule with each of the settings of the other alone."""
        rule: Any = self.rule
        own = rule.choices() if isinstance(rule, Chooses) else [rule]
        return [self.model_copy(update={"rule": one}) for one in own]

    @property
    def deals(self) -> bool:
        """Whether independent series are left out in turn."""
        return bool(getattr(self.rule, "deals", False))

    def after_pass(self, memory: Any) -> tuple[Any, bool]:
        """Return the memory after a pass, and whether another one is needed."""
        return self.rule.after_pass(memory) if isinstance(self.rule, Passes) else (memory, False)

    def merges(self, params: Any) -> bool:
        """Tell whether series can be learned from apart."""
        return merges(self.rule, params)

    def finish(self, params: Any, memory: Any) -> Any:
        """Return the params with what was learned."""
        return self.rule.finish(params, memory)

    def conclude_team(self, params: Sequence[Any], memory: Any) -> list[tuple[Any, dict[str, Any]]]:
        """Return the params, and what is worth knowing of the readout."""
        rule: Any = self.rule
        found: list[tuple[Any, dict[str, Any]]] = rule.conclude_team(params, memory)
        return found
