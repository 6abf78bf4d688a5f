"""The end of a cluster: last, since what is left of it is of no use to other tests."""

from runs import others_words


def test_a_head_that_is_gone_ends_the_run_in_time_and_all_is_kept(raylets, joined, goes_on):
    run = joined().under_way()
    raylets.kill("head", "gcs_server")
    status = run.end()
    raylets.down("second", "head")
    assert status in (1, 2)  # 1: Ray, whose machine goes down too, ended the process itself
    if status == 2:
        assert "does not answer any more" in run.err and "and with it the cluster" in run.err
    else:
        assert "the process was ended by Ray" in run.err
    assert run.took < 25
    assert not others_words(run.err)
    goes_on()
