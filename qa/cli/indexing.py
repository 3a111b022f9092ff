"""qa index | doctor: make an index, follow its folder, and look at what it holds."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from qa.cli.options import assistant_options
from qa.cli.printed import bar, done, left_out, listed, open_assistant, printable, summary_of, warn
from qa.errors import FolderError, QAError, StoreError, StoreUnwritable
from qa.imports import without

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.index.audit import Audit
    from qa.index.doctor import Report
    from qa.index.ingest import Summary
    from qa.types import Progress


@click.command()
@click.argument("folder_", metavar="[FOLDER]", required=False)
@click.option("--rebuild", is_flag=True, help="Forget the index and build it anew.")
@click.option(
    "--on",
    "cluster",
    default="",
    help="Where it is computed: a Ray cluster (ray://host:10001, host:6379, "
    "auto), or local:4, so many processes here. Default: this process.",
)
@click.option(
    "--partitions",
    type=click.IntRange(1, 1000),
    help="Keep the index in so many parts, which are asked together; rows of an index in others are moved. "
    "Default: as it is, a new one with 1 for each 10 GB of files.",
)
@click.option("--empty", is_flag=True, help="Delete articles that FOLDER lost all, or nearly all, at once.")
@click.option("--watch", is_flag=True, help="Then follow the folder and index what changes, until Ctrl-C.")
@assistant_options
@without("pandas")
def index(folder_: str | None, rebuild: bool, cluster: str, empty: bool, watch: bool, **options: Any) -> None:
    """Read and embed what is new or changed in FOLDER."""
    from qa.index.addresses import forget, repartition
    from qa.types import Step

    options["folder"] = folder_ or options["folder"]
    if rebuild:
        had = forget(options, empty=empty)
        options["partitions"] = options["partitions"] or had or None
    with bar() as progress:
        repartition(options, lambda: progress(Step("wait")))
        there = _indexed_on(cluster, options, progress) if cluster else None
        assistant = open_assistant(options, progress)
        if empty and (there or assistant.summary).kept:
            there = assistant.update(progress=progress, empty=True)
    assistant.summary = there or assistant.summary
    if assistant.summary.kept and not watch:
        click.echo(summary_of(assistant))
        raise FolderError(assistant.summary.unwritten)
    if assistant.summary.unwritten and not assistant.summary.kept:
        raise StoreUnwritable(assistant.summary.unwritten)
    warn(assistant)
    assistant.store.check()  # an index that nothing was read into may be damaged, and only this looks
    click.echo(summary_of(assistant))
    if watch:
        with contextlib.suppress(KeyboardInterrupt):
            _follow(assistant)


def _indexed_on(cluster: str, options: dict[str, Any], progress: Progress | None) -> Summary:
    from qa.index.cluster import indexed

    return indexed(cluster, options, progress)


def _follow(assistant: Assistant) -> None:
    """Prints a line for each update of the index, and one for each file that is newly left out."""
    from qa.index.watch import settled

    folders = [assistant.folder, *([assistant.added_folder] if assistant.added_folder else [])]
    click.echo(f"Following {printable(str(assistant.folder))}; Ctrl-C ends it.")
    for _ in settled(folders):
        before = set(assistant.summary.skipped)
        try:
            summary = assistant.update()
        except QAError as error:
            click.echo(f"qa: {error}", err=True)
            continue
        warn(assistant)
        if summary.added or summary.changed or summary.deleted:
            click.echo(f"{datetime.now():%H:%M:%S} {done(summary)}")
        for skipped in summary.skipped:
            if skipped not in before:
                click.echo(left_out(skipped))


@click.command()
@click.argument("folder_", metavar="[FOLDER]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.option("--deep", is_flag=True, help="Look at every row of the index, and the bytes of every file.")
@assistant_options
@without("pandas")
def doctor(folder_: str | None, as_json: bool, deep: bool, **options: Any) -> None:
    """Tell what the index of FOLDER holds, what was skipped and why, and what changed since; index nothing."""
    from dataclasses import asdict

    from qa.index.audit import audited
    from qa.index.doctor import examined

    options["folder"] = folder_ or options["folder"]
    audit = audited(options) if deep else None
    report = examined(options) if not (audit and audit.damage) else None
    if as_json:
        both = [asdict(one) for one in (report, audit) if one is not None]
        click.echo(
            json.dumps({name: value for one in both for name, value in one.items()}, ensure_ascii=False, indent=1)
        )
    else:
        for line in chain(_told(report) if report else (), _audited(audit) if audit else ()):
            click.echo(line)
    if audit and audit.damage:
        raise StoreError(f"What is wrong with the index: {len(audit.damage)}; run `qa index --rebuild`.")


def _audited(audit: Audit) -> Iterator[str]:
    if audit.edited:
        yield from listed("other bytes than were read, of the same size and time", audit.edited, "`touch` them")
    if audit.damage:
        yield from listed("wrong", audit.damage, "")
    else:
        yield "all is sound: {:,} articles, {:,} paragraphs, {:,} sentences".format(*audit.seen)


def _told(report: Report) -> Iterator[str]:
    """The report in lines; of a long list the first few."""
    from qa.articles.corpus import by_suffix
    from qa.index.ingest import lost_said

    languages = ", ".join(f"{language} {count}" for language, count in report.languages.items())
    size = f" · {report.size / 1e6:.1f} MB" if report.size is not None else ""
    yield f"{printable(report.folder)}: {report.articles} articles ({languages or 'none'})"
    yield f"index {printable(report.index)} · layout {report.layout} · {report.embedder}{size}"
    yield f"{report.paragraphs:,} paragraphs · {report.sentences:,} sentences"
    if report.partitions:
        spread = f"{min(report.partitions):,} to {max(report.partitions):,}"
        yield f"{len(report.partitions)} partitions, of {spread} paragraphs"
    if report.pending:
        yield f"{report.pending:,} sentences without a vector; run `qa index`"
    if report.lost:
        yield lost_said(printable(report.folder), report.lost)
    for what, files in (("new", report.new), ("changed", report.changed), ("gone", report.gone)):
        advice = "" if report.lost and what == "gone" else "run `qa index`"
        yield from listed(f"{what} since the index was made", files, advice)
    yield from listed("without a date", report.undated, "")
    yield from listed("day and month could be exchanged", report.two_days, "the folder's other dates decided")
    yield from listed("identical", [" = ".join(group) for group in report.identical], "")
    yield from listed("much alike", [" ~ ".join(group) for group in report.alike], "")
    if report.skipped and not report.articles and not report.new:
        yield f"no file here can be read: {by_suffix(report.skipped)}"
    if report.skipped:
        yield f"skipped: {len(report.skipped)}"
    yield from map(left_out, report.skipped)
