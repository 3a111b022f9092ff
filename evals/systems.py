"""The product and the trivial baselines behind one shape: a case goes in, a prediction comes out, never an error."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from qa.assistant import Assistant
from qa.check.verify import verify
from qa.errors import QAError
from qa.language.text import fold, sentences, stems
from qa.llm.endpoint import ChatModel, Message
from qa.question.turns import as_turns
from qa.types import Answer, Article, Claim, Draft, Evidence, Paragraph, Proposal, Usage

from .cases import Case
from .outcomes import Cited, Prediction, Statement

if TYPE_CHECKING:
    from llama_index.core.base.response.schema import RESPONSE_TYPE
    from llama_index.core.llms import CustomLLM

System = Callable[[Case], Prediction]
Articles = Mapping[str, Article]

_RETRIEVED = 10  # addresses that are kept of a ranking, as many as the product keeps
_WHOLE_WINDOW = 8192  # tokens that a model is taken to read at once, by LlamaIndex's own prompts
_HALF_SURE = 10.0  # the BM25 score of confidence one half; see `_quoting`

_T = TypeVar("_T")


# ---------------------------------------------------------------- paragraphs as evidence


def evidence_of(articles: Articles, address: str) -> Evidence:
    """The paragraph as the retriever would give it, without scores. Raises KeyError when there is none."""
    file, _, number = address.rpartition("#p")
    article = articles[file]
    paragraph = next((one for one in article.paragraphs if str(one.number) == number), None)
    if paragraph is None:
        raise KeyError(address)
    lead, names = _around(article)
    return Evidence(
        paragraph=paragraph,
        rank=1,
        score=1.0,
        dense=0.0,
        lexical=0.0,
        title=article.title,
        lead=lead,
        names=names,
        source=article.source,
        published=article.published,
        language=article.language,
    )


@lru_cache(maxsize=4096)
def _around(article: Article) -> tuple[str, str]:
    from qa.index.prepared import lead, names_of

    return lead(article), names_of(article)


def _evidence_or_none(articles: Articles, address: str) -> Evidence | None:
    try:
        return evidence_of(articles, address)
    except KeyError:
        return None


# ---------------------------------------------------------------- does the cited support the statement?


def supported(
    text: str, paragraphs: Sequence[Evidence | None], language: str
) -> tuple[bool, tuple[bool, ...], tuple[bool, ...]]:
    """Whether all of the paragraphs together bear the text, whether the i-th does so alone, and the others without it.

    None stands for a citation of a paragraph that does not exist: it bears nothing. The check is the product's own
    (`qa.check.verify`), given exactly the cited paragraphs, so that it can move a citation to no other one.
    ``language`` is the text's.
    """
    alone = tuple(_borne(text, [one], language) for one in paragraphs)
    if len(paragraphs) < 2:
        return any(alone), alone, (False,) * len(paragraphs)
    without = tuple(
        any((*alone[:i], *alone[i + 1 :])) or _borne(text, [*paragraphs[:i], *paragraphs[i + 1 :]], language)
        for i in range(len(paragraphs))
    )
    return any(alone) or _borne(text, paragraphs, language), alone, without


def _borne(text: str, paragraphs: Sequence[Evidence | None], language: str) -> bool:
    there = [one for one in paragraphs if one is not None]
    if not there:
        return False
    draft = Draft(text, tuple(Proposal(one.address) for one in there))
    return verify(draft, there, language=language).status != "unsupported"


def _statement(
    text: str,
    addresses: Sequence[str],
    articles: Articles,
    language: str,
    *,
    shown_as: str = "verified",
) -> Statement:
    once = tuple(dict.fromkeys(addresses))
    paragraphs = [_evidence_or_none(articles, address) for address in once]
    entailed, alone, without = supported(text, paragraphs, language)
    return Statement(text, once, shown_as, entailed, alone, without)


def _cited(articles: Articles, address: str, start: int, end: int, quote: str) -> Cited:
    """The citation; valid when the paragraph exists and the quote is what its file holds at the span, inside it."""
    found = _evidence_or_none(articles, address)
    if found is None:
        return Cited(address, quote, False)
    inside = found.paragraph.start <= start < end <= found.paragraph.end
    return Cited(address, quote, inside and articles[found.paragraph.file].text[start:end] == quote)


# ---------------------------------------------------------------- one question


def _system(ask: Callable[[Case], _T], predicted: Callable[[Case, _T], Prediction]) -> System:
    """A system that times ``ask`` alone, and for which whatever fails is an outcome: status "error" and why."""

    def answered(case: Case) -> Prediction:
        began = time.perf_counter()
        try:
            given = ask(case)
            seconds = time.perf_counter() - began
            return replace(predicted(case, given), seconds=seconds)
        except QAError as error:
            why = str(error)
        except Exception as error:  # a run of hours must not end at one question; the type tells a bug from the rest
            why = f"{type(error).__name__}: {error}"
        return Prediction("error", error=" ".join(why.split()), seconds=time.perf_counter() - began)

    return answered


# ---------------------------------------------------------------- the product


def product(assistant: Assistant, articles: Articles) -> System:
    """What `Assistant.ask` gives, with the case's history and day. Its citations are held against ``articles``, the
    folder as `evals.lint.articles` reads it."""

    def asked(case: Case) -> Answer:
        return assistant.ask(case.question, as_turns(case.history), as_of=case.as_of)

    return _system(asked, lambda _, answer: _of_answer(answer, articles))


def _of_answer(answer: Answer, articles: Articles) -> Prediction:
    return Prediction(
        answer.status,
        text=" ".join(claim.text for claim in answer.claims),
        short_answer=answer.short_answer,
        confidence=answer.confidence if answer.judged else None,
        statements=tuple(_of_claim(claim, answer.language, articles) for claim in answer.claims),
        cited=tuple(_cited(articles, c.address, c.start, c.end, c.quote) for c in answer.citations),
        retrieved=tuple(evidence.address for evidence in answer.retrieved),
        conflict=answer.conflict,
        removed=len(answer.removed),
        prompt_tokens=answer.usage.prompt_tokens,
        completion_tokens=answer.usage.completion_tokens,
        calls=answer.usage.calls,
        notes="\n".join(filter(None, [answer.reason, *map(_removed, answer.removed)])),
    )


def _of_claim(claim: Claim, language: str, articles: Articles) -> Statement:
    held = [citation.address for citation in claim.citations if citation.failed is None]
    return _statement(claim.said, held, articles, language, shown_as=claim.status)


def _removed(claim: Claim) -> str:
    return f"removed ({claim.failed}): {claim.text} [{claim.note}]"


# ---------------------------------------------------------------- BM25


def bm25_paragraph(articles: Articles) -> System:
    """Says the paragraph that BM25 puts first, whole, and cites it; it never refuses while there is a paragraph.

    Headings are paragraphs. A follow-up is asked as it stands. For confidence see `_quoting`.
    """
    return _quoting(articles, lambda _, paragraph: (0, len(paragraph.text)))


def bm25_sentence(articles: Articles) -> System:
    """As `bm25_paragraph`, but of the first paragraph only the sentence that BM25 over all sentences puts first."""
    spans = [(p, article.language, span) for article in articles.values() for p in article.paragraphs
             for span in sentences(p.text, article.language)]  # fmt: skip
    scores = _bm25([(paragraph.text[slice(*span)], language) for paragraph, language, span in spans])
    places: dict[str, list[int]] = {}
    for place, (paragraph, _, _) in enumerate(spans):
        places.setdefault(paragraph.address, []).append(place)

    def best(case: Case, paragraph: Paragraph) -> tuple[int, int]:
        found = scores(case.question, case.lang)
        inside = places.get(paragraph.address, [])
        return spans[max(inside, key=lambda place: found[place])][2] if inside else (0, len(paragraph.text))

    return _quoting(articles, best)


def _quoting(articles: Articles, part: Callable[[Case, Paragraph], tuple[int, int]]) -> System:
    """Quotes a part of the paragraph that BM25 puts first.

    Confidence is s / (s + 10) for its score s: 0..1, rising with the score, one half at 10. Only its order means
    anything.
    """
    paragraphs = [(p, article.language) for article in articles.values() for p in article.paragraphs]
    scores = _bm25([(paragraph.text, language) for paragraph, language in paragraphs])

    def asked(case: Case) -> tuple[list[tuple[Paragraph, float]], tuple[int, int]]:
        found = scores(case.question, case.lang)
        best = [(paragraphs[i][0], float(found[i])) for i in np.argsort(-found, kind="stable")[:_RETRIEVED]]
        return best, part(case, best[0][0]) if best else (0, 0)

    def predicted(case: Case, given: tuple[list[tuple[Paragraph, float]], tuple[int, int]]) -> Prediction:
        best, span = given
        if not best:
            return Prediction("refused", confidence=0.0, notes="There is no paragraph.")
        paragraph, score = best[0]
        quoted = replace(_quoted(paragraph, span, articles), retrieved=tuple(p.address for p, _ in best))
        return replace(quoted, confidence=round(score / (score + _HALF_SURE), 4))

    return _system(asked, predicted)


def _quoted(paragraph: Paragraph, span: tuple[int, int], articles: Articles) -> Prediction:
    quote, language = paragraph.text[slice(*span)], articles[paragraph.file].language
    said = [" ".join(quote[start:end].split()) for start, end in sentences(quote, language)]
    start = paragraph.start + span[0]
    return Prediction(
        "answered",
        text=" ".join(said),
        statements=tuple(_statement(one, [paragraph.address], articles, language) for one in said),
        cited=(_cited(articles, paragraph.address, start, start + len(quote), quote),),
    )


def _bm25(texts: Sequence[tuple[str, str]]) -> Callable[[str, str], NDArray[np.float32]]:
    """The scores of these (text, language) for a (question, its language), in their order, 0 or more.

    bm25s as it comes: Lucene's variant, k1 1.5, b 0.75. Each text is stemmed in its own language and the question in
    its own, so that across languages only names and numbers meet.
    """
    import bm25s

    tokens = [stems(text, language) for text, language in texts]
    none = np.zeros(len(texts), dtype=np.float32)
    if not any(tokens):
        return lambda question, language: none
    engine = bm25s.BM25()
    engine.index(tokens, show_progress=False)

    def scores(question: str, language: str) -> NDArray[np.float32]:
        asked = stems(question, language)
        return np.asarray(engine.get_scores(asked), dtype=np.float32) if asked else none

    return scores


# ---------------------------------------------------------------- no answer, no evidence


def always_refuse() -> System:
    """Refuses every question, with confidence 0."""
    return _system(lambda case: None, lambda case, _: Prediction("refused", confidence=0.0, notes="It always refuses."))


_FROM_MEMORY = (
    "Answer the question from what you know, in one short sentence, in the language of the question. "
    "If you do not know the answer, write exactly: I do not know."
)
_UNKNOWN = re.compile(r"\W*(?:i do not know|i don't know|no lo se)\b")  # of folded text


def closed_book(model: ChatModel, *, max_tokens: int = 500) -> System:
    """What the model says of itself, without any evidence: nothing is cited, and "I do not know" is a refusal."""

    def asked(case: Case) -> tuple[str, Usage]:
        turns = [Message(turn.role, turn.content) for turn in as_turns(case.history)]
        return _reply(model, [Message("system", _FROM_MEMORY), *turns, Message("user", case.question)], max_tokens)

    def predicted(case: Case, given: tuple[str, Usage]) -> Prediction:
        said, usage = given
        if not said or _UNKNOWN.match(fold(said)):
            return _used(Prediction("refused", notes=said), [usage])
        parts = [" ".join(said[start:end].split()) for start, end in sentences(said, case.lang)]
        statements = tuple(Statement(part, shown_as="unsupported") for part in parts)
        return _used(Prediction("answered", text=" ".join(parts), statements=statements), [usage])

    return _system(asked, predicted)


def _reply(model: ChatModel, messages: Sequence[Message], max_tokens: int) -> tuple[str, Usage]:
    """The model's whole reply. Raises ModelError."""
    deltas = list(model.stream(messages, max_tokens=max_tokens))
    usage = next((delta.usage for delta in reversed(deltas) if delta.usage), Usage(calls=1))
    return "".join(delta.text for delta in deltas).strip(), usage


def _used(prediction: Prediction, usages: Sequence[Usage]) -> Prediction:
    return replace(
        prediction,
        prompt_tokens=sum(usage.prompt_tokens for usage in usages),
        completion_tokens=sum(usage.completion_tokens for usage in usages),
        calls=sum(usage.calls for usage in usages),
    )


# ---------------------------------------------------------------- LlamaIndex's own citing engine


def citation_query_engine(assistant: Assistant, model: ChatModel, articles: Articles) -> System:
    """LlamaIndex's `CitationQueryEngine` as it comes, over the same paragraphs, vectors and model as the product.

    It is given as many paragraphs as the product (``top_k``) and sees no history. A `[n]` cites the paragraph of the
    n-th source; one without a source is kept as an invalid citation of the address "[n]". Having no way to refuse, it
    has refused when it cites nothing and says that the sources do not tell, or "Empty Response".
    """

    def asked(case: Case) -> tuple[RESPONSE_TYPE, list[Usage]]:
        usages: list[Usage] = []
        engine = _engine(assistant, _llama_index_model(model, assistant.settings.max_tokens, usages))
        return engine.query(case.question), usages

    def predicted(case: Case, given: tuple[RESPONSE_TYPE, list[Usage]]) -> Prediction:
        response, usages = given
        sources = [f"{node.metadata['file']}#p{node.metadata['number']}" for node in response.source_nodes]
        told = _with_marks(str(response).strip(), sources, case.lang, articles)
        return _used(replace(told, retrieved=tuple(dict.fromkeys(sources))[:_RETRIEVED]), usages)

    return _system(asked, predicted)


def _engine(assistant: Assistant, llm: CustomLLM) -> Any:
    from llama_index.core import VectorStoreIndex
    from llama_index.core.query_engine import CitationQueryEngine

    from qa.index.llama import ArticleVectorStore, QAEmbedding

    vectors = ArticleVectorStore(assistant.store)
    index = VectorStoreIndex.from_vector_store(vectors, embed_model=QAEmbedding(assistant.embedder))
    return CitationQueryEngine.from_args(index, llm=llm, similarity_top_k=assistant.settings.top_k)


def _llama_index_model(model: ChatModel, max_tokens: int, usages: list[Usage]) -> CustomLLM:
    """Our model where LlamaIndex expects one of its own; what each call used is added to ``usages``."""
    from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata
    from llama_index.core.llms.callbacks import llm_completion_callback

    class OurModel(CustomLLM):
        @property
        def metadata(self) -> LLMMetadata:
            return LLMMetadata(context_window=_WHOLE_WINDOW, num_output=max_tokens, model_name=model.identity)

        @llm_completion_callback()
        def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
            text, usage = _reply(model, [Message("user", prompt)], max_tokens)
            usages.append(usage)
            return CompletionResponse(text=text)

        @llm_completion_callback()
        def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
            raise NotImplementedError("The engine is asked for whole replies.")

    return OurModel()


_MARK = re.compile(r"\s*\[(\d+(?:\s*,\s*\d+)*)\]")
_MARKS_BEHIND = re.compile(r"([.!?…][\"”»]?)((?:\s*\[\d+(?:\s*,\s*\d+)*\])+)")
_NOTHING_TOLD = re.compile(  # of folded text
    r"empty response|\bnone of the\b.*\bsources\b|\bsources?\b.*\b(?:do|does)(?: not|n't)\b"
    r"|\bno information\b|\bnot helpful\b"
    r"|\bcan(?:not|'t| not) (?:be )?(?:answer|determine)|\bi do(?: not|n't) know\b"
    r"|\bninguna de las fuentes\b|\bfuentes?\b.*\bno (?:proporciona|contiene|menciona|indica)|\bno hay informacion\b"
)


def _with_marks(said: str, sources: Sequence[str], language: str, articles: Articles) -> Prediction:
    """The reply sentence by sentence, its marks read as citations of the sources, which count from 1."""
    if not said or (not _MARK.search(said) and _NOTHING_TOLD.search(fold(said))):
        return Prediction("refused", notes=said)
    marked = [(text, [_source(mark, sources) for mark in marks]) for text, marks in _marked(said, language)]
    statements = [
        _statement(text, cited, articles, language, shown_as="verified" if cited else "unsupported")
        for text, cited in marked
    ]
    every = dict.fromkeys(address for _, cited in marked for address in cited)
    return Prediction(
        "answered",
        text=" ".join(text for text, _ in marked),
        statements=tuple(statements),
        cited=tuple(_whole(articles, address) for address in every),
    )


def _marked(said: str, language: str) -> Iterator[tuple[str, list[int]]]:
    """Each sentence without its marks, and their numbers. Marks behind a full stop belong to the sentence before."""
    moved = _MARKS_BEHIND.sub(r"\2\1", said)
    for start, end in sentences(moved, language):
        marks = [int(number) for found in _MARK.findall(moved[start:end]) for number in found.split(",")]
        text = " ".join(_MARK.sub("", moved[start:end]).split())
        if re.search(r"\w", text):
            yield text, marks


def _source(mark: int, sources: Sequence[str]) -> str:
    return sources[mark - 1] if 1 <= mark <= len(sources) else f"[{mark}]"


def _whole(articles: Articles, address: str) -> Cited:
    """A citation of the paragraph as a whole."""
    found = _evidence_or_none(articles, address)
    return Cited(address, found.paragraph.text if found else "", found is not None)


# ---------------------------------------------------------------- all of them


def trivial(assistant: Assistant, articles: Articles) -> dict[str, System]:
    """The baselines by name: three that need no model and, where the assistant has one, two with the same model."""
    systems = {
        "bm25-paragraph": bm25_paragraph(articles),
        "bm25-sentence": bm25_sentence(articles),
        "always-refuse": always_refuse(),
    }
    if assistant.model:
        systems["closed-book"] = closed_book(assistant.model, max_tokens=assistant.settings.max_tokens)
        systems["citation-query-engine"] = citation_query_engine(assistant, assistant.model, articles)
    return systems
