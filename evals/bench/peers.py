"""Systems that find paragraphs, ours and others', behind one shape: a question goes in, addresses come out, best first.

Ours are the whole retrieval and its parts alone. Others' that are not installed are told in one sentence each
(`missing`): they are in the dependency group ``bench``.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evals.lint import articles
from qa import Assistant
from qa.index.store import Hit
from qa.language.text import stems
from qa.model.embed import Embedder

if TYPE_CHECKING:
    from llama_index.core.schema import TextNode

Find = Callable[[str], list[str]]

K = 10  # paragraphs that a system gives
_POOL = 50  # paragraphs of each side that a fusion by ranks sees
_RRF = 60  # Cormack, Clarke and Büttcher 2009


@dataclass(frozen=True)
class Corpus:
    """A folder, where its index lies, and the embedder that all systems share."""

    folder: Path
    index: str
    embedder: Embedder

    @cached_property
    def assistant(self) -> Assistant:
        return Assistant.open(self.folder, index=self.index, embedder=self.embedder, added=False)

    @cached_property
    def paragraphs(self) -> list[tuple[str, str, str]]:
        """Address, words and language of each paragraph, as the index has them."""
        there = articles(self.folder).values()
        return [(p.address, " ".join(p.text.split()), one.language) for one in there for p in one.paragraphs]


class Kept:
    """An embedder that embeds no text twice, so that every system is given the same vectors once they are paid for."""

    def __init__(self, embedder: Embedder) -> None:
        self.identity, self.dim, self._embedder = embedder.identity, embedder.dim, embedder
        self._kept: dict[str, Any] = {}

    def passages(self, texts: Sequence[str]) -> Any:
        if new := [text for text in dict.fromkeys(texts) if text not in self._kept]:
            self._kept.update(zip(new, self._embedder.passages(new), strict=True))
        return np.stack([self._kept[text] for text in texts]) if texts else np.zeros((0, self.dim), np.float32)

    def query(self, text: str) -> Any:
        if (key := f"? {text}") not in self._kept:
            self._kept[key] = self._embedder.query(text)
        return self._kept[key]


# ---------------------------------------------------------------- ours


def whole(corpus: Corpus) -> Find:
    return lambda question: [found.address for found in corpus.assistant.retrieve(question, K)]


def dense_side(corpus: Corpus) -> Find:
    return lambda question: _ranked(_dense(corpus, question))[:K]


def lexical_side(corpus: Corpus) -> Find:
    return lambda question: _ranked(_lexical(corpus, question))[:K]


def ranks_fused(corpus: Corpus) -> Find:
    """Both of our sides, joined by reciprocal ranks alone."""

    def find(question: str) -> list[str]:
        scores: dict[str, float] = {}
        for side in (_dense(corpus, question), _lexical(corpus, question)):
            for rank, address in enumerate(_ranked(side)[:_POOL], start=1):
                scores[address] = scores.get(address, 0.0) + 1 / (_RRF + rank)
        return sorted(scores, key=lambda address: -scores[address])[:K]

    return find


def _dense(corpus: Corpus, question: str) -> list[Hit]:
    return corpus.assistant.store.dense(corpus.embedder.query(question), 3 * _POOL)


def _lexical(corpus: Corpus, question: str) -> list[Hit]:
    weights = corpus.assistant.kit.retriever.query(question).weights
    return corpus.assistant.store.lexical(sorted({token for group in weights.values() for token in group}), _POOL)


def _ranked(hits: Sequence[Hit]) -> list[str]:
    return [hit.address for hit in sorted(hits, key=lambda hit: -hit.score)]


# ---------------------------------------------------------------- others


def bm25s_alone(corpus: Corpus) -> Find:
    """bm25s over the same stems as ours, of the paragraph's own words."""
    import bm25s

    from qa.language.text import detect_language

    engine = bm25s.BM25()
    engine.index([stems(words, language) for _, words, language in corpus.paragraphs], show_progress=False)

    def find(question: str) -> list[str]:
        tokens = stems(question, detect_language(question))
        places, _ = engine.retrieve([tokens], k=min(K, len(corpus.paragraphs)), show_progress=False)
        return [corpus.paragraphs[place][0] for place in places[0]]

    return find


def llama_default(corpus: Corpus) -> Find:
    """LlamaIndex's `VectorStoreIndex` over its `SimpleVectorStore`: a vector a paragraph, in memory."""
    return _found_by(_llama_vectors(_nodes(corpus), corpus))


def llama_fused(corpus: Corpus) -> Find:
    """LlamaIndex's `QueryFusionRetriever`, by reciprocal ranks, of its default and its BM25 retriever."""
    from llama_index.core.llms import MockLLM
    from llama_index.core.retrievers import QueryFusionRetriever
    from llama_index.core.retrievers.fusion_retriever import FUSION_MODES
    from llama_index.retrievers.bm25 import BM25Retriever

    nodes = _nodes(corpus)
    words = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=min(K, len(nodes)), verbose=False)
    fused = QueryFusionRetriever(
        [_llama_vectors(nodes, corpus), words],
        llm=MockLLM(),
        mode=FUSION_MODES.RECIPROCAL_RANK,
        similarity_top_k=K,
        num_queries=1,  # no other wordings of the question, which a model would write
        use_async=False,
    )
    return _found_by(fused)


def _llama_vectors(nodes: Sequence[TextNode], corpus: Corpus) -> Any:
    from llama_index.core import VectorStoreIndex

    from qa.index.llama import QAEmbedding

    index = VectorStoreIndex(nodes, embed_model=QAEmbedding(corpus.embedder))
    return index.as_retriever(similarity_top_k=K)


def _nodes(corpus: Corpus) -> list[TextNode]:
    from llama_index.core.schema import TextNode

    return [TextNode(id_=address, text=words) for address, words, _ in corpus.paragraphs]


def _found_by(retriever: Any) -> Find:
    return lambda question: [found.node.node_id for found in retriever.retrieve(question)]


def haystack_words(corpus: Corpus) -> Find:
    """Haystack's `InMemoryBM25Retriever`."""
    os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")  # read when it is imported
    from haystack import Document
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    store = InMemoryDocumentStore()
    store.write_documents([Document(id=address, content=words) for address, words, _ in corpus.paragraphs])
    retriever = InMemoryBM25Retriever(store, top_k=K)
    return lambda question: [found.id for found in retriever.run(query=question)["documents"]]


SYSTEMS: dict[str, Callable[[Corpus], Find]] = {
    "qa": whole,
    "qa, dense side": dense_side,
    "qa, lexical side": lexical_side,
    "RRF of the two sides": ranks_fused,
    "bm25s": bm25s_alone,
    "LlamaIndex default": llama_default,
    "LlamaIndex BM25 + RRF": llama_fused,
    "Haystack BM25": haystack_words,
}
PEERS = ("LlamaIndex default", "LlamaIndex BM25 + RRF", "Haystack BM25")
_NEEDED = {"LlamaIndex BM25 + RRF": "llama_index.retrievers.bm25", "Haystack BM25": "haystack"}
_PACKAGES = {"LlamaIndex BM25 + RRF": "llama-index-retrievers-bm25", "Haystack BM25": "haystack-ai"}
NOT_EMBEDDING = ("qa, lexical side", "bm25s", "Haystack BM25")  # they have no use for the question's vector


def missing(name: str) -> str:
    """One sentence on what to install for this system, or "" when it can run."""
    try:
        there = name not in _NEEDED or importlib.util.find_spec(_NEEDED[name]) is not None
    except ModuleNotFoundError:
        there = False
    return "" if there else f"{name} is left out: {_PACKAGES[name]} is not installed; run `uv sync --group bench`."
