"""A folder becomes an index: articles as LlamaIndex nodes in a LlamaIndex vector store over `store.py`.

The only module that knows LlamaIndex. It is imported when something has to be indexed, or when a LlamaIndex
retriever is asked for; a question over an unchanged folder needs neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.callbacks.base import CallbackManager
from llama_index.core.schema import BaseNode, Document, NodeRelationship, NodeWithScore, QueryBundle, RelatedNodeInfo
from llama_index.core.schema import TextNode as Node
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    VectorStoreQuery,
    VectorStoreQueryMode,
    VectorStoreQueryResult,
)

from qa.copies import signature
from qa.embed import Embedder
from qa.mentions import names
from qa.store import Hit, Rows, Store
from qa.text import sentences, stems
from qa.types import Article, Evidence, Paragraph

_HIDDEN = ["about", "level", "sha256", "size", "mtime_ns", "lead", "names", "kind", "page", "number", "search", "sha"]


def article_nodes(article: Article, *, size: int = 0, mtime_ns: int = 0) -> list[BaseNode]:
    """A Document for the article, a node for each paragraph, and a child node for each of its sentences."""
    known = {
        "file": article.file,
        "title": article.title,
        "published": article.published.isoformat() if article.published else None,
        "language": article.language,
        "source": article.source,
    }
    whole = Document(
        id_=article.file,
        text=article.text,
        metadata={**known, "level": "article", "sha256": article.sha256, "size": size, "mtime_ns": mtime_ns,
                  "lead": lead(article), "names": named(article)},
    )  # fmt: skip
    nodes: list[BaseNode] = [whole]
    for paragraph in article.paragraphs:
        nodes += _paragraph_nodes(paragraph, known, about(article, paragraph))
    return nodes


def about(article: Article, paragraph: Paragraph) -> str:
    """What else than its own words a paragraph is found by: its article's title, or the lead without one, and source.

    "" for a heading, which is found by what it says itself.
    """
    if paragraph.kind == "heading":
        return ""
    subject = article.title or lead(article)
    return f"{'' if subject == paragraph.text else subject} {article.source or ''}".strip()


def _paragraph_nodes(paragraph: Paragraph, known: dict[str, Any], about: str) -> list[BaseNode]:
    source = RelatedNodeInfo(node_id=paragraph.file)
    parent = Node(
        id_=paragraph.address,
        text=paragraph.text,
        start_char_idx=paragraph.start,
        end_char_idx=paragraph.end,
        metadata={**known, "level": "paragraph", "number": paragraph.number, "kind": paragraph.kind,
                  "page": paragraph.page, "about": about},
        excluded_llm_metadata_keys=_HIDDEN,
        excluded_embed_metadata_keys=[*known, *_HIDDEN],
        relationships={NodeRelationship.SOURCE: source},
    )  # fmt: skip
    nodes: list[BaseNode] = [parent]
    for n, (start, end) in enumerate(sentences(paragraph.text, known["language"]), start=1):
        words = " ".join(paragraph.text[start:end].split())
        nodes.append(
            Node(
                id_=f"{paragraph.address}.s{n}",
                text=words,
                start_char_idx=paragraph.start + start,
                end_char_idx=paragraph.start + end,
                metadata={**known, "level": "sentence", "sha": sentence_hash(words)},
                excluded_embed_metadata_keys=[*known, *_HIDDEN],
                relationships={NodeRelationship.SOURCE: source, NodeRelationship.PARENT: parent.as_related_node_info()},
            )
        )
    return nodes


def lead(article: Article) -> str:
    """The first prose paragraph's words: what the article is about, and who."""
    return next((p.text for p in article.paragraphs if p.kind == "paragraph"), "")


def named(article: Article) -> str:
    """Everything that the article names, once each, in one line, most often named first: what it is about."""
    found = Counter(m.text for p in article.paragraphs for m in names(p.text, article.language))
    return " · ".join(name for name, _ in found.most_common())


def sentence_hash(words: str) -> str:
    """The key under which a sentence's vector is kept, so that no text is embedded twice."""
    import hashlib

    return hashlib.sha256(words.encode()).hexdigest()[:32]


def embed_nodes(nodes: Iterable[BaseNode], store: Store, embedder: Embedder) -> int:
    """Gives each sentence node its vector, from the store where it is known; returns how many were embedded."""
    wanted: dict[str, list[Node]] = {}
    for node in nodes:
        if isinstance(node, Node) and node.metadata["level"] == "sentence":
            wanted.setdefault(node.metadata["sha"], []).append(node)
    known = store.vectors(list(wanted))
    new = [sha for sha in wanted if sha not in known]
    if new:
        rows = embedder.passages([wanted[sha][0].text for sha in new])
        known.update(zip(new, rows, strict=True))
    for sha, same in wanted.items():
        for node in same:
            node.embedding = known[sha]  # type: ignore[assignment]  # an array: as a list it takes 12 kB
    return len(new)


class ArticleVectorStore(BasePydanticVectorStore):
    """A LlamaIndex vector store over our `Store`: what `article_nodes` makes goes in, paragraph nodes come out.

    LlamaIndex's own LanceDB store (0.6.0) fails on delete by document and duplicates on re-add; see DESIGN.md.
    """

    stores_text: bool = True
    is_embedding_query: bool = True
    _store: Store = PrivateAttr()

    def __init__(self, store: Store) -> None:
        super().__init__(stores_text=True)
        self._store = store

    @property
    def client(self) -> Store:
        return self._store

    def add(self, nodes: Sequence[BaseNode], **_: Any) -> list[str]:
        """Replaces the articles that these nodes make up; returns the nodes' ids."""
        rows = Rows([], [], [])
        for node in nodes:
            level = node.metadata.get("level")
            if level == "article":
                rows.articles.append(_article_row(node))
            elif level == "paragraph":
                rows.paragraphs.append(_paragraph_row(node))
            elif level == "sentence":
                rows.sentences.append(_sentence_row(node))
            else:
                raise ValueError(
                    "This store takes the nodes of qa.index.article_nodes; index a folder with qa instead."
                )
        self._store.put(rows)
        return [node.node_id for node in nodes]

    def delete(self, ref_doc_id: str, **_: Any) -> None:
        self._store.delete([ref_doc_id])

    def query(self, query: VectorStoreQuery, **_: Any) -> VectorStoreQueryResult:
        """The paragraphs nearest to the query's vector, or to its words in the text search modes."""
        lexical = query.mode in (VectorStoreQueryMode.TEXT_SEARCH, VectorStoreQueryMode.SPARSE)
        if lexical:
            hits = self._lexical(query.query_str or "", query.similarity_top_k)
        else:
            import numpy as np

            vector = np.asarray(query.query_embedding, dtype=np.float32)
            hits = self._store.dense(vector, query.similarity_top_k * 8)  # several sentences of one paragraph
        hits = sorted(hits, key=lambda hit: -hit.score)[: query.similarity_top_k]
        nodes = self.get_nodes([hit.address for hit in hits])
        return VectorStoreQueryResult(
            nodes=nodes, similarities=[hit.score for hit in hits], ids=[hit.address for hit in hits]
        )

    def _lexical(self, words: str, k: int) -> list[Hit]:
        languages = {row["language"] for row in self._store.articles(["language"]) if row["language"]}
        return self._store.lexical(sorted({token for lang in languages for token in stems(words, lang)}), k)

    def get_nodes(self, node_ids: list[str] | None = None, filters: Any = None) -> list[BaseNode]:
        """The paragraph nodes of these addresses, in their order."""
        if filters is not None:
            raise NotImplementedError("Filters are not supported here; filter the nodes that come back.")
        rows = {row["address"]: row for row in self._store.paragraphs(node_ids or [])}
        return [_node(rows[address]) for address in node_ids or [] if address in rows]


def _article_row(node: BaseNode) -> dict[str, Any]:
    keep = ("file", "title", "published", "language", "source", "lead", "names", "sha256", "size", "mtime_ns")
    return {**{key: node.metadata[key] for key in keep}, "text": node.get_content()}


def _paragraph_row(node: BaseNode) -> dict[str, Any]:
    data, words = node.metadata, node.get_content()
    tokens = stems(words, data["language"])
    return {
        **{key: data[key] for key in ("file", "number", "page", "kind", "language", "published", "source")},
        "address": node.node_id,
        "text": words,
        "start": node.start_char_idx,  # type: ignore[attr-defined]  # of TextNode
        "end": node.end_char_idx,  # type: ignore[attr-defined]
        "search": " ".join(tokens),
        "found": " ".join([*tokens, *stems(data["about"], data["language"])]),
        "signature": signature(tokens),
    }


def _sentence_row(node: BaseNode) -> dict[str, Any]:
    data = node.metadata
    return {
        **{key: data[key] for key in ("file", "language", "published", "source", "sha")},
        "search": " ".join(stems(node.get_content(), data["language"])),
        "id": node.node_id,
        "address": node.node_id.rpartition(".s")[0],
        "start": node.start_char_idx,  # type: ignore[attr-defined]
        "end": node.end_char_idx,  # type: ignore[attr-defined]
        "vector": node.embedding,
    }


def _node(row: dict[str, Any]) -> Node:
    return Node(
        id_=row["address"],
        text=row["text"],
        start_char_idx=row["start"],
        end_char_idx=row["end"],
        metadata={key: row[key] for key in ("file", "number", "language", "published") if row[key] is not None},
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=row["file"])},
    )


class QAEmbedding(BaseEmbedding):
    """Our embedder where LlamaIndex expects one of its own."""

    _embedder: Embedder = PrivateAttr()

    def __init__(self, embedder: Embedder) -> None:
        super().__init__(model_name=embedder.identity)
        self._embedder = embedder

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._embedder.query(query).tolist()  # type: ignore[no-any-return]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._embedder.passages(texts).tolist()  # type: ignore[no-any-return]


class EvidenceRetriever(BaseRetriever):
    """Our retrieval (fused, by language) as a LlamaIndex retriever: paragraph nodes with their fused scores."""

    def __init__(self, retrieve: Callable[[str], Sequence[Evidence]]) -> None:
        self._retrieve_evidence = retrieve
        super().__init__(callback_manager=CallbackManager())

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = self._retrieve_evidence(query_bundle.query_str)
        return [NodeWithScore(node=_evidence_node(evidence), score=evidence.score) for evidence in found]


def _evidence_node(evidence: Evidence) -> Node:
    paragraph = evidence.paragraph
    metadata = {
        "file": paragraph.file,
        "number": paragraph.number,
        "anchor": paragraph.anchor,
        "title": evidence.title,
        "published": evidence.published.isoformat() if evidence.published else None,
        "language": evidence.language,
        "source": evidence.source,
    }
    return Node(
        id_=paragraph.address,
        text=paragraph.text,
        start_char_idx=paragraph.start,
        end_char_idx=paragraph.end,
        metadata={key: value for key, value in metadata.items() if value is not None},
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=paragraph.file)},
    )
