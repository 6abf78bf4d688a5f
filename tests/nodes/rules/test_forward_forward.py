import numpy as np
import pytest

import nodegraph as ng
from nodegraph.arrays import copy_tree
from nodegraph.rule import Lesson, Seen
from nodegraph.testing import check_replay, check_rule, run_node, teach
from nodegraph.testing.recording import Recorder
from nodes import Dense, Input
from nodes.rules import ForwardForward


def layer(**fields):
    rule = ForwardForward(**{"batch": 8, **fields})
    return Dense(units=12, activation="relu", normalise=True, rule=rule)


def learned(node, xs, signs=None, rows=None):
    params = node.init(np.random.default_rng(1), xs.shape[1], node.units)
    inputs = {"x": xs} if signs is None else {"x": xs, "sign": np.reshape(signs, (-1, 1))}
    lesson = Lesson(inputs, None, np.ones(len(xs), bool) if rows is None else rows)
    return teach(node.rule, node, params, (), node.rule.begin(params), lesson)


def loss(W, b, x, s, theta):
    z = x / np.sqrt((x**2).mean())
    return np.log1p(np.exp(-s * ((np.maximum(W @ z + b, 0) ** 2).mean() - theta)))


@pytest.mark.parametrize(
    "fields", [{}, {"negatives": "shuffled", "buffer": 9}, {"theta": 0.5, "decay": 0.0}]
)
@pytest.mark.parametrize("n_in", [3, 70])
def test_it_keeps_the_contract(fields, n_in):
    check_rule(ForwardForward(batch=8, **fields), layer(), n_in=n_in)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_it_gathers_the_gradient_of_its_loss(sign):
    node, x = layer(theta=0.7), np.array([0.5, -1.0, 2.0])
    p = node.init(np.random.default_rng(3), 3, 12)
    seen = Seen(x, None, (), None, {"sign": np.array([sign])})
    _, memory = node.rule.update(p, node.rule.begin(p), seen)
    h = 1e-6
    for i in range(12):
        up, down = p.bias.copy(), p.bias.copy()
        up[i], down[i] = h, -h
        slope = (loss(p.W_in, up, x, sign, 0.7) - loss(p.W_in, down, x, sign, 0.7)) / (2 * h)
        assert memory.bias[0][i] == pytest.approx(slope, abs=1e-8)
        for j in range(3):
            up, down = p.W_in.copy(), p.W_in.copy()
            up[i, j] += h
            down[i, j] -= h
            slope = (loss(up, p.bias, x, sign, 0.7) - loss(down, p.bias, x, sign, 0.7)) / (2 * h)
            assert memory.W_in[0][i, j] == pytest.approx(slope, abs=1e-8)


def test_real_rows_get_a_high_goodness_and_wrong_ones_a_low_one():
    rng = np.random.default_rng(0)
    real = rng.standard_normal((800, 2)) @ [[1, 0, 1, 0], [0, 1, 0, 1]]  # it repeats itself
    wrong = rng.standard_normal((800, 4))
    rows, signs = np.stack([real, wrong], 1).reshape(-1, 4), np.tile([1, -1], 800)
    node = layer(rate=0.01)
    after = learned(node, rows, signs).params
    good = (run_node(node, after, (), rows)[1] ** 2).mean(axis=1)
    assert np.mean((good > 2) == (signs > 0)) > 0.8
    params = node.init(np.random.default_rng(1), 4, 12)
    before = (run_node(node, params, (), rows)[1] ** 2).mean(axis=1)
    assert np.mean((before > np.median(before)) == (signs > 0)) < 0.6


def test_shuffled_rows_are_told_from_real_ones_that_were_never_seen():
    rng = np.random.default_rng(0)
    s = rng.standard_normal((3000, 2))
    rows = s @ [[1, 0, 1, 0], [0, 1, 0, 1]]
    node = layer(negatives="shuffled", rate=0.01)
    after = learned(node, rows[:2500]).params
    mixed = rows[2500:].copy()
    mixed[:, 2:] = rows[1000:1500, 2:]  # halves that do not belong together
    good = [(run_node(node, after, (), x)[1] ** 2).mean(axis=1) for x in (rows[2500:], mixed)]
    assert np.mean(good[0] > good[1]) > 0.8


def test_rows_that_are_neither_are_not_learned_from():
    xs = np.random.default_rng(0).standard_normal((40, 3))
    signs = np.tile([1, -1], 20)
    padded, marks = np.repeat(xs, 2, axis=0), np.stack([signs, np.zeros(40)], 1).ravel()
    one, other = learned(layer(), xs, signs), learned(layer(), padded, marks)
    np.testing.assert_array_equal(one.params.W_in, other.params.W_in)


def chain(epochs=1):
    fields = {"units": 100, "activation": "relu", "normalise": True}
    u, s = Input(name="u"), Input(name="sign")
    a, b = (
        Dense(rule=ForwardForward(batch=64, epochs=epochs), name=name, **fields) for name in "ab"
    )
    return (u >> a >> b) & (s >> a["sign"]) & (s >> b["sign"])


def digits(rng):
    """Return small digits, centred, and their labels."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = rng.permutation(len(images))
    images = images[order] / 16
    return images - images.mean(axis=0), labels[order]


def test_layers_without_a_common_gradient_tell_digits_apart():
    rng = np.random.default_rng(0)
    x, labels = digits(rng)
    model, n = ng.Model(chain(), seed=0, dtype="float32"), 1300

    def rows(x, label):
        return np.hstack([x, np.eye(10)[label]])

    for _ in range(10):
        wrong = (labels[:n] + rng.integers(1, 10, n)) % 10
        both = np.stack([rows(x[:n], labels[:n]), rows(x[:n], wrong)], 1).reshape(2 * n, -1)
        model.partial_fit({"u": both, "sign": np.tile([[1.0], [-1.0]], (n, 1))})

    def goodness(label):
        data = {"u": rows(x[n:], np.full(len(x) - n, label)), "sign": np.zeros((len(x) - n, 1))}
        return sum((y**2).mean(axis=1) for y in model.run(data, outputs=["a", "b"]).values())

    found = np.argmax([goodness(label) for label in range(10)], axis=0)
    assert np.mean(found == labels[n:]) > 0.92  # 60 epochs of larger ones are in examples/


def test_no_gradient_crosses_from_layer_to_layer():
    rng = np.random.default_rng(0)
    data = {"u": rng.standard_normal((64, 5)), "sign": np.tile([[1.0], [-1.0]], (32, 1))}
    model = ng.Model(chain(), seed=0)
    model.partial_fit(data)
    start, before = model.snapshot(), copy_tree(model.params["a"])
    plain = model.partial_fit(data, outputs=["a"])["a"], model.params["a"].W_in - before.W_in
    model.restore(start)
    b = model.params["b"]
    model.params["b"] = b._replace(W_in=-b.W_in, bias=b.bias + 1)
    shaken = model.partial_fit(data, outputs=["a"])["a"], model.params["a"].W_in - before.W_in
    np.testing.assert_array_equal(plain[1], shaken[1])
    assert np.abs(plain[1]).max() > 0


def test_each_layer_alone_learns_what_it_learned_in_the_chain():
    rng = np.random.default_rng(0)
    data = {"u": rng.standard_normal((100, 5)), "sign": rng.choice([-1.0, 0, 1], (100, 1))}
    model, recorder = ng.Model(chain(), seed=0), Recorder()
    model.partial_fit(data, engine=recorder)
    check_replay(model, recorder.tapes)


def test_a_fit_goes_layer_by_layer():
    rng = np.random.default_rng(0)
    data = {"u": rng.standard_normal((128, 5)), "sign": np.tile([[1.0], [-1.0]], (64, 1))}
    model = ng.Model(chain(epochs=3), seed=0).fit(data)
    assert [(part["node"], part["stage"]) for part in model.report] == [("a", 1), ("b", 2)]


def test_running_goes_on_when_nothing_is_learned_in_between():
    data = {"u": np.ones((4, 5)), "sign": np.zeros((4, 1))}
    model = ng.Model(chain(), seed=0)
    before = model.run(data)
    model.partial_fit(data)
    np.testing.assert_array_equal(model.run(data), before)


@pytest.mark.parametrize("xs", [np.ones((3000, 3)), np.zeros((3000, 3))], ids=["one", "zero"])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_dull_and_loud_input_leaves_bounded_weights(xs, scale):
    noisy = scale * (xs + 0 * xs)
    for node, signs in (
        (layer(batch=1, rate=0.1), np.tile([1, -1], 1500)),
        (layer(batch=1, rate=0.1, negatives="shuffled"), None),
    ):
        p = learned(node, noisy, signs).params
        assert np.abs(p.W_in).max() < 730 and np.isfinite(p.bias).all()


def test_a_scheme_without_negatives_is_refused():
    u = np.random.default_rng(0).standard_normal((50, 5))
    with pytest.raises(ng.errors.DataError, match="50 positive and 0 negative rows; it needs both"):
        ng.Model(chain()).fit({"u": u, "sign": np.ones((50, 1))})
    node = Dense(
        units=3, activation="relu", normalise=True, rule=ForwardForward(negatives="shuffled")
    )
    with pytest.raises(ng.errors.DataError, match="there was 1 row to learn from; give at least 2"):
        ng.Model(Input() >> node).fit(u[:1])
    with pytest.raises(ng.errors.DataError, match=r"less than one batch of 32; .* write batch=9"):
        ng.Model(Input() >> node).fit(u[:10])


def test_a_port_that_is_not_wired_is_refused():
    node = Dense(units=3, activation="relu", normalise=True, rule=ForwardForward(), name="a")
    with pytest.raises(
        ng.errors.GraphError, match=r'port sign.*write Input\(name="sign"\) >> a\["sign"\]'
    ):
        ng.Model(Input() >> node)


def test_a_layer_that_it_cannot_teach_is_refused():
    with pytest.raises(ng.errors.GraphError, match=r'write Dense.*activation="relu", normalise=Tr'):
        ng.Model(Dense(units=3, rule=ForwardForward()))
