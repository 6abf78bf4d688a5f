import pytest

from nodegraph.errors import FieldError
from nodes.parts.rewards import check_rewards


def test_one_signal_for_all_outputs_or_one_for_each_or_none():
    check_rewards(3, reward=1, discount=3)
    check_rewards(3, reward=0)


@pytest.mark.parametrize(
    ("n_out", "allowed"), [(1, "1 signal$"), (3, "1 signal or 3, one for each")]
)
def test_other_numbers_of_signals_are_refused(n_out, allowed):
    with pytest.raises(
        FieldError, match=f"2 signals arrive at the port reward; it takes {allowed}"
    ):
        check_rewards(n_out, reward=2)
