"""Plans cut into parts that run beside each other: in workers that hold their own slots."""

__all__ = ["engine", "pipeline", "pools", "replicas", "worker"]
