"""Plans cut into parts that run beside each other: in workers that hold their own slots."""

from nodegraph.engines.ray.engine import RayEngine

__all__ = ["RayEngine"]
