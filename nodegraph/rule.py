"""What authors of rules import; it stands in `nodegraph.graph.rule`."""

from nodegraph.graph.rule import AnyRule, Lesson, Rule, Seen

__all__ = ["AnyRule", "Lesson", "Rule", "Seen"]
