"""What pydantic found wrong, said in sentences."""

from nodegraph.graph.messages.complaints import Complaint, complaints, describe, nearest, place
from nodegraph.graph.messages.phrases import shown

__all__ = ["Complaint", "complaints", "describe", "nearest", "place", "shown"]
