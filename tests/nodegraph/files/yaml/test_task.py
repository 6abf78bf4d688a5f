import pytest
from pydantic import ValidationError

from nodegraph.files.yaml.task import Task


def test_a_task_names_at_least_one_metric():
    data = {"dataset": "henon", "steps": 300}
    assert Task(data=data, target={"forecast": 1}).metrics == ("nrmse",)
    with pytest.raises(ValidationError, match="should name at least one, such as"):
        Task(data=data, target={"forecast": 1}, metrics=[])
