"""Searching for good values of some fields of a YAML graph, on rows that are held back for it."""

from nodegraph.experiments.search.searching import Attempt, Found, search

__all__ = ["Attempt", "Found", "search"]
