"""Wirings: who hears whom in a recurrent node; ``LTC(wiring=auto_ncp(32, output_size=4))``."""

from __future__ import annotations

from nodes.wirings.alone import Alone
from nodes.wirings.field import AnyWiring
from nodes.wirings.full import Full
from nodes.wirings.given import Given, from_graph
from nodes.wirings.policy import AutoPolicy, Policy
from nodes.wirings.wiring import Signs, Wiring

__all__ = [
    "AnyWiring",
    "Given",
    "Signs",
    "Wiring",
    "auto_ncp",
    "from_graph",
    "fully_connected",
    "ncp",
    "self_connected",
]


def ncp(
    inter_neurons: int,
    command_neurons: int,
    motor_neurons: int,
    sensory_fanout: int,
    inter_fanout: int,
    recurrent_command_synapses: int,
    motor_fanin: int,
    seed: int = 22222,
) -> Policy:
    """Return a neural circuit policy; see `nodes.wirings.policy.Policy`.

    Examples
    --------
    >>> wiring = ncp(12, 6, 2, 4, 5, 6, 4, seed=1)
    >>> [int(fan) for fan in wiring.masks(3).recurrent[:, :2].sum(axis=0)]
    [4, 4]
    """
    return Policy(
        inter_neurons=inter_neurons,
        command_neurons=command_neurons,
        motor_neurons=motor_neurons,
        sensory_fanout=sensory_fanout,
        inter_fanout=inter_fanout,
        recurrent_command_synapses=recurrent_command_synapses,
        motor_fanin=motor_fanin,
        seed=seed,
    )


def auto_ncp(
    units: int, output_size: int, sparsity_level: float = 0.5, seed: int = 22222
) -> AutoPolicy:
    """Return a neural circuit policy of so many units; see `nodes.wirings.policy.AutoPolicy`.

    Examples
    --------
    >>> auto_ncp(32, output_size=4).policy.command_neurons
    11
    """
    return AutoPolicy(
        units=units, output_size=output_size, sparsity_level=sparsity_level, seed=seed
    )


def fully_connected(
    units: int, output_size: int | None = None, self_connections: bool = True, seed: int = 1111
) -> Full:
    """Return a wiring in which all hear all; see `nodes.wirings.full.Full`.

    Examples
    --------
    >>> fully_connected(3, self_connections=False).masks(1).recurrent
    array([[0., 1., 1.],
           [1., 0., 1.],
           [1., 1., 0.]])
    """
    return Full(units=units, output_size=output_size, self_connections=self_connections, seed=seed)


def self_connected(units: int, seed: int = 1111) -> Alone:
    """Return a wiring in which a unit hears inputs and itself; see `nodes.wirings.alone.Alone`.

    Examples
    --------
    >>> self_connected(3).masks(2).recurrent
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """
    return Alone(units=units, seed=seed)
