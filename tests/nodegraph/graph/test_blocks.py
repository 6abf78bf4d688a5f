from nodegraph.graph.blocks import Read, depths


def test_readers_of_a_taught_node_look_back_through_its_target():
    reads = {
        "y": {},
        "pool": {"feedback": (Read("out", 4),)},
        "out": {"x": (Read("pool"),), "target": (Read("y", 3), Read("z"))},
        "z": {"x": (Read("y", 9),)},
    }
    assert depths(reads, {}) == {"y": 9, "pool": 1, "out": 4, "z": 4}
    assert depths({**reads, "z": {}}, {})["y"] == 7
