"""Bytes to characters, whatever encoding an article was saved in."""

from __future__ import annotations

import codecs
import unicodedata

from qa.articles.numbering import Reason, Unreadable
from qa.model.encoder import vocabulary

BOM = "\ufeff"

_BOMS = (  # UTF-32 before UTF-16, whose mark it begins with; a UTF-8 mark stays in the text, as read_text leaves it
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What articles were written in before UTF-8, commonest first: of two that read alike the earlier wins.
# charset-normalizer, which looks at letters and not at words, is right in 189 of 348 English texts with one foreign
# name, this in 321 (`python -m evals.bench.encodings`).
LEGACY = (
    "cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 iso8859_2 iso8859_5 iso8859_6 iso8859_7 koi8_r "
    "koi8_u cp866 cp874 mac_roman cp932 euc_jp gb18030 big5 cp949"
).split()
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\f\r\x1b")
_SAMPLE = 200_000  # bytes that are enough to tell an encoding by, and different words in them
_TELLING = 2000
_STRANGE = 30.0  # as much as an unknown character costs, about
_NOISE = -9.0  # the log-probability of a byte below which bytes are no text; rare names have -7, noise -10 to -13


def decode(raw: bytes, declared: str | None = None) -> str:
    """The text, with ``\\n`` for every line end; ``declared`` is tried when it is not UTF-8. Raises Unreadable."""
    marked = next((name for mark, name in _BOMS if raw.startswith(mark)), None) or _wide(raw)
    encoding = marked or _encoding(raw, declared)
    try:
        text = _mixed(raw, encoding) or raw.decode(encoding)
    except UnicodeDecodeError as error:
        reason: Reason = "truncated" if "truncated" in error.reason else "encoding"
        raise Unreadable(reason, f"It begins as {encoding} and does not go on so: save it as UTF-8.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _wide(raw: bytes) -> str | None:
    """UTF-16 without its mark: half of the bytes of ASCII in it are zero, all in even places or all in odd ones."""
    even, odd = raw[:_SAMPLE:2].count(0), raw[1:_SAMPLE:2].count(0)
    name = "utf-16-be" if even > odd else "utf-16-le"
    if min(even, odd) or 8 * max(even, odd) < min(len(raw), _SAMPLE) or len(raw) % 2 or not _decodes(raw, name):
        return None
    text = raw[:_SAMPLE].decode(name, "replace")
    return name if sum(char < " " and char not in "\t\n\f\r" for char in text) == 0 else None


def _mixed(raw: bytes, encoding: str) -> str | None:
    """The text of a file with lines in UTF-8 beside lines in an older encoding, pasted from elsewhere; else None."""
    if encoding not in LEGACY:
        return None
    lines = raw.split(b"\n")
    telling = [line for line in lines if not line.isascii()]
    unicode = [line for line in telling if _decodes(line, "utf-8")]
    others = [line for line in telling if not _decodes(line, "utf-8")]
    if not unicode or not others or not _decodes(b"".join(unicode), encoding):
        return None
    likely = [
        sum(_likelihood(word) for word in b" ".join(unicode).decode(name).split()) for name in ("utf-8", encoding)
    ]
    if likely[0] <= likely[1]:
        return None
    other = _guess(b"\n".join(others))
    return "\n".join(line.decode("utf-8" if _decodes(line, "utf-8") else other) for line in lines)


def _encoding(raw: bytes, declared: str | None) -> str:
    """The encoding's name; raises Unreadable when it cannot be told."""
    if b"\0" in raw or len(raw) - len(raw.translate(None, _CONTROL)) > 0.3 * len(raw):  # a text has hardly any
        raise Unreadable("binary", "It holds bytes that no text has.")
    if _decodes(raw, "utf-8"):
        return "utf-8"
    _refuse_damaged_utf8(raw)
    return _named_encoding(raw, declared) or _guess(raw)


def _refuse_damaged_utf8(raw: bytes) -> None:
    """Raises Unreadable when the bytes are UTF-8 but for a few: any other encoding would turn them into nonsense."""
    text = raw.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = sum(char > "\x7f" for char in text) - bad
    if good and bad == 1 and text.endswith("\ufffd"):
        raise Unreadable("truncated", "It ends in the middle of a character.")
    if good <= bad:  # Chinese in GB 18030 has one chance pair for three bad bytes
        return
    raise Unreadable("encoding", f"It is UTF-8 but for {bad} of its bytes: save it as UTF-8.")


def _named_encoding(raw: bytes, name: str | None) -> str | None:
    """The encoding that a page names, if it is one of text and the bytes are in it; the name may be any word."""
    try:
        found = codecs.lookup(name or "").name
    except LookupError:
        return None
    if not found.startswith(("cp", "iso8859", "koi8", "gb", "big5", "euc", "shift", "mac")):
        return None
    # As browsers do: pages that name Latin-1 are in cp1252, which has the typographic quotes.
    likely = ("cp1252", found) if found == "iso8859-1" else (found,)
    return next((one for one in likely if _decodes(raw, one)), None)


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _guess(raw: bytes) -> str:
    """The encoding in which the words that are not ASCII are the likeliest. Raises Unreadable when none is likely."""
    sample = raw[:_SAMPLE].rpartition(b"\n")[0] or raw  # whole lines: no character is cut
    telling = [word for word in dict.fromkeys(sample.split()) if not word.isascii()][:_TELLING]
    read = {name: [word.decode(name) for word in telling] for name in LEGACY if _decodes(sample, name)}
    scores = {name: sum(map(_likelihood, words)) for name, words in read.items()}
    best = max(scores, key=lambda name: scores[name], default="")
    if not best or scores[best] < _NOISE * sum(map(len, telling)) - _STRANGE:
        raise Unreadable("encoding", "Its encoding cannot be told: save it as UTF-8.")
    return best


def _likelihood(word: str) -> float:
    """How likely a word is: the log-probability of its pieces in a vocabulary of a hundred languages (Kudo 2018), less
    what a word has that none is written with."""
    return vocabulary().likelihood(word) - _STRANGE * (_is_mixed(word) + _has_sign_inside(word))


def _is_mixed(word: str) -> bool:
    """Whether a word has Latin letters or digits beside other ones, or is one other letter alone."""
    others = [char for char in word if _is_letter(char) and not unicodedata.name(char, "").startswith("LATIN")]
    plain = any(char.isascii() and char.isalnum() for char in word)
    return bool(others) and (plain or sum(map(str.isalpha, word)) == 1)


def _is_letter(char: str) -> bool:
    return not char.isascii() and (char.isalpha() or unicodedata.category(char) in ("Mn", "Mc", "Cf", "Co"))


def _has_sign_inside(word: str) -> bool:
    """Whether between two letters stands what is no letter, mark or apostrophe: "Wa³esa", "Banglade\\xa0"."""
    triples = zip(word, word[1:], word[2:], strict=False)
    return any(a.isalpha() and b.isalpha() and _is_sign(char) for a, char, b in triples)


def _is_sign(char: str) -> bool:
    return not char.isascii() and unicodedata.category(char)[0] not in "LMC" and char not in "’·"
