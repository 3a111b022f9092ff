"""What several commands print: text without steering characters, a bar while an index is made, its summary."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.index.ingest import Summary
    from qa.types import Progress, Skipped, Step

MOST_SHOWN = 20  # claims, and sources; a question over the whole folder may have hundreds
_LONG = 1_000  # sentences without a vector from which on it is said what can be searched meanwhile
_SEARCHABLE = """What was read can be searched by its words now. The vectors of {:,} sentences follow, the newest
articles' first; Ctrl-C keeps what is done."""


def printable(text: str) -> str:
    """The text in one line, without characters that steer a terminal: articles and file names are not trusted."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def open_assistant(options: dict[str, Any], progress: Progress | None) -> Assistant:
    from qa.assistant import Assistant

    return Assistant.open(progress=progress, **options)


def warn(assistant: Assistant) -> None:
    """Says on standard error that the index is older than its folder, where it could not, or should not, be written."""
    if assistant.summary.unwritten:
        click.echo(f"qa: What the index holds is asked as it is. {assistant.summary.unwritten}", err=True)


@contextlib.contextmanager
def bar() -> Iterator[Progress]:
    """A bar on standard error for each phase, with rate and time left; none is drawn where nothing has to be done."""
    bar: Any = None  # made at the first step, so that an unchanged folder draws nothing
    phase = ""

    def progress(step: Step) -> None:
        nonlocal bar, phase
        if step.phase == "wait":
            click.echo("Another process is indexing this folder; waiting for it.", err=True)
            return
        if step.phase != phase:
            from tqdm import tqdm

            if bar is not None:
                bar.close()
            if step.phase == "embed" and (lacking := step.total - step.done) > _LONG:
                click.echo(_SEARCHABLE.format(lacking), err=True)
            unit = {"unit": "B", "unit_scale": True} if step.phase == "read" else {"unit": " sentences"}
            what = "Reading" if step.phase == "read" else "Vectors"
            bar = tqdm(total=step.total, initial=step.done, desc=what, file=sys.stderr, leave=False, **unit)
            phase = step.phase
        bar.set_postfix_str(printable(step.file)[-30:], refresh=False)
        bar.update(step.done - bar.n)

    try:
        yield progress
    finally:
        if bar is not None:
            bar.close()


def summary_of(assistant: Assistant) -> str:
    from qa.articles.corpus import by_suffix

    summary = assistant.summary
    languages = ", ".join(f"{language} {count}" for language, count in summary.languages.items())
    lines = [f"{assistant.folder}: {summary.articles} articles ({languages or 'none'})", done(summary)]
    if summary.kept:
        lines.append(f"kept {summary.kept} that the folder lost at once; `qa index --empty` deletes them")
    if summary.pending:
        lines.append(f"{summary.pending:,} sentences have no vector yet; searching by words works already")
    if summary.skipped:
        reasons = ", ".join(f"{reason} {count}" for reason, count in summary.skipped_by_reason.most_common())
        if not summary.articles:
            lines.append(f"no file here can be read: {by_suffix(summary.skipped)}")
        lines.append(f"skipped {len(summary.skipped)} ({reasons}); `qa doctor` lists them")
    return "\n".join(lines)


def done(summary: Summary) -> str:
    return (
        f"new {summary.added} · changed {summary.changed} · deleted {summary.deleted} · "
        f"sentences embedded {summary.embedded} · {summary.seconds:.1f} s"
    )


def left_out(skipped: Skipped) -> str:
    return f"  {printable(skipped.file)}: {skipped.reason} - {printable(skipped.detail)}"


def listed(what: str, lines: Sequence[str], advice: str) -> Iterator[str]:
    if lines:
        yield f"{what}: {len(lines)}{'; ' if advice else ''}{advice}"
    for line in lines[:MOST_SHOWN]:
        yield f"  {printable(line)}"
    if len(lines) > MOST_SHOWN:
        yield f"  … and {len(lines) - MOST_SHOWN} more; --json lists them all."
