from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.language.comparison import bears_out_date
from qa.language.mentions import dates, mentions, names, numbers
from qa.language.names import named_in, same_name

SATURDAY = date(2025, 7, 26)
SEEDS = sorted((Path(__file__).parent.parent / "seeds").glob("*.txt"))


def values(text: str, language: str = "en") -> list[str]:
    return [m.value for m in numbers(text, language)]


def days(text: str, language: str = "en", published: date | None = SATURDAY) -> list[str]:
    return [m.value for m in dates(text, language, published)]


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("€3 billion", "3.000 millones de euros"),
        ("3 bn euros", "3 mil millones de euros"),
        ("50,000 people", "50.000 personas"),
        ("fifty thousand people", "cincuenta mil personas"),
        ("50,000", "50 mil"),
        ("5.3% growth", "5,3 por ciento"),
        ("5.3 percent", "un 5,3 %"),
        ("two guards", "dos guardias"),
        ("tens of thousands of migrants", "decenas de miles de migrantes"),
        ("a million", "un millón"),
        ("one and a half million", "un millón y medio"),
        ("thirty-one years", "treinta y un años"),
        ("two hundred and fifty thousand", "doscientas cincuenta mil"),
        ("the first", "el primero"),
        ("1st", "1.º"),
        ("$1,199.99", "1.199,99 dólares"),
        ("6½", "6 y media"),
    ],
)
def test_one_number_however_it_is_written(english: str, spanish: str) -> None:
    assert values(english) == values(spanish, "es") != []


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("one of the guards", "en", []),
        ("uno de ellos en una casa", "es", []),
        ("5 to 10 percent", "en", ["5%", "10%"]),
        ("a score of 24–10", "en", ["24", "10"]),
        ("at 9:30", "en", ["9:30"]),
        ("the twenty-first floor", "en", ["21"]),
        ("no obstante, mil personas", "es", ["1000"]),
        ("Carlos Cruz-Diez pintó", "es", []),
        ("3 percentage points", "en", ["3"]),
    ],
)
def test_numbers(text: str, language: str, found: list[str]) -> None:
    assert values(text, language) == found


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("26 July 2025", "en", ["2025-07-26"]),
        ("July 26, 2025", "en", ["2025-07-26"]),
        ("el 26 de julio de 2025", "es", ["2025-07-26"]),
        ("on Saturday", "en", ["2025-07-26"]),
        ("Friday afternoon", "en", ["2025-07-25"]),
        ("Saturday, July 26, 2025", "en", ["2025-07-26"]),
        ("el miércoles 30 de noviembre", "es", ["2025-11-30"]),
        ("July 2025", "en", ["2025-07"]),
        ("In May 2023, a border clash", "en", ["2023-05"]),
        ("It may rain and they march on", "en", []),
        ("en febrero", "es", ["2025-02"]),
        ("ayer", "es", ["2025-07-25"]),
        ("last year", "en", ["2024"]),
        ("by the end of 2024", "en", ["2024"]),
        ("the 1990s", "en", ["1990s"]),
        ("los años noventa", "es", ["1990s"]),
        ("la década de 1990", "es", ["1990s"]),
        ("siglo X", "es", ["C10"]),
        ("the tenth century", "en", ["C10"]),
        ("2023-24", "en", ["2023", "2024"]),
        ("The Sunday Times recently reported", "en", []),
        ("1500 people", "en", []),
    ],
)
def test_dates(text: str, language: str, found: list[str]) -> None:
    assert days(text, language) == found


def test_a_date_without_a_publication_date_stays_as_it_is_written() -> None:
    assert days("el 30 de noviembre", "es", None) == ["--11-30"]
    assert days("on Saturday, yesterday", "en", None) == ["sat", "day-1"]


@pytest.mark.parametrize(
    ("claimed", "found", "same"),
    [
        ("2025-07", "2025-07-26", True),
        ("2025", "2025-07-26", True),
        ("2025-07-26", "2025-07", False),
        ("--11-30", "2024-11-30", True),
        ("2024-11-30", "--11-30", False),
        ("--02", "2025-02", True),
        ("1990s", "1994", True),
        ("1994", "1990s", False),
    ],
)
def test_a_source_bears_out_a_date_that_says_no_more(claimed: str, found: str, same: bool) -> None:
    assert bears_out_date(found, claimed) is same


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Masud Pezeshkian", "Masoud Pezeshkian"),
        ("Turkiye", "Turkey"),
        ("Bassam al-Sabbagh", "Sabbagh"),
        ("Seyyed Ali Khamenei", "Jamenei"),
        ("Rusia", "Russia"),
        ("EE. UU.", "United States"),
        ("OTAN", "NATO"),
        ("SCO", "Shanghai Cooperation Organization"),
        ("Iranian", "Irán"),
        ("President Pezeshkian", "Pezeshkian"),
    ],
)
def test_spellings_of_one_name(a: str, b: str) -> None:
    assert same_name(a, b)
    assert same_name(b, a)


@pytest.mark.parametrize(("a", "b"), [("Iran", "Iraq"), ("Austria", "Australia"), ("Shoigu", "Bagheri"), ("EU", "UN")])
def test_other_names(a: str, b: str) -> None:
    assert not same_name(a, b)


def test_names_of_a_sentence() -> None:
    text = (
        "Speaking on Saturday at the Ministry of Foreign Affairs, President Pezeshkian met Bassam al-Sabbagh of BRICS."
    )
    found = [m.text for m in names(text, "en")]
    assert found == ["Ministry of Foreign Affairs", "President Pezeshkian", "Bassam al-Sabbagh of BRICS"]


def test_a_first_word_is_a_name_only_if_it_looks_like_one() -> None:
    assert [m.text for m in names("Relations grew. Pezeshkian said so.", "en")] == ["Pezeshkian"]
    assert names("习近平说。", "zh") == []


def test_named_in_wants_the_words_together() -> None:
    text = "Iraqi President Abdul Latif Rashid spoke to Masoud Pezeshkian."
    assert named_in("Abdul Rashid", text)
    assert not named_in("Masoud Rashid", text)


@pytest.mark.parametrize("seed", SEEDS, ids=lambda p: p.name[:3])
@pytest.mark.parametrize("language", ["en", "es", "fr", "zh"])
def test_spans_slice_back_in_the_seeds(seed: Path, language: str) -> None:
    text = seed.read_text(encoding="utf-8")
    found = mentions(text, language, SATURDAY)
    assert found
    assert all(text[m.start : m.end] == m.text for m in found)


PIECES = st.sampled_from(
    "50,000 3.5 million € $ % two hundred and twenty-one mil millones de 26 July 2025 siglo X XX la el Iran's "
    "al-Sabbagh 1990s 24–10 6½ ½ first 1.º May Saturday, Sunday Times U.S. — “ ” ( ) . ; ayer tens of thousands "
    "İ ß ı ﬁ 中文 ٣٤ e\u0301".split()
)


@given(st.lists(PIECES, max_size=14).map(" ".join) | st.text(max_size=80), st.sampled_from(["en", "es", "de", "fa"]))
def test_spans_always_slice_back(text: str, language: str) -> None:
    for mention in mentions(text, language, SATURDAY):
        assert text[mention.start : mention.end] == mention.text
        assert mention.text.strip()
        assert mention.value


@given(st.integers(min_value=1000, max_value=10**11))
def test_grouped_digits_are_the_same_number(n: int) -> None:
    assert values(f"some {n:,} things") == values(f"unas {n:,} cosas".replace(",", "."), "es")


@pytest.mark.parametrize(
    ("claimed", "found", "borne_out"),
    [("C20", "1923", True), ("C20", "2000-05", True), ("C20", "2001", False), ("1800s", "1870s", True),
     ("1800s", "1923", False), ("1920s", "1923", True), ("1923", "C20", False)],
)  # fmt: skip
def test_a_century_is_borne_out_by_its_years(claimed: str, found: str, borne_out: bool) -> None:
    assert bears_out_date(found, claimed) is borne_out


def test_hoy_en_dia_is_no_day() -> None:
    assert not dates("Hoy en día viven allí pocos.", "es")
    assert dates("Hoy viven allí pocos.", "es")


_WITHOUT_DIGITS = {
    "It came on a Monday.": "en",
    "in the twenties": "en",
    "In May": "en",
    "ayer": "es",
    "siglo XIX": "es",
}


@pytest.mark.parametrize("text", _WITHOUT_DIGITS)
def test_a_date_without_a_digit_is_found(text: str) -> None:
    assert len(dates(text, _WITHOUT_DIGITS[text])) == 1


@pytest.mark.parametrize("digits", [16, 309, 400, 5000])
@pytest.mark.parametrize("language", ["en", "es", "de"])
def test_a_number_too_long_for_a_float_is_itself_and_no_other(digits: int, language: str) -> None:
    one, other = "7" * digits, "7" * (digits - 1) + "8"
    assert [m.value for m in numbers(f"It counted {one} grains.", language)] == [one]
    assert [m.value for m in numbers(f"It counted {other} grains.", language)] == [other]
    for words in (f"{one} million", f"${one}", f"{one}%", f"{one}th", f"{one} years", f"{one}.5", f"{one} and a half"):
        assert mentions(words, language)
