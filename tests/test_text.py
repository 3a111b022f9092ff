from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.language.text import LONGEST, detect_language, fold, sentences, stems, stop_words, visible, words


def cut(text: str, language: str = "en") -> list[str]:
    return [text[start:end] for start, end in sentences(text, language)]


def test_sentences_keep_abbreviations_and_quotations_whole() -> None:
    text = 'Dr. Pezeshkian came on Jan. 5. He said: "It is over." “Creemos que sí”, enfatizó.'
    assert cut(text)[0] == "Dr. Pezeshkian came on Jan. 5."
    assert cut("El Sr. Pérez llegó. ¿Qué dijo?", "es") == ["El Sr. Pérez llegó.", "¿Qué dijo?"]


@given(st.text(), st.sampled_from(["en", "es", "zh", "fa", "xx"]))
def test_sentences_are_ordered_spans_that_leave_out_only_white_space(text: str, language: str) -> None:
    at = 0
    for start, end in sentences(text, language):
        assert start >= at
        assert start < end
        assert not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Türkiye", "turkiye"),
        ("Kraków ŁÓDŹ", "krakow lodz"),
        ("پزشکیان", "پزشكيان"),  # Arabic and Persian yeh and kaf
        ("إيران", "ایران"),
        ("مُحَمَّد", "محمد"),
        ("Ещё", "еще"),
        ("٢٠٢٤", "2024"),
        ("ＡＢＣ", "abc"),
    ],
)
def test_one_word_written_in_two_ways_folds_to_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_folding_keeps_what_tells_words_apart() -> None:
    assert fold("か") != fold("が")
    assert fold("мой") != fold("мои") or fold("й") == fold("и")  # й loses its mark on both sides alike


@pytest.mark.parametrize(
    ("language", "text", "query"),
    [
        ("es", "Las negociaciones fueron canceladas", "negociación cancelada"),
        ("ru", "Президенты встретились в Москве", "встретиться президент Москва"),
        ("fa", "رئیس‌جمهور ایران به مسکو رفت", "ايران مسکو"),
        ("ar", "زار الرئيسُ الإيراني موسكو", "الرئيس الإيراني"),
        ("zh", "伊朗总统访问莫斯科", "伊朗总统"),
        ("ja", "イランの大統領がモスクワを訪問した", "大統領 モスクワ"),
        ("en", "neighboring countries prioritize color", "neighbouring colours prioritise"),
        ("de", "Die Verhandlungen wurden abgebrochen", "Verhandlung"),
    ],
)
def test_a_question_s_tokens_stand_in_the_text_that_answers_it(language: str, text: str, query: str) -> None:
    assert set(stems(query, language)) <= set(stems(text, language))


def test_stop_words_are_left_out_in_the_question_s_language() -> None:
    assert {"el", "cuantos"} <= stop_words("es")
    assert not {"police", "million", "fire"} & stop_words("en")
    assert stems("¿Qué dijo el presidente?", "en", stop_language="es") == ["dijo", "president"]
    assert words("Iran’s €3 billion") == ["iran", "s", "3", "billion"]


def test_language_of_short_questions() -> None:
    assert detect_language("¿Quién es Bagheri?") == "es"
    assert detect_language("What did Shoigu say about Haniyeh?") == "en"
    assert detect_language("Kalgan", otherwise="en") == "en"
    assert detect_language("   ", otherwise="es") == "es"
    assert detect_language("Pezeshkian Shoigu Bagheri", otherwise="en", among=frozenset({"en", "es"})) in ("en", "es")


def test_a_language_is_told_from_more_than_its_first_words() -> None:
    opening = "La selva amazónica (Portugués: Floresta Amazônica; francés: Forêt amazonienne)"
    rest = ", también conocida en inglés como Amazonia, es un bosque húmedo que cubre la mayor parte de la cuenca."
    assert detect_language(opening + rest) == "es"


def test_a_sentence_without_an_end_is_cut_and_nothing_is_lost() -> None:
    for said in ("7" * 5_000, "grain " * 900, "“grain " * 9_000, "One thing. " * 4_000):
        spans = sentences(said, "en")
        assert max(end - start for start, end in spans) <= LONGEST
        assert "".join(said[start:end] for start, end in spans).replace(" ", "") == said.replace(" ", "")
    assert set(" ".join(cut("grain " * 9_000)).split()) == {"grain"}
    assert sentences("One thing. " * 4_000, "en")[3_999] == (43_989, 43_999)


def test_visible_is_what_a_reader_sees() -> None:
    assert visible("se\u200bcret\u00adly \u202eleft\u202c\nn\u0336o\u0336t") == "secretly left not"
    assert visible("cafe\u0301  bar ") == "caf\u00e9 bar"
    assert visible("\u0645\u06cc\u200c\u0631\u0648\u062f") == "\u0645\u06cc\u200c\u0631\u0648\u062f"


@given(st.text())
def test_visible_twice_is_visible_once(text: str) -> None:
    assert visible(visible(text)) == visible(text)
