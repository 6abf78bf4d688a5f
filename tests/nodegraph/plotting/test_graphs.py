"""Pictures of graphs: everything is there, nothing is on top of another, no name can break out."""

import errno
import random
from itertools import combinations
from pathlib import Path
from time import process_time
from xml.etree import ElementTree

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.plotting.graphs import to_dot, to_mermaid, to_svg, to_text
from nodegraph.plotting.graphs.labels import clean
from nodegraph.plotting.graphs.layout import Picture, Rect, bezier, layout
from nodes import Input, Ridge

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = ["<script>alert(1)</script>", '[bold]"\\', "x" * 90, "\x1b[31mred\u202e\n", "a&b", "储备"]


def grow(nodes, edges):
    net = nx.MultiDiGraph()
    for name, data in nodes.items():
        net.add_node(name, **{"kind": "Reservoir", "units": 9, "rule": None, "group": None, **data})
    for source, target, delay, port in edges:
        net.add_edge(source, target, delay=delay, port=port)
    return net


def esn():
    nodes = {
        "u": {"kind": "Input", "input": True, "units": 1},
        "esn.reservoir": {"units": 500, "group": "esn"},
        "esn.readout": {"kind": "Ridge", "rule": "LeastSquares", "group": "esn", "output": True},
    }
    edges = [
        ("u", "esn.reservoir", 0, "x"),
        ("u", "esn.readout", 0, "x"),
        ("esn.reservoir", "esn.readout", 0, "x"),
        ("esn.readout", "esn.reservoir", 1, "feedback"),
    ]
    return grow(nodes, edges)


def ensemble(count):
    nodes = {"u": {"kind": "Input", "input": True}, "mean": {"output": True}}
    edges = []
    for name in (f"esn_{i}" for i in range(count)):
        inner, outer = f"{name}.reservoir", f"{name}.readout"
        nodes |= {inner: {"group": name}, outer: {"group": name, "rule": "LeastSquares"}}
        edges += [("u", inner, 0, "x"), (inner, outer, 0, "x"), (outer, "mean", 0, "x")]
        edges += [(outer, inner, 1, "feedback")]
    return grow(nodes, edges)


def wild(seed, n_nodes, n_edges, n_groups=3):
    rng = random.Random(seed)
    groups = [None, None, *(f"g{i}" for i in range(n_groups))]
    rule = [None, None, "Oja"]
    nodes = {
        f"n{i}": {"group": rng.choice(groups), "rule": rng.choice(rule), "input": i == 0}
        for i in range(n_nodes)
    }
    edges = []
    for _ in range(n_edges):
        a, b = rng.randrange(n_nodes), rng.randrange(n_nodes)
        delay = rng.choice([0, 0, 3]) if a < b else rng.choice([1, 10])
        edges.append((f"n{a}", f"n{b}", delay, rng.choice(["x", "x", "feedback"])))
    return grow(nodes, edges)


def samples(route, count=40):
    pieces = [route.points[i : i + 4] for i in range(0, len(route.points) - 1, 3)]
    return [bezier(piece, k / count) for piece in pieces for k in range(count + 1)]


def inside(point, rect: Rect):
    x, y = point
    return rect.x < x < rect.x + rect.width and rect.y < y < rect.y + rect.height


def check_geometry(picture: Picture):
    """No box on a box, no frame on a foreign box or frame, no wire through a foreign box."""
    for a, b in combinations(picture.boxes, 2):
        assert not a.rect.overlaps(b.rect)
    for (_, a), (_, b) in combinations(picture.frames, 2):
        assert not a.overlaps(b)
    for name, frame in picture.frames:
        for box in picture.boxes:
            assert box.rect.overlaps(frame) == (box.caption.group == name)
    for route in picture.routes:
        foreign = [b for b in picture.boxes if b.caption.name not in route.wire[:2]]
        for point in samples(route):
            assert 0 <= point[0] <= picture.width and 0 <= point[1] <= picture.height
            assert not any(inside(point, box.rect) for box in foreign)


def classes(svg, word):
    root = ElementTree.fromstring(svg)
    return [g for g in root.iter(f"{SVG}g") if word in g.get("class", "").split()]


@pytest.mark.parametrize("net", [esn(), ensemble(12), wild(3, 30, 50), nx.MultiDiGraph()])
def test_every_node_and_edge_is_drawn_once(net):
    svg = to_svg(net)
    assert [g.get("data-name") for g in classes(svg, "node")] == list(net)
    assert len(classes(svg, "edge")) == net.number_of_edges()
    assert len(classes(svg, "delayed")) == sum(d["delay"] > 0 for *_, d in net.edges(data=True))


@pytest.mark.parametrize("net", [esn(), ensemble(12), wild(3, 30, 50)])
def test_boxes_keep_apart_and_wires_go_round_them(net):
    check_geometry(layout(net))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(1, 14), st.integers(0, 24), st.integers(0, 3))
def test_geometry_holds_for_any_graph(seed, n_nodes, n_edges, n_groups):
    check_geometry(layout(wild(seed, n_nodes, n_edges, n_groups)))


def test_signals_flow_from_left_to_right_and_feedback_back():
    picture = layout(esn())
    left = {box.caption.name: box.rect.x for box in picture.boxes}
    assert left["u"] < left["esn.reservoir"] < left["esn.readout"]
    assert [route.wire.delay for route in picture.routes if route.backward] == [1]


def test_a_delay_that_closes_no_loop_does_not_run_backwards():
    net = grow({"a": {}, "b": {}}, [("a", "b", 3, "x")])
    assert not layout(net).routes[0].backward


def test_a_chain_is_a_straight_line():
    net = grow({"a": {}, "b": {"rule": "Oja"}, "c": {}}, [("a", "b", 0, "x"), ("b", "c", 0, "x")])
    assert len({y for route in layout(net).routes for _, y in route.points}) == 1


def test_a_box_stands_in_the_middle_of_those_it_feeds_however_far_apart():
    edges = [("u", name, 0, "x") for name in "abc"] + [("a", "z", 0, "x"), ("b", "z", 0, "x")]
    boxes = layout(grow({"u": {}, "a": {}, "b": {}, "c": {}, "z": {}}, edges)).boxes
    y = {box.caption.name: box.rect.y + box.rect.height / 2 for box in boxes}
    assert y["b"] - y["a"] == y["c"] - y["b"] == pytest.approx(48 + 20)
    assert y["u"] == pytest.approx(y["b"])
    assert y["z"] == pytest.approx((y["a"] + y["b"]) / 2)


def test_an_ensemble_keeps_the_order_in_which_it_was_written():
    frames = sorted(layout(ensemble(12)).frames, key=lambda frame: frame[1].y)
    assert [name for name, _ in frames] == [f"esn_{i}" for i in range(12)]


def test_a_ring_without_delay_can_still_be_looked_at():
    net = grow({"a": {}, "b": {}}, [("a", "b", 0, "x"), ("b", "a", 0, "x")])
    assert sum(route.backward for route in layout(net).routes) == 1


def test_kinds_sizes_rules_ports_and_delays_are_readable():
    svg = to_svg(esn(), title="Sunspots")
    words = {text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")}
    expected = {"Sunspots", "esn", "reservoir", "Reservoir · 500 units", "LeastSquares"}
    assert expected | {"Input · 1 unit", "feedback, delay 1", "↻"} <= words


def test_only_nodes_on_a_cycle_are_marked_as_looping():
    marked = {
        g.get("data-name") for g in classes(to_svg(esn()), "node") if "↻" in "".join(g.itertext())
    }
    assert marked == {"esn.reservoir", "esn.readout"}


def test_roles_have_their_own_colours():
    net = esn()
    net.nodes["esn.readout"]["frozen"] = True
    fills = {
        g.get("data-name"): g.find(f"{SVG}rect").get("fill") for g in classes(to_svg(net), "node")
    }
    assert len(set(fills.values())) == 3


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_out_of_the_picture(name):
    words = {"kind": name, "rule": name, "group": name}
    svg = to_svg(grow({name: words, "b": {}}, [(name, "b", 3, name)]), title=name)
    root = ElementTree.fromstring(svg)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "g", "rect", "text", "path", "circle", "title"}
    assert clean(name) in "".join(root.itertext())
    assert all(char.isprintable() for char in svg)


@pytest.mark.parametrize("name", HOSTILE)
def test_mermaid_and_dot_quote_every_name(name):
    net = grow({name: {"kind": name, "group": name}, "b": {}}, [(name, "b", 3, name)])
    mermaid = to_mermaid(net)
    assert "<script" not in mermaid and 'n0 -.->|"' in mermaid
    unquoted = to_dot(net).replace("\\\\", "").replace('\\"', "").split('"')
    assert len(unquoted) % 2 == 1
    outside = "".join(unquoted[0::2])
    assert "script" not in outside and "bold" not in outside


def test_mermaid_draws_composites_as_subgraphs_and_delays_dashed():
    lines = to_mermaid(esn()).splitlines()
    assert lines[0] == "flowchart LR"
    assert '  subgraph g0["esn"]' in lines
    assert '  n2 -.->|"feedback, delay 1"| n1' in lines
    assert "  n0 --> n1" in lines


def test_dot_names_every_node_and_edge():
    dot = to_dot(esn())
    assert '"esn.readout" -> "esn.reservoir" [label="feedback, delay 1", style=dashed];' in dot
    assert dot.count(" -> ") == 4
    assert dot.count("{") == dot.count("}")


def test_text_lists_nodes_in_order_of_flow():
    lines = to_text(esn()).splitlines()
    assert [line.split()[0] for line in lines] == ["u", "esn.reservoir", "esn.readout"]
    assert lines[2].endswith("[LeastSquares] ↻  → esn.reservoir (feedback, delay 1)")


def test_sixty_nodes_are_drawn_in_the_blink_of_an_eye():
    net = wild(1, 60, 110)
    to_svg(net)
    start = process_time()
    to_svg(net)
    assert process_time() - start < 0.5


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk at hand")
def test_a_drawing_that_finds_no_room_leaves_no_empty_file(tmp_path):
    where = tmp_path / "g.svg"
    where.symlink_to("/dev/full")
    with pytest.raises(OSError, match=r"g\.svg") as caught:
        (Input() >> Ridge()).draw(where)
    assert caught.value.errno == errno.ENOSPC and not where.is_symlink()
