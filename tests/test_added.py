"""What is put into a true sentence does not pass, in whatever brackets or invisible characters it comes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.check.verify import verify
from qa.language import text as texts
from qa.types import Draft, Evidence, Paragraph, Proposal

ROOT = Path(__file__).parent.parent


def evidence(file: str, paragraphs: list[str], language: str) -> list[Evidence]:
    return [
        Evidence(Paragraph(file, i, 0, len(text), text), i, 1, 1, 1, lead=paragraphs[0], language=language)
        for i, text in enumerate(paragraphs, 1)
    ]


def articles() -> list[list[Evidence]]:
    found = []
    for file in sorted((ROOT / "seeds").glob("*.txt")):
        text = file.read_text(encoding="utf-8")
        found.append(evidence(file.name, re.findall(r"[^\n]*\S[^\n]*", text), texts.detect_language(text)))
    for line in (ROOT / "evals" / "sample" / "docs.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found.append(evidence(row["doc_id"], row["paras"], row["lang"]))
    return [article for article in found if article[0].language in ("en", "es")]


SENTENCES = [
    (sentence, article, home)
    for article in articles()
    for home in article
    for start, end in texts.sentences(home.paragraph.text, home.language)
    if 8 <= len((sentence := home.paragraph.text[start:end]).split()) <= 40 and sentence.endswith(".")
]
# Not one of these words stands in the articles or in a table of the code.
CLAUSES = {
    "en": [
        "and secretly bribed the hosts",
        "after murdering his wife",
        "who embezzled pension savings",
        "to smuggle cocaine",
        "and lied",
        "fraudulently",
        "as astrologers foretold",
    ],
    "es": [
        "y sobornó en secreto a los anfitriones",
        "tras asesinar a su esposa",
        "que malversó los ahorros",
        "para traficar cocaína",
        "y mintió",
        "fraudulentamente",
        "como vaticinaron los astrólogos",
    ],
}
BRACKETS = ["{}", "[{}]", "({})", "{{{}}}", "<{}>", "— {} —", ", {},", "⟦{}⟧", "“{}”", "*{}*"]
UNSEEN = ["", "\u200b", "\u00ad", "\u2060", "\u202e", "\u2066", "\ufe0f", "\u0336", "\u034f"]


def test_the_articles_have_both_languages() -> None:
    assert {article[0].language for _, article, _ in SENTENCES} == {"en", "es"}
    assert len(SENTENCES) >= 90


def split(words: str, mark: str) -> str:
    return re.sub(r"(\w{3})(?=\w)", rf"\g<1>{mark}", words)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_put_into_a_true_sentence_does_not_pass(data: st.DataObject) -> None:
    sentence, article, home = data.draw(st.sampled_from(SENTENCES))
    language = home.language
    clause = split(data.draw(st.sampled_from(CLAUSES[language])), data.draw(st.sampled_from(UNSEEN)))
    put_in = data.draw(st.sampled_from(BRACKETS)).format(clause)
    gaps = [m.start() for m in re.finditer(" ", sentence)]
    at = data.draw(st.sampled_from([0, *gaps, len(sentence) - 1, len(sentence)]))
    claim = f"{sentence[:at].rstrip()} {put_in} {sentence[at:].lstrip()}".strip()
    proposals = data.draw(st.sampled_from([(), (Proposal(home.address),)]))
    judged = verify(Draft(claim, proposals), article, language=language)
    assert judged.status == "unsupported"


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SENTENCES), st.sampled_from(UNSEEN))
def test_what_cannot_be_seen_changes_nothing(true: tuple[str, list[Evidence], Evidence], mark: str) -> None:
    sentence, article, home = true
    judged = verify(Draft(split(sentence, mark), (Proposal(home.address),)), article, language=home.language)
    assert judged.status == "verified", judged.note
    assert judged.text == texts.visible(sentence)


MILL = evidence("mill.txt", ["The miller sold the old mill to his neighbour in spring."], "en")


@pytest.mark.parametrize(
    "claim",
    [
        "[It is not true that] the miller sold the old mill to his neighbour in spring.",
        "It is a hoax that the miller sold the old mill to his neighbour in spring.",
        "The miller sold the old mill to his neighbour and cheated him.",
        "The miller sold the old mill to his neighbour at gunpoint.",
        "[The miller was a forger.] The miller sold the old mill to his neighbour in spring.",
        "It was.",
        "That is so.",
        "The articles do not mention a price [and the miller was a forger].",
        "The articles do not mention a price and the miller was a forger.",
        "The miller was a forger, which the articles do not mention.",
    ],
)
def test_what_the_source_does_not_have_is_not_passed(claim: str) -> None:
    assert verify(Draft(claim), MILL).status == "unsupported"


@pytest.mark.parametrize(
    "claim",
    [
        "The miller sold the old mill to his neighbour.",
        "In spring the miller sold the old mill.",
        "The old mill was sold to his neighbour by the miller in spring.",
        "The articles do not mention a price.",
    ],
)
def test_what_is_left_out_or_moved_is_passed(claim: str) -> None:
    judged = verify(Draft(claim), MILL)
    assert judged.status == "repaired", judged.note
