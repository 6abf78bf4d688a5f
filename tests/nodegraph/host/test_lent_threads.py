import threading

import pytest

from nodegraph.host.lent_threads import do_each, lent_threads
from nodegraph.host.numerics import numerics, using


@pytest.mark.parametrize("threads", [None, 1, 3])
def test_each_part_is_done_once_in_the_mode_of_who_asks(threads):
    done = []
    with using("portable"), lent_threads(threads):
        do_each(lambda part: done.append((part, numerics())), range(20))
    assert sorted(done) == [(part, "portable") for part in range(20)]


def test_threads_are_lent_to_this_one_alone_and_taken_back():
    names = []

    def name(_):
        names.append(threading.current_thread().name)

    with lent_threads(2):
        do_each(name, [0])
    do_each(name, [0])
    assert names[0] != names[1] == threading.current_thread().name


def test_errors_of_parts_arrive():
    with lent_threads(2), pytest.raises(ZeroDivisionError):
        do_each(lambda part: 1 / part, [1, 0])
