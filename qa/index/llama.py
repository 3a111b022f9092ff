"""A folder becomes an index: articles as LlamaIndex nodes in a LlamaIndex vector store over `store.py`.

The only module that knows LlamaIndex. It is imported when something has to be indexed, or when a LlamaIndex
retriever is asked for; a question over an unchanged folder needs neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import chain
from typing import Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.callbacks.base import CallbackManager
from llama_index.core.schema import BaseNode, Document, NodeRelationship, NodeWithScore, QueryBundle, RelatedNodeInfo
from llama_index.core.schema import TextNode as Node
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
    VectorStoreQueryResult,
)

from qa.errors import UsageError
from qa.index.copies import signature
from qa.index.store import Hit, IndexedParagraph, Rows, Store
from qa.index.vectors import known, unembedded
from qa.language.mentions import names
from qa.language.text import stems
from qa.model.embed import Embedder
from qa.types import Article, Evidence, Filters, Paragraph

_HIDDEN = ["about", "level", "sha256", "size", "mtime_ns", "lead", "names", "kind", "page", "number", "revision"]


def article_nodes(article: Article, *, size: int = 0, mtime_ns: int = 0) -> list[BaseNode]:
    """A Document for the article, and a node for each paragraph."""
    shared = {
        "file": article.file,
        "title": article.title,
        "published": article.published.isoformat() if article.published else None,
        "language": article.language,
        "source": article.source,
    }
    whole = Document(
        id_=article.file,
        text=article.text,
        metadata={**shared, "level": "article", "sha256": article.sha256, "size": size, "mtime_ns": mtime_ns,
                  "lead": lead(article), "names": names_of(article)},
    )  # fmt: skip
    shared["revision"] = article.sha256[:16]
    return [whole, *(_paragraph_node(paragraph, shared, about(article, paragraph)) for paragraph in article.paragraphs)]


def about(article: Article, paragraph: Paragraph) -> str:
    """What else than its own words a paragraph is found by: its article's title, or the lead without one, and source.

    "" for a heading, which is found by what it says itself.
    """
    if paragraph.kind == "heading":
        return ""
    subject = article.title or lead(article)
    return f"{'' if subject == paragraph.text else subject} {article.source or ''}".strip()


def _paragraph_node(paragraph: Paragraph, shared: dict[str, Any], about: str) -> Node:
    return Node(
        id_=paragraph.address,
        text=paragraph.text,
        start_char_idx=paragraph.start,
        end_char_idx=paragraph.end,
        metadata={**shared, "level": "paragraph", "number": paragraph.number, "kind": paragraph.kind,
                  "page": paragraph.page, "about": about},
        excluded_llm_metadata_keys=_HIDDEN,
        excluded_embed_metadata_keys=[*shared, *_HIDDEN],
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=paragraph.file)},
    )  # fmt: skip


def lead(article: Article) -> str:
    """The first prose paragraph's words: what the article is about, and who."""
    return next((p.text for p in article.paragraphs if p.kind == "paragraph"), "")


def names_of(article: Article) -> str:
    """Everything that the article names, once each, in one line, most often named first: what it is about."""
    found = Counter(m.text for p in article.paragraphs for m in names(p.text, article.language))
    return " · ".join(name for name, _ in found.most_common())


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
        """Replaces the articles that these nodes make up; returns the nodes' ids.

        The vectors of sentences that the index has already are kept; `qa.index.vectors.complete` computes the others.
        """
        articles: list[dict[str, Any]] = []
        paragraphs: list[IndexedParagraph] = []
        for node in nodes:
            level = node.metadata.get("level")
            if level == "article":
                articles.append(_article_row(node))
            elif level == "paragraph":
                paragraphs.append(_indexed(node))
            else:
                raise ValueError(
                    "This store takes the nodes of qa.index.llama.article_nodes; index a folder with qa instead."
                )
        said = [unembedded(paragraph) for paragraph in paragraphs]
        counted = [replace(one, sentences=len(own)) for one, own in zip(paragraphs, said, strict=True)]
        self._store.put(Rows(articles, counted, known(self._store, list(chain.from_iterable(said)))))
        return [node.node_id for node in nodes]

    def delete(self, ref_doc_id: str, **_: Any) -> None:
        self._store.delete([ref_doc_id])

    def query(self, query: VectorStoreQuery, **_: Any) -> VectorStoreQueryResult:
        """The paragraphs, of articles that pass, nearest to the query's vector, or to its words in the text modes.

        Raises `UsageError` for filters that `filters_of` does not know.
        """
        passing = filters_of(query.filters)
        lexical = query.mode in (VectorStoreQueryMode.TEXT_SEARCH, VectorStoreQueryMode.SPARSE)
        if lexical:
            hits = self._lexical(query.query_str or "", query.similarity_top_k, passing)
        else:
            import numpy as np

            vector = np.asarray(query.query_embedding, dtype=np.float32)
            hits = self._store.dense(vector, query.similarity_top_k * 8, passing)  # several sentences of one paragraph
        hits = sorted(hits, key=lambda hit: -hit.score)[: query.similarity_top_k]
        nodes = self.get_nodes([hit.address for hit in hits])
        return VectorStoreQueryResult(
            nodes=nodes, similarities=[hit.score for hit in hits], ids=[hit.address for hit in hits]
        )

    def _lexical(self, words: str, k: int, passing: Filters) -> list[Hit]:
        languages = {file.language for file in self._store.files() if file.language}
        return self._store.lexical(sorted({token for lang in languages for token in stems(words, lang)}), k, passing)

    def get_nodes(self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None) -> list[BaseNode]:
        """The paragraph nodes of these addresses that pass, in their order; without addresses all that pass."""
        passing = filters_of(filters)
        if node_ids is None:
            return [_node(row) for row in self._store.matching({}, passing)] if passing else []
        rows = {row.address: row for row in self._store.paragraphs(node_ids) if passing.admit(row)}
        return [_node(rows[address]) for address in node_ids if address in rows]


def filters_of(given: MetadataFilters | None) -> Filters:
    """LlamaIndex's filters as ours: ``source`` and ``language`` (==, in), ``published`` (==, >=, <=; an ISO day).

    All of them must hold. Raises `UsageError` for anything else.
    """
    found = Filters()
    for one in given.filters if given else ():
        if given is None or given.condition != FilterCondition.AND:
            raise UsageError("Filters can only be joined by AND here; ask once for each that may hold.")
        found = _narrowed(found, filters_of(one) if isinstance(one, MetadataFilters) else _filter(one))
    return found


def _filter(one: MetadataFilter) -> Filters:
    values = tuple(map(str, one.value)) if isinstance(one.value, list) else (str(one.value),)
    match one.key, one.operator:
        case "source", FilterOperator.EQ | FilterOperator.IN:
            return Filters(sources=values)
        case "language", FilterOperator.EQ | FilterOperator.IN:
            return Filters(languages=values)
        case "published", FilterOperator.EQ:
            return Filters(since=_day(values), until=_day(values))
        case "published", FilterOperator.GTE:
            return Filters(since=_day(values))
        case "published", FilterOperator.LTE:
            return Filters(until=_day(values))
    raise UsageError(
        f"{one.key} {one.operator.value} is no filter here; "
        "give source or language (==, in), or published (==, >=, <=)."
    )


def _day(values: Sequence[str]) -> date:
    try:
        (value,) = values
        return date.fromisoformat(value)
    except ValueError:
        raise UsageError("A filter by published needs one day, written as 2025-07-26.") from None


def _narrowed(first: Filters, second: Filters) -> Filters:
    """What passes both. Raises `UsageError` where nothing can."""
    since = [day for day in (first.since, second.since) if day]
    until = [day for day in (first.until, second.until) if day]
    return Filters(
        sources=_both(first.sources, second.sources),
        languages=_both(first.languages, second.languages),
        since=max(since, default=None),
        until=min(until, default=None),
    )


def _both(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    if not (first and second):
        return first or second
    if common := tuple(value for value in first if value in second):
        return common
    raise UsageError("No article can pass these filters; take one of them out.")


def _article_row(node: BaseNode) -> dict[str, Any]:
    keep = ("file", "title", "published", "language", "source", "lead", "names", "sha256", "size", "mtime_ns")
    return {**{key: node.metadata[key] for key in keep}, "text": node.get_content()}


@lru_cache(maxsize=16)  # the same for all paragraphs of an article
def _about_tokens(about: str, language: str) -> tuple[str, ...]:
    return tuple(stems(about, language))


def _indexed(node: BaseNode) -> IndexedParagraph:
    known, words = node.metadata, node.get_content()
    tokens = stems(words, known["language"])
    return IndexedParagraph(
        **{key: known[key] for key in ("file", "number", "page", "kind", "revision", "language", "source")},
        published=date.fromisoformat(known["published"]) if known["published"] else None,
        address=node.node_id,
        text=words,
        start=node.start_char_idx,  # type: ignore[attr-defined]  # of TextNode
        end=node.end_char_idx,  # type: ignore[attr-defined]
        search=" ".join(tokens),
        found=" ".join([*tokens, *_about_tokens(known["about"], known["language"])]),
        signature=signature(tokens),
        sentences=None,  # not counted yet
    )


def _node(row: IndexedParagraph) -> Node:
    day = row.published.isoformat() if row.published else None
    return _plain_node(row.paragraph, language=row.language, published=day, source=row.source)


def _plain_node(paragraph: Paragraph, **known: str | None) -> Node:
    """A paragraph as a node without relations to others, with what is known of its article."""
    known = {key: value for key, value in known.items() if value is not None}
    return Node(
        id_=paragraph.address,
        text=paragraph.text,
        start_char_idx=paragraph.start,
        end_char_idx=paragraph.end,
        metadata={"file": paragraph.file, "number": paragraph.number, **known},
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=paragraph.file)},
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
    day = evidence.published.isoformat() if evidence.published else None
    return _plain_node(
        evidence.paragraph,
        anchor=evidence.paragraph.anchor,
        title=evidence.title,
        published=day,
        language=evidence.language,
        source=evidence.source,
    )
