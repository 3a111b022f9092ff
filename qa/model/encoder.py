"""The one class around onnxruntime: a graph over the shared table of word vectors.

`weights/` holds `tokens.bin`, the 250,037 word vectors of multilingual-e5-small in blocks of 4 bits, which are mapped
and read row by row; `pieces.bin`, its vocabulary; a graph a task; and `weights.json`, the size and SHA-256 of each.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.errors import WeightsError
from qa.model.pieces import END, PAD, START, Piece, Pieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

WEIGHTS = Path(__file__).parent / "weights"
POSITIONS = 512  # tokens that the model reads at once, its marks counted
QUESTION = 64  # tokens of a question that are read beside a paragraph
_HIDDEN, _BLOCK = 384, 32  # numbers of a word vector; those of them that share a scale
_STEP = 4  # tokens to whose multiple a row is padded in a batch: sums of other lengths would differ in their last bits
_KEPT = 512  # rows of the reader that are kept with what it made of them, some 4 kB each: a choice
_BUDGET = 2048  # tokens of a batch: more gained nothing on two cores, and costs memory
_LONGEST = 10_000  # characters of a text that are looked at for its first 512 tokens

_lock = threading.RLock()  # every file is read once in a process
_kept: dict[tuple[Path, str], Any] = {}


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and a text as the model reads them: ``<s> question </s></s> text </s>``.

    ``spans[i]`` is the span of the text, in code points, that token ``first + i`` stands for; ``end`` is how far the
    text was read: `len(text)`, or less where 512 tokens did not hold it, and then a caller may go on from there.
    """

    ids: tuple[int, ...]
    first: int
    spans: tuple[tuple[int, int], ...]
    end: int


class Encoder:
    """A graph of `weights/`, loaded when it is first used; safe to use from several threads.

    Its weights are integers, and a row's outputs are the same to the bit whatever is read beside it: each token's
    numbers are rounded by its own scale, and a row is padded to the next fourth token, or not at all where the graph
    takes no mask. With ``kept`` a row is read by itself, and not again while it is among the last so many. Raises
    `WeightsError` when a file is missing or damaged.
    """

    def __init__(self, graph: str, *, place: Path = WEIGHTS, kept: int = 0) -> None:
        self.graph = graph
        self._place = place
        self._alone = lru_cache(maxsize=kept)(self._one) if kept else None

    def encode(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        """The ids of each text between its marks, at most 512."""
        return [(START, *(piece[0] for piece in self._pieces(text, POSITIONS - 2)), END) for text in texts]

    def encode_pairs(self, questions: Sequence[str], texts: Sequence[str], *, most: int = QUESTION) -> list[Pair]:
        """Each question, of which ``most`` tokens are read, with the text of the same place, at most 512 tokens."""
        return [self._pair(question, text, most) for question, text in zip(questions, texts, strict=True)]

    def run(self, rows: Sequence[Sequence[int]]) -> list[dict[str, Floats]]:
        """The graph's outputs for each row of ids, by name, in the rows' order; those a token have a row a token.

        Rows of one length, but for that padding, are read together.
        """
        return [self._alone(tuple(row)) for row in rows] if self._alone else self._read(rows)

    def _one(self, row: tuple[int, ...]) -> dict[str, Floats]:
        (outputs,) = self._read([row])
        return outputs

    def _read(self, rows: Sequence[Sequence[int]]) -> list[dict[str, Floats]]:
        found: list[dict[str, Floats]] = [{}] * len(rows)
        session = self._session()
        masked = len(session.get_inputs()) > 1  # else it takes rows of one length only
        for length, batch in _batches(rows, _STEP if masked else 1):
            outputs = self._outputs(session, [rows[at] for at in batch], length, masked)
            for at, made in zip(batch, outputs, strict=True):
                found[at] = made
        return found

    def _outputs(
        self, session: Any, rows: Sequence[Sequence[int]], length: int, masked: bool
    ) -> Iterator[dict[str, Floats]]:
        import numpy as np

        ids = np.full((len(rows), length), PAD, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, to, seen in zip(rows, ids, mask, strict=True):
            to[: len(row)], seen[: len(row)] = row, 1
        outputs = session.run(None, {"words": self._words(ids)} | ({"mask": mask} if masked else {}))
        names = [output.name for output in session.get_outputs()]
        for at, row in enumerate(rows):
            whole = (output[at] for output in outputs)
            yield {name: each[: len(row)] if each.ndim > 1 else each for name, each in zip(names, whole, strict=True)}

    def _words(self, ids: NDArray[np.int64]) -> Floats:
        """The word vectors of ids, shape (*ids.shape, 384): 32 numbers share a scale, 16 bytes hold two each."""
        import numpy as np

        blocks = self._table()[ids]
        scales, packed = blocks[..., :2].copy().view(np.float16).astype(np.float32), blocks[..., 2:]
        whole = np.concatenate([packed & 15, packed >> 4], axis=-1).astype(np.float32)
        whole -= 8
        whole *= scales
        return whole.reshape(*ids.shape, _HIDDEN)

    def _pair(self, question: str, text: str, most: int) -> Pair:
        asked = [piece[0] for piece in self._pieces(question, most)]
        room = POSITIONS - len(asked) - 4
        read = list(self._pieces(text, room + 1))
        kept = read[:room]
        end = kept[-1][2] if len(read) > room else min(len(text), _LONGEST)
        ids = (START, *asked, END, END, *(piece[0] for piece in kept), END)
        return Pair(ids, len(asked) + 3, tuple(piece[1:] for piece in kept), end)

    def _pieces(self, text: str, most: int) -> Iterator[Piece]:
        return islice(vocabulary(self._place).of(text[:_LONGEST]), most)

    def _table(self) -> Any:
        return _once(self._place, "tokens.bin", _mapped)

    def _session(self) -> Any:
        return _once(self._place, self.graph, _session)


@lru_cache(maxsize=1)
def reading() -> Encoder:
    """The encoder of `reader.onnx`, one for the process: a question meets some pairs twice, and people ask again."""
    return Encoder("reader.onnx", kept=_KEPT)


def vocabulary(place: Path = WEIGHTS) -> Pieces:
    """The pieces of words that the model knows, loaded once. Raises `WeightsError` as `Encoder` does."""
    pieces: Pieces = _once(place, "pieces.bin", Pieces)
    return pieces


def _batches(rows: Sequence[Sequence[int]], step: int) -> Iterator[tuple[int, list[int]]]:
    """The places of the rows, those of one length, padded to a multiple of ``step``, together with it, within the
    budget of tokens."""
    places = sorted(range(len(rows)), key=lambda at: len(rows[at]))
    for length, same in groupby(places, key=lambda at: -(-len(rows[at]) // step) * step):
        for batch in _batched(same, max(1, _BUDGET // length)):
            yield length, batch


def _batched(places: Iterator[int], most: int) -> Iterator[list[int]]:
    while batch := list(islice(places, most)):
        yield batch


def _once(place: Path, name: str, load: Any) -> Any:
    """What is loaded from a file of weights, the same for the whole process. Raises `WeightsError`."""
    key = (place, name)
    if key not in _kept:
        with _lock:
            if key not in _kept:
                check(place, name)
                _kept[key] = load(place / name)
    return _kept[key]


def check(place: Path, name: str) -> None:
    """Nothing when the file is what `weights.json` says; 54 MB take 40 ms. Raises `WeightsError` when it is not."""
    try:
        size, sha = json.loads((place / "weights.json").read_text(encoding="utf-8"))[name]
        path = place / name
        with path.open("rb") as file:
            whole = path.stat().st_size == size and hashlib.file_digest(file, "sha256").hexdigest() == sha
    except (OSError, ValueError, KeyError):
        whole = False
    if not whole:
        raise WeightsError(f"The model's file {place / name} is missing or damaged; install qa again.")


def _mapped(path: Path) -> Any:
    import numpy as np

    return np.memmap(path, np.uint8, "r").reshape(-1, _HIDDEN // _BLOCK, 2 + _BLOCK // 2)


def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _cores()
    # Threads that wait for each other by spinning stand still as soon as another process keeps one of the cores busy.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _cores() -> int:
    """The cores that this process may use; a worker of a cluster is told by this variable, as usual."""
    if (told := os.environ.get("OMP_NUM_THREADS", "")).isdigit():
        return max(int(told), 1)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
