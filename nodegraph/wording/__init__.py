"""What pydantic found wrong, said in sentences."""

from nodegraph.wording.complaints import Complaint, complaints, describe, nearest, place
from nodegraph.wording.phrases import shown

__all__ = ["Complaint", "complaints", "describe", "nearest", "place", "shown"]
