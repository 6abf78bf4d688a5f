"""What every rule has to say of itself."""

from typing import ClassVar, NamedTuple

import numpy as np
import pytest
from pydantic import PositiveFloat

import nodegraph as ng
from nodegraph.graph import registry
from nodegraph.maths import matvec
from nodegraph.rule import Rule


@pytest.mark.parametrize("missing", ["online", "supervised", "modifies"])
def test_a_rule_that_does_not_say_how_it_learns_is_told_what_to_write(missing):
    said = {"online": True, "supervised": False, "modifies": ("W",)}
    del said[missing]
    kind = type("Mine", (Rule,), {**said, "update": lambda self, params, memory, seen: None})
    with pytest.raises(ng.errors.FieldError, match=f"Mine does not say {missing}; write"):
        kind()


class Delta(Rule):
    """Widrow and Hoff: ``dW_out = rate (target - y) x``.

    Parameters
    ----------
    rate : float
    """

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = ("W_out",)

    rate: PositiveFloat = 0.01

    def update(self, params, memory, seen):
        change = self.rate * (seen.target - seen.y)[:, None] * seen.x
        return params._replace(W_out=params.W_out + change), memory


class Faster(Delta):
    """The same, at twice the rate."""

    def update(self, params, memory, seen):
        twice = Delta(rate=2 * self.rate)
        return twice.update(params, memory, seen)


class Readout(ng.Node):
    """``y = W_out x``."""

    class Params(NamedTuple):
        """The weights, (n_out, n_in)."""

        W_out: ng.Array

    def init(self, rng, n_in, n_out):
        return self.Params(np.zeros((n_out, n_in)))

    def start(self, n_out):
        return ()

    def step(self, params, state, x):
        return state, matvec(params.W_out, x)


class OfDelta(Readout):
    """It holds that class of rules."""

    rule: Delta = Delta()


class OfAny(Readout):
    """It holds whatever rule."""

    rule: Rule = Delta()


class OfNone(Readout):
    """It may hold none."""

    rule: Delta | None = None


class Inherited(OfNone):
    """It has the field from its parent."""


HOLDERS = [OfDelta, OfAny, OfNone, Inherited]


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """Register them for these tests alone."""
    monkeypatch.setattr(registry, "_found", dict(registry.kinds()))
    for kind in (Delta, Faster, *HOLDERS):
        ng.register(kind)


@pytest.mark.parametrize("kind", HOLDERS)
def test_a_file_keeps_which_rule_a_field_holds_however_it_is_annotated(kind, tmp_path):
    u = np.random.default_rng(0).normal(size=(40, 2))
    y = u @ [[2.0], [-1.0]]
    model = ng.Model(kind(rule=Faster(rate=0.02), name="o"), seed=1)
    model.partial_fit(u[:20], y[:20])
    model.save(tmp_path / "m.safetensors")
    again = ng.load(tmp_path / "m.safetensors")
    assert type(again.plan.nodes["o"].rule) is Faster
    assert np.array_equal(again.partial_fit(u[20:], y[20:]), model.partial_fit(u[20:], y[20:]))
    W = np.zeros(2)
    for x, target in zip(u, y[:, 0], strict=True):
        W += 0.04 * (target - W @ x) * x
    assert again.params["o"].W_out[0] == pytest.approx(W, rel=1e-12)


@pytest.mark.parametrize("kind", HOLDERS)
def test_a_rule_is_written_by_its_kind_in_every_field(kind):
    assert kind(rule={"kind": "Faster", "rate": 0.5}).rule == Faster(rate=0.5)
    with pytest.raises(ng.errors.FieldError, match="a rule needs a kind"):
        kind(rule={"rate": 0.5})
    with pytest.raises(ng.errors.FieldError, match=r"should be a rule: {kind: Delta} in YAML"):
        kind(rule="Delta")


def test_a_field_of_one_class_of_rules_takes_no_other():
    with pytest.raises(ng.errors.FieldError, match=r"OfDelta\.rule"):
        OfDelta(rule={"kind": "Hebb"})
