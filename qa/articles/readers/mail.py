"""Mails, each an article: .eml and .msg."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from io import BytesIO

from qa.articles.encoding import decode
from qa.articles.numbering import Content, Unreadable, plain
from qa.articles.readers.basic import read_text
from qa.articles.readers.html import read_html


def read_mail(raw: bytes) -> Content:
    """A message's text, with its subject, day and sender; attachments are named as not read."""
    from email import message_from_bytes, policy
    from email.message import EmailMessage

    message = message_from_bytes(raw.lstrip(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    if not message.keys():
        raise Unreadable("unreadable", "It does not begin as a message does.")
    is_saved_page = message.get_content_type() == "multipart/related"
    body = message.get_body(("html", "plain") if is_saved_page else ("plain", "html"))
    held = body.get_payload(decode=True) if body is not None else None
    if body is None or not isinstance(held, bytes):
        raise Unreadable("empty", "The message holds no text.")
    words = _text_of(held, body.get_content_charset())
    sender = message["from"].addresses if message["from"] else ()
    names = [str(part.get_filename() or "") for part in message.iter_attachments()]
    return _letter(
        words,
        is_page=body.get_content_type() == "text/html",
        subject=str(message["subject"] or ""),
        sent=message["date"].datetime if message["date"] and message["date"].datetime else None,
        sender=(sender[0].display_name or sender[0].addr_spec) if sender and not is_saved_page else "",
        attached=[name for name in names if name],
    )


def _text_of(held: bytes, charset: str | None) -> str:
    try:
        return held.decode(charset or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return decode(held, charset)


def read_msg(raw: bytes) -> Content:
    """An Outlook message's text, with its subject, day and sender; attachments are named as not read."""
    from oxmsg import Message

    message = Message.load(BytesIO(raw))
    page = message.html_body
    return _letter(
        message.body or page or "",
        is_page=not message.body,
        subject=message.subject or "",
        sent=message.sent_date,
        sender=message.sender or "",
        attached=[attachment.file_name or "" for attachment in message.attachments],
    )


def _letter(
    words: str, *, is_page: bool, subject: str, sent: datetime | None, sender: str, attached: Sequence[str]
) -> Content:
    content = read_html(words.encode()) if is_page else read_text(words.encode())
    return replace(
        content,
        title=plain(subject) or content.title,
        published=sent.date() if sent else content.published,
        source=plain(sender.partition("<")[0]).strip('"') or plain(sender) or content.source,
        unread=tuple((name, "It is attached to a message: save it beside it.") for name in attached if name),
    )
