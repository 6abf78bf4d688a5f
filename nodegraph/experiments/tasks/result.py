"""What came of a run: the learned model, what it said, and how good that was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from nodegraph.experiments.tasks.trials import Trial
from nodegraph.experiments.tasks.validation import Validated
from nodegraph.files.yaml.header import Header
from nodegraph.files.yaml.spec import Spec
from nodegraph.model import Model

__all__ = ["Result", "Score"]


class Score(NamedTuple):
    """How well one model, or one baseline, did.

    Parameters
    ----------
    model : str
        Its name.
    node : str
        The node whose output is scored; empty where there is only one.
    values : dict of float, or of list of float
        By metric.
    columns : dict of dict of float
        By column of the target, where it has several, and by metric.
    """

    model: str
    node: str
    values: dict[str, Any]
    columns: Mapping[str, dict[str, float]] = MappingProxyType({})


@dataclass(frozen=True, repr=False)
class Result:
    """What came of a run.

    Parameters
    ----------
    spec : Spec
    model : Model
        As it stands at the end of the data; after a generation as it stood before.
    trial : Trial
        What the model was scored on.
    guess : object
        What the model said of it.
    scores : tuple of Score
        The model first, then the baselines.
    seconds : dict of float
        How long reading the data, learning and scoring took.
    validated : Validated, optional
        What closed loops within the training rows came to, where the task says ``validate``.
    bounds : dict
        By readout with intervals, the quantiles that it expected, in the form of the guess.
    """

    spec: Spec
    model: Model
    trial: Trial
    guess: Any
    scores: tuple[Score, ...]
    seconds: dict[str, float]
    validated: Validated | None = None
    bounds: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        rows = [
            f"{score.model}{f' ({score.node})' * bool(score.node)}: "
            + ", ".join(f"{name} {np.mean(value):.4g}" for name, value in score.values.items())
            for score in self.scores
        ]
        head = f"Result of {self.name}, on {self.trial.scored_on}:"
        return "\n  ".join([head, *rows, *self.notes])

    def _repr_html_(self) -> str:
        names = list(self.scores[0].values) if self.scores else []
        lines = [
            (escape(score.model), *(f"{np.mean(score.values[name]):.4g}" for name in names))
            for score in self.scores
        ]
        head = "".join(f"<th>{escape(word)}</th>" for word in ("model", *names))
        body = "".join(
            "<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in lines
        )
        caption = f"<caption>{escape(self.name)}: {escape(self.trial.scored_on)}</caption>"
        return f"<table>{caption}<tr>{head}</tr>{body}</table>"

    @property
    def header(self) -> Header:
        """What the YAML says beside its nodes."""
        return self.spec.header

    @property
    def name(self) -> str:
        """What the graph is called."""
        return self.header.name or "graph"

    @property
    def notes(self) -> list[str]:
        """What is to be known of the scores, in sentences."""
        return self.trial.notes(self.model, self.guess)
