"""What authors of rules import; it stands in `nodegraph.graph.rule`."""

from nodegraph.graph.lesson import Lesson
from nodegraph.graph.rule import AnyRule, Rule, Seen

__all__ = ["AnyRule", "Lesson", "Rule", "Seen"]
