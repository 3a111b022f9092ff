from __future__ import annotations

import shutil
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import QAError, WeightsError
from qa.model.embed import E5Embedder, bundled
from qa.model.encoder import POSITIONS, WEIGHTS, Encoder
from qa.model.pieces import UNKNOWN, Pieces

ENCODER = Encoder("embed.onnx")
PIECES = Pieces(WEIGHTS / "pieces.bin")


# ---------------------------------------------------------------- vectors


def test_vectors_have_length_one_and_near_meanings_are_near() -> None:
    embedder = bundled()
    rows = embedder.passages(["The harbour reopened after the storm.", "Parliament voted on the budget."])
    query = embedder.query("¿Cuándo reabrió el puerto?")
    assert rows.shape == (2, embedder.dim)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1], abs=1e-3)
    assert rows[0] @ query > rows[1] @ query


def test_odd_texts_are_embedded() -> None:
    assert np.isfinite(bundled().passages(["", "\0\0", "word " * 5000, "😀", "a" * 100_000])).all()
    assert bundled().passages([]).shape == (0, 384)


def test_the_identity_names_the_model() -> None:
    assert "multilingual-e5-small" in E5Embedder.identity


def test_a_text_has_the_same_vector_alone_and_among_others_of_all_lengths() -> None:
    texts = [f"The council met {'again and ' * n}on day {n}." for n in range(0, 160, 3)]
    together = bundled().passages(texts)
    alone = np.concatenate([bundled().passages([text]) for text in texts])
    assert np.array_equal(together, alone)


def test_eight_threads_share_an_encoder() -> None:
    rows = ENCODER.encode([f"passage: ship number {n} left the port" for n in range(8)])
    alone = [ENCODER.run([row])[0]["vectors"] for row in rows]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda row: Encoder("embed.onnx").run([row])[0]["vectors"], rows * 4))
    assert np.array_equal(np.stack(found), np.stack(alone * 4))


# ---------------------------------------------------------------- pieces


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Who leads the company?", ["Who", "lead", "s", "the", "company", "?"]),
        ("  two\n\tlines ", ["two", "lines"]),
        ("ﬁne", ["ﬁne"]),  # a ligature is cut as "fine"
        ("<s> </s>", ["<", "s", ">", "", "</", "s", ">"]),  # a text does not hold the marks themselves
        ("", []),
    ],
)
def test_a_text_is_cut_into_pieces_with_their_places(text: str, pieces: list[str]) -> None:
    assert [text[start:end] for _, start, end in PIECES.of(text)] == pieces


def test_unknown_characters_in_a_row_are_one_piece() -> None:
    (unknown,) = [piece for piece in PIECES.of("a \U000f0000\U000f0001") if piece[0] == UNKNOWN]
    assert unknown[1:] == (2, 4)


@given(st.text(max_size=200))
def test_pieces_follow_each_other_through_any_text(text: str) -> None:
    at = 0
    for piece, start, end in PIECES.of(text):
        assert 2 < piece < 250_002
        assert 0 <= start <= end <= len(text)
        assert end >= at
        at = end


def test_composed_and_decomposed_letters_are_cut_alike() -> None:
    text = "La dirección anunció 각서"
    apart = unicodedata.normalize("NFD", text)
    ours, theirs = list(PIECES.of(text)), list(PIECES.of(apart))
    assert [piece[0] for piece in ours] == [piece[0] for piece in theirs]
    assert [unicodedata.normalize("NFC", apart[start:end]) for _, start, end in theirs] == [
        text[start:end] for _, start, end in ours
    ]


# ---------------------------------------------------------------- pairs


def test_a_pair_has_the_marks_and_the_places_of_the_text() -> None:
    text = "Ilse Brandt leads the harbour."
    (pair,) = ENCODER.encode_pairs(["Who leads it?"], [text])
    assert (pair.ids[0], pair.ids[pair.first - 2 : pair.first], pair.ids[-1]) == (0, (2, 2), 2)
    assert len(pair.ids) == pair.first + len(pair.spans) + 1
    assert text[pair.spans[0][0] : pair.spans[-1][1]] == text
    assert pair.end == len(text)


def test_a_long_text_is_read_as_far_as_the_model_goes_and_can_be_gone_on_with() -> None:
    text = " ".join(f"ship{n}" for n in range(1000))
    (pair,) = ENCODER.encode_pairs(["which ship? " * 100], [text])
    assert len(pair.ids) == POSITIONS
    assert 0 < pair.end < len(text)
    (rest,) = ENCODER.encode_pairs(["which ship?"], [text[pair.end :]])
    assert rest.end > 0


def test_pairs_of_nothing_are_pairs() -> None:
    (pair,) = ENCODER.encode_pairs([""], [""])
    assert pair.ids == (0, 2, 2, 2)
    assert (pair.spans, pair.end) == ((), 0)
    (blank,) = ENCODER.encode_pairs(["Who?"], [" " * 20_000])
    assert (blank.spans, 0 < blank.end < 20_000) == ((), True)


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("name", ["tokens.bin", "pieces.bin", "embed.onnx"])
@pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
def test_a_damaged_file_is_said_in_one_sentence(tmp_path: Path, name: str, damage: str) -> None:
    place = Path(shutil.copytree(WEIGHTS, tmp_path / "weights"))
    path = place / name
    with path.open("r+b") as file:
        if damage == "flipped":
            file.seek(path.stat().st_size // 2)
            (byte,) = file.read(1)
            file.seek(-1, 1)
            file.write(bytes([byte ^ 1]))
        else:
            file.truncate(path.stat().st_size - 1)
    if damage == "gone":
        path.unlink()
    encoder = Encoder("embed.onnx", place=place)
    with pytest.raises(WeightsError, match=rf"{name} is missing or damaged; install qa again\.$") as raised:
        encoder.run(encoder.encode(["passage: a"]))
    assert isinstance(raised.value, QAError)
    assert raised.value.exit_code == 3
