"""Neural circuit policies: sensory, inter, command and motor neurons, sparsely wired."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from nodegraph.arrays import Array
from nodes.wirings.wiring import Layer, Signs, Wiring

__all__ = ["AutoPolicy", "Policy"]


class Policy(Wiring):
    """Four layers [1]_: inputs drive inter neurons, these command neurons, these motor neurons.

    Each input and each inter neuron has its fan-out, at places drawn without replacement; each
    motor neuron its fan-in. To an inter or command neuron that nobody would drive, and to a command
    neuron that would drive nobody, a synapse is moved from a neuron that has several; where none
    can be spared, one is added. Command neurons drive each other at places drawn with replacement.
    Neurons are numbered from the motor ones on. Signs are 1 or -1, as likely as each other.

    Parameters
    ----------
    inter_neurons, command_neurons, motor_neurons : int
        Neurons in each layer.
    sensory_fanout : int
        Inter neurons that each input drives.
    inter_fanout : int
        Command neurons that each inter neuron drives.
    recurrent_command_synapses : int
        Draws of a synapse among command neurons; one that comes twice is there once.
    motor_fanin : int
        Command neurons that drive each motor neuron.
    seed : int
        What all is drawn from.

    References
    ----------
    .. [1] M. Lechner, R. Hasani, A. Amini, T. Henzinger, D. Rus, R. Grosu, Nature Machine
       Intelligence 2 (2020) 642-652.
    """

    label: ClassVar[str] = "ncp"

    inter_neurons: PositiveInt
    command_neurons: PositiveInt
    motor_neurons: PositiveInt
    sensory_fanout: PositiveInt
    inter_fanout: PositiveInt
    recurrent_command_synapses: NonNegativeInt
    motor_fanin: PositiveInt
    seed: NonNegativeInt = 22222

    @model_validator(mode="after")
    def _fans_have_room(self) -> Policy:
        for fan, layer in (
            ("sensory_fanout", "inter_neurons"),
            ("inter_fanout", "command_neurons"),
            ("motor_fanin", "command_neurons"),
        ):
            if (wanted := getattr(self, fan)) > (there := getattr(self, layer)):
                raise ValueError(f"{fan}: should be at most {layer} ({there}), got {wanted}")
        return self

    @property
    def neurons(self) -> int:
        """The number of neurons of all layers."""
        return self.motor_neurons + self.command_neurons + self.inter_neurons

    @property
    def outputs(self) -> int:
        """The number of motor neurons."""
        return self.motor_neurons

    def layer(self, neuron: int) -> Layer:
        """Return the layer that a neuron is in."""
        if neuron < self.motor_neurons:
            return "motor"
        return "command" if neuron < self.motor_neurons + self.command_neurons else "inter"

    def drawn(self, n_in: int) -> Signs:
        """Return the signs of all synapses."""
        of_inputs, rng = np.random.default_rng(self.seed).spawn(2)
        n = self.neurons
        first = self.motor_neurons, self.motor_neurons + self.command_neurons
        motor, command, inter = np.split(np.arange(n), first)
        recurrent, sensory = np.zeros((n, n)), np.zeros((n_in, n))
        inputs = np.arange(n_in)
        _fan_out(of_inputs, sensory, inputs, inter, self.sensory_fanout)
        _fan_out(rng, recurrent, inter, command, self.inter_fanout)
        for source, target in rng.choice(command, (self.recurrent_command_synapses, 2)):
            recurrent[source, target] = _sign(rng)
        _fan_out(rng, recurrent.T, motor, command, self.motor_fanin)
        return Signs(recurrent, sensory)


class AutoPolicy(Wiring):
    """A `Policy` of a number of neurons and how sparse it is to be.

    Of the neurons that are not outputs 0.4 are command neurons. With d = 1 - sparsity_level each
    input drives a share d of the inter neurons, each of these a share d of the command neurons,
    and each motor neuron is driven by a share d of them; there are 2 d recurrent synapses for each
    command neuron. All are rounded down, and at least 1.

    Parameters
    ----------
    units : int
        Neurons in all.
    output_size : int
        Motor neurons; there are at least 3 neurons more.
    sparsity_level : float in [0.1, 0.9]
        0.1 is densest.
    seed : int
        What all is drawn from.
    """

    label: ClassVar[str] = "auto_ncp"

    units: PositiveInt
    output_size: PositiveInt
    sparsity_level: Annotated[float, Field(ge=0.1, le=0.9)] = 0.5
    seed: NonNegativeInt = 22222

    @model_validator(mode="after")
    def _hidden_neurons_are_left(self) -> AutoPolicy:
        if self.output_size > self.units - 3:
            raise ValueError(
                f"output_size: should be at most units - 3 ({self.units - 3}), "
                f"got {self.output_size}"
            )
        return self

    @property
    def neurons(self) -> int:
        """The number of neurons."""
        return self.units

    @property
    def outputs(self) -> int:
        """The number of motor neurons."""
        return self.output_size

    @property
    def policy(self) -> Policy:
        """The circuit that this stands for."""
        density, hidden = 1.0 - self.sparsity_level, self.units - self.output_size
        command = max(int(0.4 * hidden), 1)
        inter = hidden - command
        return Policy(
            inter_neurons=inter,
            command_neurons=command,
            motor_neurons=self.output_size,
            sensory_fanout=max(int(inter * density), 1),
            inter_fanout=max(int(command * density), 1),
            recurrent_command_synapses=max(int(command * density * 2), 1),
            motor_fanin=max(int(command * density), 1),
            seed=self.seed,
        )

    def layer(self, neuron: int) -> Layer:
        """Return the layer that a neuron is in."""
        return self.policy.layer(neuron)

    def drawn(self, n_in: int) -> Signs:
        """Return the signs of all synapses."""
        return self.policy.drawn(n_in)


def _fan_out(
    rng: np.random.Generator, signs: Array, sources: Array, targets: Array, fan: int
) -> None:
    """Join each source to `fan` targets; then see to those that were left out."""
    for source in sources:
        for target in rng.choice(targets, fan, replace=False):
            signs[source, target] = _sign(rng)
    for target in targets if len(sources) else ():
        if not signs[sources, target].any():
            _let_in(rng, signs, sources, targets, target)


def _let_in(
    rng: np.random.Generator, signs: Array, sources: Array, targets: Array, target: int
) -> None:
    """Move a synapse to `target` from one that has several, so that fans stay; or add one."""
    there = signs[np.ix_(sources, targets)] != 0
    spare = np.argwhere(there & (there.sum(axis=0) > 1))
    source = rng.choice(sources)
    if len(spare):
        row, column = spare[rng.integers(len(spare))]
        source = sources[row]
        signs[source, targets[column]] = 0
    signs[source, target] = _sign(rng)


def _sign(rng: np.random.Generator) -> int:
    return int(rng.choice((-1, 1)))
