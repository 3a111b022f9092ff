"""The index is LlamaIndex's: nodes, a vector store, an embedding and a retriever that its own engines take."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata
from llama_index.core.llms.callbacks import llm_completion_callback
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import Document, NodeRelationship, TextNode
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)

from conftest import SEEDS
from qa import Assistant
from qa.articles.corpus import read_article, scan
from qa.errors import UsageError
from qa.index.llama import ArticleVectorStore, QAEmbedding, article_nodes, filters_of
from qa.index.store import LanceStore
from qa.types import Article, Filters


class ScriptedLLM(CustomLLM):
    """A LlamaIndex LLM that says one thing and keeps what it was asked."""

    says: str
    asked: list[str] = []  # noqa: RUF012 - a pydantic field

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(context_window=8000, num_output=200)

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        self.asked.append(prompt)
        return CompletionResponse(text=self.says)

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
        raise NotImplementedError


def article(name: str) -> Article:
    found = next(f for f in scan(SEEDS)[0] if f.file.startswith(name))
    read = read_article(found)
    assert isinstance(read, Article)
    return read


def test_nodes_carry_addresses_spans_and_parents() -> None:
    read = article("000")
    nodes = article_nodes(read)
    assert isinstance(nodes[0], Document)
    for node in nodes[1:]:
        assert isinstance(node, TextNode)
        assert node.ref_doc_id == read.file
        words = read.text[node.start_char_idx : node.end_char_idx]
        assert " ".join(words.split()) == " ".join(node.text.split())
        if node.metadata["level"] == "sentence":
            parent = node.relationships[NodeRelationship.PARENT]
            assert node.node_id.startswith(f"{parent.node_id}.s")  # type: ignore[union-attr]


def test_a_llama_index_query_engine_answers_over_our_retriever(seeds: Assistant) -> None:
    llm = ScriptedLLM(says="Bassam al-Sabbagh.")
    engine = RetrieverQueryEngine.from_args(seeds.as_retriever(3), llm=llm)
    response = engine.query("¿Qué ministro sirio se reunió con Pezeshkian?")
    assert str(response) == "Bassam al-Sabbagh."
    assert "Bassam al-Sabbagh" in llm.asked[0]
    assert response.source_nodes[0].node_id.startswith("004_")
    assert response.source_nodes[0].metadata["file"] == "004_1d7981e0e1efbe65.txt"


def test_a_llama_index_vector_store_index_works_over_our_store(seeds: Assistant) -> None:
    index = VectorStoreIndex.from_vector_store(ArticleVectorStore(seeds.store), embed_model=QAEmbedding(seeds.embedder))
    nodes = index.as_retriever(similarity_top_k=2).retrieve("How long is the border stretch to be sealed?")
    assert nodes[0].node.node_id == "002_7f54b19aedd2aafd.txt#p7"
    assert (nodes[0].score or 0) >= (nodes[1].score or 0)


def test_words_find_paragraphs_in_every_language_of_the_folder(seeds: Assistant) -> None:
    found = ArticleVectorStore(seeds.store).query(
        VectorStoreQuery(query_str="Bassam al-Sabbagh", mode=VectorStoreQueryMode.TEXT_SEARCH, similarity_top_k=2)
    )
    assert {str(node.metadata["file"]) for node in found.nodes or ()} == {"004_1d7981e0e1efbe65.txt"}


def test_foreign_nodes_are_refused_with_a_way_out(seeds: Assistant) -> None:
    with pytest.raises(ValueError, match="index a folder with qa"):
        ArticleVectorStore(seeds.store).add([TextNode(text="stray")])


def test_delete_by_document_removes_every_row(tmp_path: Any, seeds: Assistant) -> None:
    store = LanceStore(str(tmp_path / "i"), embedder="none", dim=seeds.embedder.dim)
    vectors = ArticleVectorStore(store)
    nodes = article_nodes(article("004"))
    for node in nodes:
        node.embedding = [0.0] * seeds.embedder.dim
    vectors.add(nodes)
    vectors.add(nodes)  # again: replaced, not doubled
    assert len(store.paragraphs([node.node_id for node in nodes])) == 6
    vectors.delete("004_1d7981e0e1efbe65.txt")
    assert store.paragraphs([node.node_id for node in nodes]) == []


def meeting(*filters: tuple[str, str, Any]) -> MetadataFilters:
    return MetadataFilters(
        filters=[MetadataFilter(key=key, operator=FilterOperator(how), value=value) for key, how, value in filters]
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (meeting(("language", "==", "es")), Filters(languages=("es",))),
        (meeting(("source", "in", ["A", "B"]), ("source", "==", "B")), Filters(sources=("B",))),
        (
            meeting(
                ("published", ">=", "2024-01-02"), ("published", ">=", "2023-01-02"), ("published", "<=", "2024-05-01")
            ),
            Filters(since=date(2024, 1, 2), until=date(2024, 5, 1)),
        ),
        (meeting(("published", "==", "2024-01-02")), Filters(since=date(2024, 1, 2), until=date(2024, 1, 2))),
        (MetadataFilters(filters=[meeting(("language", "==", "en"))]), Filters(languages=("en",))),
        (None, Filters()),
    ],
)
def test_llama_index_filters_are_ours(given: MetadataFilters | None, expected: Filters) -> None:
    assert filters_of(given) == expected


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (meeting(("title", "==", "x")), "title == is no filter here"),
        (meeting(("language", "!=", "en")), "language != is no filter here"),
        (meeting(("published", "<=", "soon")), "2025-07-26"),
        (meeting(("language", "==", "en"), ("language", "==", "es")), "No article can pass"),
        (
            MetadataFilters(filters=meeting(("language", "==", "en")).filters, condition=FilterCondition.OR),
            "joined by AND",
        ),
    ],
)
def test_other_filters_are_one_clear_error(given: MetadataFilters, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        filters_of(given)


def test_retrievers_and_the_vector_store_heed_filters(seeds: Assistant) -> None:
    spanish = meeting(("language", "==", "es"))
    question = "Which minister met Pezeshkian?"
    vectors = ArticleVectorStore(seeds.store)
    index = VectorStoreIndex.from_vector_store(vectors, embed_model=QAEmbedding(seeds.embedder))
    for retriever in (
        seeds.as_retriever(5, filters=spanish),
        seeds.as_retriever(5, filters=Filters(languages=("es",))),
        index.as_retriever(similarity_top_k=5, filters=spanish),
    ):
        found = retriever.retrieve(question)
        assert found
        assert {node.metadata["language"] for node in found} == {"es"}
    assert {node.metadata["language"] for node in seeds.as_retriever(5).retrieve(question)} == {"en", "es"}
    words = VectorStoreQuery(query_str="Pezeshkian", mode=VectorStoreQueryMode.TEXT_SEARCH, filters=spanish)
    assert {node.metadata["language"] for node in vectors.query(words).nodes or ()} == {"es"}
    every = vectors.get_nodes(filters=spanish)
    assert every
    assert {node.metadata["language"] for node in every} == {"es"}
    addresses = ["000_adb1a9a8aa5c90c3.txt#p2", every[0].node_id]
    assert [node.node_id for node in vectors.get_nodes(addresses, spanish)] == [every[0].node_id]
    with pytest.raises(UsageError, match="language"):
        seeds.as_retriever(5, filters=meeting(("language", "==", "xx")))
