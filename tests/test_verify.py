from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.check.quotes import locate
from qa.check.verify import verify
from qa.language import text as texts
from qa.types import Draft, Evidence, Paragraph, Proposal

SEEDS = Path(__file__).parent.parent / "seeds"


def read(prefix: str, language: str, published: date | None, title: str | None = None) -> tuple[str, list[Evidence]]:
    """The text of a seed and every non-empty line of it as evidence."""
    file = next(SEEDS.glob(f"{prefix}_*.txt"))
    text = file.read_text(encoding="utf-8")
    paragraphs: list[Paragraph] = []
    for line in re.finditer(r"[^\n]*\S[^\n]*", text):
        paragraphs.append(Paragraph(f"{prefix}.txt", len(paragraphs) + 1, line.start(), line.end(), line[0]))
    lead = paragraphs[0].text
    return text, [
        Evidence(p, p.number, 1, 1, 1, title=title, lead=lead, published=published, language=language)
        for p in paragraphs
    ]


PREMISES, BORDERS = read("002", "en", date(2025, 7, 27))
SHOIGU_TEXT, SHOIGU = read("001", "en", None)
SIRIA_TEXT, SIRIA = read("004", "es", None)
CLASH = next(e for e in BORDERS if "Nimruz" in e.paragraph.text)
TRUE = [
    "Two Iranian border guards and one Taliban fighter died in a border clash in Nimruz province in May 2023.",
    "Iran has not formally recognised the Taliban-led government.",
    "Iran has allocated 3 billion euros to its armed forces to seal the border.",
    "Last year, security forces allegedly shot at migrants in the Kalgan area of Saravan.",
    "Pezeshkian said Iran could achieve major progress by reforming relations with its neighbours.",
    "In February 2025 Abbas Araghchi led a delegation to Kabul.",
    "Iran could achieve major progress by reforming its relations with neighbouring countries, Pezeshkian said.",
    "More than one million Afghans have been deported, the Sunday Times reported.",
]
FALSE = [
    ("In May 2023, a border clash killed three Iranian border guards and one Taliban fighter in Nimruz.", "three"),
    ("The border clash in Nimruz province resulted in the deaths of two Taliban fighters and one Iranian border guard.",
     "two"),
    ("A border clash in Nimruz province in May 2022 resulted in the deaths of two Iranian border guards.", "May 2022"),
    ("Iran has formally recognised the Taliban-led government.", "not"),
    ("Iran has allocated €30 billion to its armed forces.", "€30 billion"),
    ("Security forces shot at migrants in the Kalgan area of Saravan last year.", "certain"),
    ("Shoigu said Iran could achieve major progress by reforming its relations with neighbouring countries.", "Shoigu"),
    ("The Taliban asked Iran for water.", "002.txt"),
    ("The Taliban urged Iran to release water flow.", "Taliban"),
    ("Iran allocated $3 billion to its armed forces for this effort.", "$3 billion"),
    ("Taliban officials have also expressed concern over Afghanistan’s treatment of Afghan migrants.", "Iran"),
]  # fmt: skip


@pytest.mark.parametrize("claim", TRUE)
def test_a_true_claim_finds_its_paragraph(claim: str) -> None:
    judged = verify(Draft(claim), BORDERS)
    assert judged.status == "repaired", judged.note
    assert judged.citations[0].repaired == "aligned"
    cited = judged.citations[0]
    assert PREMISES[cited.start : cited.end] == cited.quote


@pytest.mark.parametrize(("claim", "named"), FALSE)
def test_a_false_claim_is_unsupported_and_the_note_says_why(claim: str, named: str) -> None:
    judged = verify(Draft(claim), BORDERS)
    assert judged.status == "unsupported"
    assert named in judged.note


def test_a_proposed_paragraph_that_supports_is_verified() -> None:
    judged = verify(Draft(TRUE[0], (Proposal(CLASH.address),)), BORDERS)
    assert judged.status == "verified"
    assert judged.citations[0].mark == BORDERS.index(CLASH) + 1
    assert "Nimruz" in judged.citations[0].quote
    assert PREMISES[judged.citations[0].start : judged.citations[0].end] == judged.citations[0].quote


def test_a_citation_of_the_wrong_paragraph_is_moved() -> None:
    judged = verify(Draft(TRUE[0], (Proposal(BORDERS[0].address),)), BORDERS)
    assert judged.status == "repaired"
    good, bad = judged.citations
    assert (good.address, good.repaired) == (CLASH.address, f"moved from {BORDERS[0].address}")
    assert bad.failed


def test_an_unknown_address_is_dropped() -> None:
    lone = verify(Draft("The sky is green.", (Proposal("999.txt#p1"),)), BORDERS)
    assert (lone.status, lone.failed, lone.citations) == ("unsupported", "citation", ())
    beside = verify(Draft(TRUE[0], (Proposal("999.txt#p1"), Proposal(CLASH.address))), BORDERS)
    assert [c.address for c in beside.citations] == [CLASH.address]


def test_without_evidence_nothing_is_supported() -> None:
    judged = verify(Draft("Anything."), [])
    assert (judged.status, judged.failed, judged.note) == ("unsupported", "citation", "nothing was retrieved")


@pytest.mark.parametrize(
    ("claim", "rule"),
    [
        (FALSE[0][0], "number"),
        (FALSE[2][0], "date"),
        (FALSE[3][0], "negation"),
        (FALSE[5][0], "modality"),
        ("A border clash in Helmand province killed two Iranian border guards and one Taliban fighter.", "name"),
    ],
)
def test_the_rule_that_failed(claim: str, rule: str) -> None:
    home = CLASH
    if rule == "negation":
        home = next(e for e in BORDERS if "formally recognised" in e.paragraph.text)
    if rule == "modality":
        home = next(e for e in BORDERS if "Kalgan" in e.paragraph.text)
    assert verify(Draft(claim, (Proposal(home.address),)), BORDERS).failed == rule


def test_a_quote_is_put_back_to_the_words_of_the_source() -> None:
    home = next(e for e in SHOIGU if "one-upmanship" in e.paragraph.text)
    claim = (
        "Pezeshkian stressed: “we believe that the ERA of one‑upmanship of some powers, including the United States, "
        "in the world is over”."
    )
    judged = verify(Draft(claim, (Proposal(home.address),)), SHOIGU)
    assert judged.status == "repaired", judged.note
    assert judged.citations[0].repaired == "quote restored"
    assert "We believe that the era of one-upmanship of some powers, including the United States" in judged.text


def test_an_altered_quote_fails() -> None:
    home = next(e for e in SHOIGU if "one-upmanship" in e.paragraph.text)
    claim = 'Pezeshkian stressed: "We believe that the era of friendship of some powers is over".'
    assert verify(Draft(claim, (Proposal(home.address),)), SHOIGU).failed == "quote"


def test_a_proposed_quote_gives_the_span() -> None:
    quote = "two  iranian border guards"
    judged = verify(Draft(TRUE[0], (Proposal(CLASH.address, quote),)), BORDERS)
    assert judged.citations[0].quote == "two Iranian border guards"
    assert judged.citations[0].repaired == "quote restored"
    assert verify(Draft(TRUE[0], (Proposal(CLASH.address, "two Afghan farmers"),)), [CLASH]).failed == "quote"


def test_a_name_in_brackets_must_be_in_the_article() -> None:
    sentence = (
        "stressed that resolving domestic challenges should be accompanied by strengthening external partnerships."
    )
    home = next(e for e in BORDERS if sentence in e.paragraph.text)
    proposal = (Proposal(home.address),)
    assert verify(Draft(f"He [Pezeshkian] {sentence}", proposal), BORDERS).status == "verified"
    assert verify(Draft(f"He [Shoigu] {sentence}", proposal), BORDERS).failed == "name"


def test_two_paragraphs_may_bear_a_claim_together() -> None:
    first = next(e for e in BORDERS if "€3 billion" in e.paragraph.text)
    claim = (
        "Iran has allocated €3 billion to its armed forces, and one Taliban fighter died in a clash in Nimruz province."
    )
    both = verify(Draft(claim, (Proposal(first.address), Proposal(CLASH.address))), BORDERS)
    assert both.status == "verified", both.note
    assert {c.address for c in both.citations} == {first.address, CLASH.address}
    assert verify(Draft(claim, (Proposal(first.address),)), BORDERS).status == "unsupported"


def test_across_languages_names_and_dates_decide_and_the_trained_check() -> None:
    claim = "Masoud Pezeshkian met Bassam al-Sabbagh, Syria's foreign minister, on 30 November."
    judged = verify(Draft(claim), SIRIA)
    assert judged.status == "repaired", judged.note
    assert "30 de noviembre" in judged.citations[0].quote
    moved = verify(Draft(claim.replace("30", "29")), SIRIA)
    assert moved.status == "unsupported"
    assert "29 November" in moved.note


def test_spanish() -> None:
    good = "El miércoles 30 de noviembre Pezeshkian se reunió con Bassam al-Sabbagh en una reunión."
    assert verify(Draft(good), SIRIA, language="es").status == "repaired"
    bad = "Irán se retirará de su apoyo a sus aliados."
    assert verify(Draft(bad), SIRIA, language="es").status == "unsupported"


def test_the_day_of_publication_bears_out_when_it_was_said() -> None:
    claim = "Iran could achieve major progress by reforming its relations, Pezeshkian said on 27 July 2025."
    assert verify(Draft(claim), BORDERS).status == "repaired"


def test_locate() -> None:
    assert locate("“the   Café”", 'at "The CAFE" now') == (3, 13)
    assert locate("missing", "text") is None


SENTENCES = [
    (evidence, evidence.paragraph.text[start:end])
    for article in (BORDERS, SHOIGU, SIRIA)
    for evidence in article
    for start, end in texts.sentences(evidence.paragraph.text, evidence.language)
]
TEXTS = {"001.txt": SHOIGU_TEXT, "002.txt": PREMISES, "004.txt": SIRIA_TEXT}


@pytest.mark.parametrize("home", [True, False])
def test_every_verbatim_sentence_holds(home: bool) -> None:
    for evidence, sentence in SENTENCES:
        article = next(a for a in (BORDERS, SHOIGU, SIRIA) if evidence in a)
        proposals = (Proposal(evidence.address),) if home else ()
        judged = verify(Draft(sentence, proposals), article, language=evidence.language)
        assert judged.status == ("verified" if home else "repaired"), sentence
        cited = judged.citations[0]
        assert TEXTS[cited.file][cited.start : cited.end] == cited.quote == sentence


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_changed_digit_is_never_supported(data: st.DataObject) -> None:
    pool = [(e, s) for e, s in SENTENCES if re.search(r"\d", s)]
    evidence, sentence = data.draw(st.sampled_from(pool))
    at = data.draw(st.sampled_from([m.start() for m in re.finditer(r"\d", sentence)]))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != sentence[at]]))
    changed = sentence[:at] + digit + sentence[at + 1 :]
    article = next(a for a in (BORDERS, SHOIGU, SIRIA) if evidence in a)
    assert verify(Draft(changed), article, language=evidence.language).status == "unsupported"


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=120), st.sampled_from(["en", "es", "zh"]))
def test_any_text_gets_a_verdict(text: str, language: str) -> None:
    judged = verify(Draft(text, (Proposal(CLASH.address),)), BORDERS, language=language)
    for cited in judged.citations:
        assert PREMISES[cited.start : cited.end] == cited.quote


def paragraphs(*said: str, language: str = "en") -> list[Evidence]:
    return [
        Evidence(Paragraph("1.txt", i, 0, len(text), text), i, 1, 1, 1, title=None, lead="", language=language)
        for i, text in enumerate(said, 1)
    ]


SPANISH = paragraphs(
    "El presidente Masud Pezeshkián viajó a Teherán el 3 de mayo de 2025. "
    "Ayer, Abás Araqchí se reunió con Putin en Moscú.",
    language="es",
)


def test_a_name_swapped_across_languages() -> None:
    true = verify(Draft("Masoud Pezeshkian travelled to Tehran on 3 May 2025."), SPANISH)
    assert "Teherán" not in true.note  # its names are right; the rest is the trained check's to say, which fails it
    other = verify(Draft("Masoud Pezeshkian travelled to Islamabad on 3 May 2025."), SPANISH)
    assert (other.status, "Islamabad" in other.note) == ("unsupported", True)
    beside = verify(Draft("Masoud Pezeshkian travelled to Moscow on 3 May 2025."), SPANISH)
    assert (beside.status, "Teherán" in beside.note) == ("unsupported", True)


def test_a_date_of_another_sentence_across_languages() -> None:
    evidence = paragraphs("El puente de Calcuta abrió en 1990. El museo de Praga cerró en 2004.", language="es")
    assert verify(Draft("The bridge of Calcutta opened in 1990."), evidence).status == "repaired"
    swapped = verify(Draft("The museum of Prague closed down in 1990."), evidence)
    assert swapped.status == "unsupported"


BRIDGE = paragraphs(
    "The council closed the old bridge after the flood and promised money for repairs.",
    "The museum sold the paintings to a collector.",
)


def test_a_word_from_another_sentence_in_place_of_the_sources_own() -> None:
    judged = verify(Draft("The council sold the old bridge after the flood and promised money for repairs."), BRIDGE)
    assert judged.status == "unsupported"
    assert "“closed” where the claim has “sold”" in judged.note


def test_what_the_sources_do_not_say() -> None:
    absent = verify(Draft("The articles do not mention Karachi."), BRIDGE)
    assert absent.status == "repaired", absent.note
    said = verify(Draft("The articles do not mention the council or the old bridge."), BRIDGE)
    assert (said.status, said.failed) == ("unsupported", "negation")
    assert verify(Draft("No se menciona Karachi."), BRIDGE, language="es").status == "repaired"


def test_a_surname_stands_for_the_name_that_another_paragraph_has() -> None:
    evidence = paragraphs("George Noel Gittoes is an artist.", "In 1949 Gittoes was born in Rockdale.")
    assert verify(Draft("In 1949 George Noel Gittoes was born in Rockdale."), evidence).status == "repaired"
    assert verify(Draft("In 1949 Maria Gittoes was born in Rockdale."), evidence).status == "unsupported"


RIVER = "The river rose before the storm, and all the bridges in the northern part of the town may remain closed."


@pytest.mark.parametrize(
    ("old", "new"), [("rose", "fell"), ("storm", "election"), ("northern", "southern"), ("town", "farm")]
)
def test_one_word_exchanged_in_a_sentence_that_is_otherwise_the_sources(old: str, new: str) -> None:
    home = paragraphs(RIVER)
    assert verify(Draft(RIVER.replace(old, new)), home).status == "unsupported"
    assert verify(Draft(f"According to the article, {RIVER[0].lower()}{RIVER[1:]}"), home).status == "repaired"


def test_two_cited_paragraphs_bear_a_claim_together_and_five_do_not() -> None:
    said = (
        "William Bourne designed a prototype submarine in 1578.",
        "Magnus Pegelius built a submarine in 1605.",
    )
    evidence = paragraphs(*said)
    proposals = tuple(Proposal(e.address) for e in evidence)
    claim = "William Bourne designed a submarine in 1578, and Magnus Pegelius built one in {}."
    judged = verify(Draft(claim.format(1605), proposals), evidence)
    assert {c.mark for c in judged.citations if not c.failed} == {1, 2}
    assert verify(Draft(claim.format(1606), proposals), evidence).status == "unsupported"
    others = paragraphs(*said, "The old museum opened.", "The harbour was busy.", "Fish live in the harbour.")
    whole = tuple(Proposal(e.address) for e in others)
    assert verify(Draft(claim.format(1605), whole), others).status == "unsupported"


@pytest.mark.parametrize(
    ("claim", "language", "stands"),
    [
        ("Yes, Delta State residents were told to evacuate.", "en", True),
        ("No, Delta State residents were told to evacuate to Lagos.", "en", False),
        ("Yes.", "en", False),
    ],
)
def test_a_yes_or_no_before_a_clause_is_no_word_of_it(claim: str, language: str, stands: bool) -> None:
    text = "On Monday Delta State residents were told to evacuate from low ground after the river rose by two metres."
    evidence = [Evidence(Paragraph("a.txt", 1, 0, len(text), text), 1, 1.0, 1.0, 1.0, language="en")]
    judged = verify(Draft(claim), evidence, language=language)
    assert (judged.status != "unsupported") == stands
    assert judged.text == claim
