from nodegraph import delay
from nodegraph.graph.plan import Plan
from nodegraph.model.stages import stages
from nodes import RLS, Input, Reservoir, Ridge, Scaler
from nodes.rules import IntrinsicPlasticity


def order(graph, forcing=True, learners=None):
    plan = Plan.of(graph)
    return [stage.learners for stage in stages(plan, learners or tuple(plan.rules), forcing)]


def plastic(name):
    return Reservoir(units=3, rule=IntrinsicPlasticity(), name=name)


def test_a_rule_learns_after_all_upstream_of_it():
    chain = Input() >> Scaler(name="s") >> plastic("r") >> Ridge(name="a") >> Ridge(name="b")
    assert order(chain) == [("s",), ("r",), ("a",), ("b",)]


def test_branches_learn_side_by_side():
    u, out = Input(), Ridge(name="out")
    deep = u >> plastic("a") >> plastic("b") >> out
    assert order(deep & (u >> plastic("c") >> out)) == [("a", "c"), ("b",), ("out",)]


def test_a_readout_fed_back_to_a_plastic_reservoir_learns_after_it_if_forced():
    r, out = plastic("r"), Ridge(name="out")
    loop = (Input() >> r >> out) & (r << out)
    assert order(loop) == [("r",), ("out",)]
    assert order(loop, forcing=False) == [("r", "out")]


def test_an_online_readout_is_never_forced():
    r, out = plastic("r"), RLS(name="out")
    assert order((Input() >> r >> out) & (r << out)) == [("r", "out")]


def test_forcing_all_lets_readouts_in_depth_learn_at_once():
    chain = Input() >> Ridge(name="a") >> Ridge(name="b")
    assert order(chain, forcing="all") == [("a", "b")]


def test_a_stage_runs_only_what_its_learners_need():
    u, r, out = Input(name="u"), Reservoir(units=3, name="r"), Ridge(name="out")
    graph = (u >> r >> out >> Reservoir(units=2, name="after")) & (u >> Ridge(name="other"))
    plan = Plan.of(graph)
    (stage,) = stages(plan, ("out",), True)
    assert set(stage.plan.reads) == {"u", "r", "out"}


def test_a_forced_loop_is_no_loop():
    r, out = Reservoir(units=3, name="r"), Ridge(name="out")
    plan = Plan.of((Input() >> r >> out) & (r << out))
    (stage,) = stages(plan, ("out",), True)
    assert [block.names for block in plan.blocks if block.span] == [("r", "out")]
    assert not any(block.span for block in stage.plan.blocks)


def test_a_wired_teacher_stands_in_with_both_delays():
    u, r, out = Input(name="u"), Reservoir(units=3, name="r"), Ridge(name="out")
    graph = (u >> r >> out) & (u >> delay(2) >> out["target"]) & (out >> delay(3) >> r["feedback"])
    (stage,) = stages(Plan.of(graph), ("out",), True)
    assert stage.plan.reads["r"]["feedback"] == (("u", 5, False, None),)
