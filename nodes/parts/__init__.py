"""What several kinds and rules are made of, and is no kind or rule itself."""

__all__ = [
    "activations",
    "alike",
    "chance",
    "covariance_rule",
    "covariances",
    "descent",
    "elementwise",
    "faint_input",
    "layer_doubts",
    "linear_readout",
    "plasticity",
    "products",
    "projection",
    "random_layer",
    "rewards",
    "slopes",
    "taught_readout",
    "topologies",
    "weights",
]
