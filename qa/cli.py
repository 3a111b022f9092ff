"""The command line: qa index | ask | chat | password | people | serve | mcp | doctor | eval | settings."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from importlib import import_module
from importlib.util import find_spec
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import click

from qa import __version__
from qa.errors import FolderError, QAError, StoreError, StoreUnwritable, UsageError
from qa.imports import without

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.index.audit import Audit
    from qa.index.doctor import Report
    from qa.index.ingest import Summary
    from qa.page.database import Database
    from qa.serve.answering import Answering
    from qa.types import Answer, Citation, Claim, Evidence, Filters, Progress, Skipped, Step

_MOST_SHOWN = 20  # claims, and sources; a question over the whole folder may have hundreds
_PATIENCE = 5_000  # sentences without a vector that a question waits for: some forty seconds
_LONG = 1_000  # sentences without a vector from which on it is said what can be searched meanwhile
_SEARCHABLE = """What was read can be searched by its words now. The vectors of {:,} sentences follow, the newest
articles' first; Ctrl-C keeps what is done."""
_SHARED = """Warning: --share makes this public: whoever has the address and a password or token can read every article
and ask with the model and the key that this was started with."""
_PLAIN = """Warning: this is plain HTTP. Whoever is on the way can read the tokens, the questions and the answers; put a
proxy with TLS before it, and say --public https://…"""
_PLAIN_PAGE = """Warning: this is plain HTTP. Whoever is on the way can read the passwords, the questions and the
answers; put a proxy with TLS before it, and say --root-path https://…"""
_NO_MCP = 'The package mcp is not installed; run `uv run --extra mcp qa mcp`, or `pip install "mcp<2"` first.'
_SERVERS = {"chat", "serve"}  # commands that do their work without a standard output
_SIGNS = {"verified": "✓", "repaired": "~", "unsupported": "✗"}


class _Group(click.Group):
    """Errors of ours end the program with one sentence and their own exit code; so do those of the system's files."""

    def invoke(self, ctx: click.Context) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):  # what a terminal's encoding lacks is a question mark in it
                stream.reconfigure(errors="replace")
        try:
            if sys.stdout is None and not _SERVERS & set(sys.argv[1:2]):
                raise QAError("Standard output is closed, and there is nowhere to print to; send it to a file.")
            return super().invoke(ctx)
        except QAError as error:
            _end(error)
        except OSError as error:
            if error.errno == errno.EPIPE:  # who read has gone: click ends in silence
                raise
            where = f" at {_printable(str(error.filename))}" if error.filename else ""
            _end(QAError(f"The system refused{where} ({error.strerror or error}); make room or give leave there."))


def _end(error: QAError) -> NoReturn:
    click.echo(f"qa: {error}", err=True)
    sys.exit(error.exit_code)


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that opens an assistant; each is a setting (`qa settings` lists them)."""
    for option in (
        click.option("--folder", help="The articles: a path, or s3://bucket/folder. Default: QA_FOLDER, else seeds/."),
        click.option("--index", help="Where the index lies: a path, or s3://bucket/index. Default: the user's cache."),
        click.option("--keep-copy", type=float, metavar="GB", help="Keep a copy of an index in an object store on this "
                     "disk, of so many gigabytes at most."),
        click.option("--max-mb", type=float, help="Skip larger files. Default: 20."),
    ):  # fmt: skip
        command = option(command)
    return command


def _opening(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that open the page to others than a browser on this machine; all are off."""
    for option in (
        click.option("--mcp", is_flag=True, help="Serve /ask as a tool of an MCP server, at /gradio_api/mcp/."),
        click.option("--share", is_flag=True, help="Make the page public at an address of gradio.live."),
        click.option("--frame-origin", default="", help="The one site, such as https://intranet.example, that may "
                     "show the page in a frame."),
        click.option("--root-path", default="", help="Where a reverse proxy has the page: /qa, or the whole "
                     "https://news.example/qa."),
    ):  # fmt: skip
        command = option(command)
    return command


def _guarding(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a page on which one signs in: who may, and what for."""
    file = click.Path(path_type=Path)
    for option in (
        click.option("--each", type=click.IntRange(1), default=3, show_default=True,
                     help="Questions of one person that are answered at once, where one signs in."),
        click.option("--most-mb", type=click.FloatRange(0), default=500, show_default=True,
                     help="Megabytes of the articles that can be added, together."),
        click.option("--most-files", type=click.IntRange(0), default=200, show_default=True,
                     help="Articles that can be added."),
        click.option("--uploads", is_flag=True, help="Let editors add articles, where one signs in."),
        click.option("--endpoint", multiple=True, help="An address whose models editors may choose, where one signs "
                     "in; may be repeated."),
        click.option("--passwords", type=file, help="The file of those who may sign in; `qa password` writes it."),
    ):  # fmt: skip
        command = option(command)
    return command


def _logging(command: Callable[..., Any]) -> Callable[..., Any]:
    """What a server says of its answers; `_begin_log` takes it out of the options."""
    for option in (
        click.option("--otel", is_flag=True, help="OpenTelemetry's spans for each answer, over OTLP to where its "
                     "OTEL_ variables say; these alone ask for them too."),
        click.option("--log-questions", is_flag=True, help="With --log or --otel, each question's text too."),
        click.option("--log", is_flag=True, help="A line of JSON for each answer, on standard error."),
    ):  # fmt: skip
        command = option(command)
    return command


def _begin_log(options: dict[str, Any]) -> None:
    from qa.serve import log, spans

    questions, otel = options.pop("log_questions"), options.pop("otel")
    if options.pop("log") or (questions and not otel):
        log.begin(questions=questions)
    if otel or spans.wanted():
        spans.begin(questions=questions)


def _served(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of the commands that other programs ask, and the folders that these are asked about."""
    cores = os.cpu_count() or 1
    for option in (
        click.option("--waiting", type=click.IntRange(0, 10_000), default=256, show_default=True,
                     help="Questions that wait beside those; further ones are turned away (503)."),
        click.option("--at-once", type=click.IntRange(1, 256), default=cores, show_default="the cores",
                     help="Questions that are computed at once."),
        click.option("--min-confidence", type=float, help="Refuse below this confidence (0..1)."),
        click.option("--base-url", help="The endpoint, such as http://localhost:11434/v1."),
        click.option("--model", help="A model of an OpenAI-compatible endpoint, beside the embedded answerer."),
        _options,
        click.argument("folders", metavar="[FOLDER]...", nargs=-1),
    ):  # fmt: skip
        command = option(command)
    return command


def _kept(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where the page keeps what people make."""
    return click.option("--database", help="Where chats, briefs and feedback are kept: postgresql://user@host/name. "
                        "Default: a file in the user's data folder.")(command)  # fmt: skip


def _filtering(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which articles are searched; `_filters` makes them one value."""
    day = click.DateTime(["%Y-%m-%d"])
    for option in (
        click.option("--until", type=day, help="Search articles published on this day or before."),
        click.option("--since", type=day, help="Search articles published on this day or later."),
        click.option("--lang", multiple=True, help="Search articles in this language (en, es …); may be repeated."),
        click.option("--source", multiple=True, help="Search articles of this source; may be repeated."),
    ):
        command = option(command)
    return command


def _filters(options: dict[str, Any]) -> Filters:
    """The filters among the options, which are taken out of them."""
    from qa.types import Filters

    since, until = (options.pop(name) for name in ("since", "until"))
    days = {"since": since.date() if since else None, "until": until.date() if until else None}
    return Filters(sources=options.pop("source"), languages=options.pop("lang"), **days)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="qa")
def main() -> None:
    """Answers questions over a folder of articles; every sentence is cited and checked."""


@main.command()
@click.argument("folder_", metavar="[FOLDER]", required=False)
@click.option("--rebuild", is_flag=True, help="Forget the index and build it anew.")
@click.option(
    "--on",
    "cluster",
    default="",
    help="Where it is computed: a Ray cluster (ray://host:10001, host:6379, "
    "auto), or local:4, so many processes here. Default: this process.",
)
@click.option("--empty", is_flag=True, help="Delete articles that FOLDER lost all, or nearly all, at once.")
@click.option("--watch", is_flag=True, help="Then follow the folder and index what changes, until Ctrl-C.")
@_options
@without("pandas")
def index(folder_: str | None, rebuild: bool, cluster: str, empty: bool, watch: bool, **options: Any) -> None:
    """Read and embed what is new or changed in FOLDER."""
    from qa.index.addresses import forget

    options["folder"] = folder_ or options["folder"]
    if rebuild:
        forget(options, empty=empty)
    with _bar() as progress:
        there = _indexed_on(cluster, options, progress) if cluster else None
        assistant = _opened(options, progress)
        if empty and (there or assistant.summary).kept:
            there = assistant.update(progress=progress, empty=True)
    assistant.summary = there or assistant.summary
    if assistant.summary.kept and not watch:
        click.echo(_summary(assistant))
        raise FolderError(assistant.summary.unwritten)
    if assistant.summary.unwritten and not assistant.summary.kept:
        raise StoreUnwritable(assistant.summary.unwritten)
    _warn(assistant)
    assistant.store.check()  # an index that nothing was read into may be damaged, and only this looks
    click.echo(_summary(assistant))
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
    click.echo(f"Following {_printable(str(assistant.folder))}; Ctrl-C ends it.")
    for _ in settled(folders):
        before = set(assistant.summary.skipped)
        try:
            summary = assistant.update()
        except QAError as error:
            click.echo(f"qa: {error}", err=True)
            continue
        _warn(assistant)
        if summary.added or summary.changed or summary.deleted:
            click.echo(f"{datetime.now():%H:%M:%S} {_done(summary)}")
        for skipped in summary.skipped:
            if skipped not in before:
                click.echo(_left_out(skipped))


@main.command()
@click.argument("question", required=False)
@_options
@click.option("--json", "as_json", is_flag=True, help="Print the whole answer as JSON.")
@click.option(
    "--batch",
    type=click.File("r", encoding="utf-8-sig", errors="surrogateescape"),  # a bad line fails alone
    help="A JSONL file of questions (- for standard input); answers are printed as JSONL.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 32),
    default=1,
    show_default=True,
    help="Questions of a batch that are answered at once.",
)
@click.option("--model", help="A name at an endpoint, `local`, or a .gguf file. Default: the embedded answerer.")
@click.option("--base-url", help="The endpoint, such as http://localhost:11434/v1.")
@click.option("--answerer", type=click.Choice(["auto", "extract", "llm"]))
@click.option(
    "--check", type=click.Choice(["strict", "show"]), help="Take unsupported claims out, or show them as such."
)
@click.option("--min-confidence", type=float, help="Refuse below this confidence (0..1).")
@click.option("--top-k", type=int, help="Paragraphs that are retrieved as evidence.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day the question is asked on.")
@_filtering
@click.option("--timings", is_flag=True, help="Print the seconds that each step took.")
@without("pandas")
def ask(
    question: str | None, as_json: bool, batch: Any, workers: int, as_of: datetime | None, timings: bool, **options: Any
) -> None:
    """Answer QUESTION from the articles of the folder."""
    if (question is None) == (batch is None):
        raise UsageError("Give one question, or --batch with a file of them.")
    filters = _filters(options)
    began = time.perf_counter()
    with _bar() as progress:
        assistant = _opened({**options, "wait": False}, progress)
        if assistant.summary.pending <= _PATIENCE:
            assistant.complete(progress=progress)
    _warn(assistant)
    if pending := assistant.summary.pending:
        click.echo(f"The vectors of {pending:,} sentences are not computed yet; words decide meanwhile: "
                   "run `qa index`.", err=True)  # fmt: skip
    opened = time.perf_counter() - began
    day = as_of.date() if as_of else None
    if batch is not None:
        for line in _answered(assistant, batch, workers, day, filters):
            click.echo(line)
        return
    assert question is not None
    question = question.encode("utf-8", "replace").decode()  # bytes that are no text, as the system hands them on
    if as_json:
        from qa.serve.export import answer_json

        answer = assistant.ask(question, as_of=day, filters=filters)
        click.echo(json.dumps(answer_json(answer), ensure_ascii=False, indent=1))
        return
    answer = _shown(assistant, question, day, filters)
    if timings:
        steps = {"open": opened, **answer.timings}
        click.echo("\n" + " · ".join(f"{step} {seconds * 1000:.0f} ms" for step, seconds in steps.items()))


@main.command()
@click.argument("folder_", metavar="[FOLDER]", required=False)
@_options
@click.option("--model", help="A model of an OpenAI-compatible endpoint; the page can choose another.")
@click.option("--base-url", help="The endpoint, such as http://localhost:11434/v1.")
@click.option("--check", type=click.Choice(["strict", "show"]), help="Take unsupported claims out, or show them.")
@click.option("--min-confidence", type=float, help="Refuse below this confidence (0..1).")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Another address puts the page on the network, for those with --passwords or a QA_TOKEN.",
)
@click.option("--port", type=click.IntRange(1, 65535), help="Default: 7860, or the next that is free.")
@click.option("--browser/--no-browser", default=None, help="Open the page. Default: when there is a display.")
@_kept
@_opening
@_guarding
@_logging
def chat(folder_: str | None, host: str, port: int | None, browser: bool | None, **options: Any) -> None:
    """Open a page in the browser to ask FOLDER and to read what is cited."""
    from qa.page.gradio_app import launch
    from qa.page.rules import Rules
    from qa.serve.guard import local_names

    _begin_log(options)
    opening = {name: options.pop(name) for name in ("mcp", "share", "frame_origin", "root_path", "passwords")}
    opening["rules"] = Rules(options.pop("uploads"), options.pop("most_files"), options.pop("most_mb"),
                             options.pop("endpoint"), options.pop("each"))  # fmt: skip
    if opening["share"]:
        click.echo(_SHARED, err=True)
    elif not local_names(host) and not opening["root_path"].startswith("https:"):
        click.echo(_PLAIN_PAGE, err=True)
    options["folder"] = folder_ or options["folder"]
    with _bar() as progress:
        assistant = _opened({**options, "wait": False}, progress)
    _warn(assistant)
    click.echo(_summary(assistant))
    shown = _has_display() if browser is None else browser
    launch(assistant, host=host, port=port, browser=shown, **opening)


@main.command()
@click.argument("name")
@click.option("--file", type=click.Path(path_type=Path), required=True, help="The password file; made if need be.")
@click.option("--role", type=click.Choice(["reader", "editor"]), default="reader", show_default=True,
              help="A reader asks; an editor also adds articles and chooses who answers.")  # fmt: skip
def password(name: str, file: Path, role: Literal["reader", "editor"]) -> None:
    """Let NAME sign in to a page with a password, which is asked for; an older one, and its sessions, end."""
    from qa.page.accounts import write

    write(file, name, role, click.prompt("Password", hide_input=True, confirmation_prompt=True))
    click.echo(f"{name} may sign in as {role}: `qa chat --passwords {file}`.")


@main.group()
def people() -> None:
    """What the page keeps of each person: list it, take it out as JSON, delete it, copy it to another database."""


def _of_people(command: Callable[..., Any]) -> Callable[..., Any]:
    folder = click.option("--folder", help="The folder of articles of the page. Default: as for `qa chat`.")
    return folder(_kept(command))


@people.command("list")
@_of_people
def list_people(**options: Any) -> None:
    """Print how much is kept of everyone; a person is the name that their browser keeps."""
    from qa.page.people import listed

    for one in listed(_database(options)[0]):
        day = datetime.fromtimestamp(one.changed).isoformat(" ", "minutes")
        account = f" ({one.account})" if one.account else ""
        click.echo(
            f"{one.name:32}{account}  chats {one.chats} · pins {one.pins} · feedback {one.feedback} · last {day}"
        )


@people.command()
@click.argument("person")
@_of_people
def export(person: str, **options: Any) -> None:
    """Print all that is kept of PERSON as JSON."""
    from qa.page.people import exported

    click.echo(json.dumps(exported(_database(options)[0], person), ensure_ascii=False, indent=1))


@people.command()
@click.argument("person")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_of_people
def delete(person: str, yes: bool, **options: Any) -> None:
    """Delete all that is kept of PERSON; it cannot be had back."""
    from qa.page.people import delete as forget

    database, home = _database(options)
    if not yes:
        click.confirm(f"Delete all that is kept of {person}?", abort=True)
    gone = forget(database, person, home)
    click.echo(f"Deleted: chats {gone.chats} · pins {gone.pins} · feedback {gone.feedback}")


@people.command()
@_of_people
def feedback(**options: Any) -> None:
    """Print what everyone said of answers, a JSON line each, for `qa eval new --from-feedback`."""
    from qa.page.people import feedback as said

    for line in said(_database(options)[0]):
        click.echo(json.dumps(line, ensure_ascii=False))


@people.command("copy")
@click.option("--to", required=True, help="The other database: postgresql://user@host/name; empty, or of this copy.")
@_of_people
def copy_people(to: str, **options: Any) -> None:
    """Copy all that is kept of everyone to another database; what is there already is left alone."""
    from qa.page.copied import copy
    from qa.page.database import opened

    source, home = _database(options)
    target = opened(home, to)
    for one in copy(source, target):
        click.echo(f"{one.kind}: {one.copied} copied, {one.there} there already")
    click.echo(f"All of it is in {target.name}; give that as --database or QA_DATABASE.")


def _database(options: dict[str, Any]) -> tuple[Database, Path]:
    """What the page keeps under these options, and the folder of its files; what is still in files is moved first."""
    from qa.index.addresses import kept
    from qa.page import database, moved

    home, address = kept(options)
    found = database.opened(home, address)
    if said := moved.move(home, found):
        click.echo(said, err=True)
    return found, home


@main.command()
@_served
@click.option("--host", default="127.0.0.1", show_default=True, help="Another address needs tokens in QA_TOKEN.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--public", default="", help="The address that a reverse proxy has it at: https://news.example/qa.")
@_logging
def serve(host: str, port: int, public: str, **options: Any) -> None:
    """Serve each FOLDER to programs: OpenAI's API, search, articles, MCP; /openapi.json describes it."""
    from qa.serve.auth import tokens
    from qa.serve.guard import Doors, checked_address, local_names
    from qa.serve.http import application
    from qa.serve.process import listening, run

    _begin_log(options)
    doors = Doors(local_names(host))
    if public:
        doors.open(public := checked_address(public))
    own = tokens(needed=bool(public) or not doors.names)
    if not doors.names and not public.startswith("https:"):
        click.echo(_PLAIN, err=True)
    with listening(host, port) as at:
        answering = _answering(options)
        app = application(answering, doors, tokens=own, public=public)
        click.echo(f"qa is at http://{f'[{host}]' if ':' in host else host}:{port}/v1 and asked as: "
                   f"{', '.join(answering.models.by_name)} (Ctrl+C stops it)")  # fmt: skip
        run(app, answering.models.work, at)


@main.command()
@_served
def mcp(**options: Any) -> None:
    """Serve each FOLDER to an assistant that starts this, over MCP on standard input and output."""
    if not find_spec("mcp"):
        raise UsageError(_NO_MCP)
    from qa.serve.mcp import on_stdio, own_stdout

    stdout = own_stdout()
    on_stdio(_answering(options), stdout)


def _answering(options: dict[str, Any]) -> Answering:
    """What answers over the folders among the options; their missing vectors are computed meanwhile."""
    from qa.serve.answering import Answering
    from qa.serve.metrics import Metrics
    from qa.serve.models import Models
    from qa.serve.work import Work

    folders = options.pop("folders") or (options["folder"],)
    if options["index"] and len(folders) > 1:
        raise UsageError("Each folder has an index of its own; leave --index out, or name one folder.")
    work = Work(options.pop("at_once"), options.pop("waiting"))
    with _bar() as progress:
        opened = [_opened({**options, "folder": folder, "wait": False}, progress) for folder in folders]
    for assistant in opened:
        _warn(assistant)
        click.echo(_summary(assistant), err=True)
    threading.Thread(target=_complete, args=(opened,), daemon=True).start()
    return Answering(Models(opened, work), Metrics(work))


def _complete(opened: Sequence[Assistant]) -> None:
    for assistant in opened:
        try:
            assistant.complete()
        except QAError as error:  # words decide alone, as before
            click.echo(f"qa: {error}", err=True)


def _has_display() -> bool:
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@main.command()
@click.argument("folder_", metavar="[FOLDER]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.option("--deep", is_flag=True, help="Look at every row of the index, and the bytes of every file.")
@_options
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
        yield from _listed("other bytes than were read, of the same size and time", audit.edited, "`touch` them")
    if audit.damage:
        yield from _listed("wrong", audit.damage, "")
    else:
        yield "all is sound: {:,} articles, {:,} paragraphs, {:,} sentences".format(*audit.seen)


def _told(report: Report) -> Iterator[str]:
    """The report in lines; of a long list the first few."""
    from qa.articles.corpus import by_suffix
    from qa.index.ingest import lost_said

    languages = ", ".join(f"{language} {count}" for language, count in report.languages.items())
    size = f" · {report.size / 1e6:.1f} MB" if report.size is not None else ""
    yield f"{_printable(report.folder)}: {report.articles} articles ({languages or 'none'})"
    yield f"index {_printable(report.index)} · layout {report.layout} · {report.embedder}{size}"
    yield f"{report.paragraphs:,} paragraphs · {report.sentences:,} sentences"
    if report.pending:
        yield f"{report.pending:,} sentences without a vector; run `qa index`"
    if report.lost:
        yield lost_said(_printable(report.folder), report.lost)
    for what, files in (("new", report.new), ("changed", report.changed), ("gone", report.gone)):
        advice = "" if report.lost and what == "gone" else "run `qa index`"
        yield from _listed(f"{what} since the index was made", files, advice)
    yield from _listed("without a date", report.undated, "")
    yield from _listed("day and month could be exchanged", report.two_days, "the folder's other dates decided")
    yield from _listed("identical", [" = ".join(group) for group in report.identical], "")
    yield from _listed("much alike", [" ~ ".join(group) for group in report.alike], "")
    if report.skipped and not report.articles and not report.new:
        yield f"no file here can be read: {by_suffix(report.skipped)}"
    if report.skipped:
        yield f"skipped: {len(report.skipped)}"
    yield from map(_left_out, report.skipped)


def _listed(what: str, lines: Sequence[str], advice: str) -> Iterator[str]:
    if lines:
        yield f"{what}: {len(lines)}{'; ' if advice else ''}{advice}"
    for line in lines[:_MOST_SHOWN]:
        yield f"  {_printable(line)}"
    if len(lines) > _MOST_SHOWN:
        yield f"  … and {len(lines) - _MOST_SHOWN} more; --json lists them all."


def _left_out(skipped: Skipped) -> str:
    return f"  {_printable(skipped.file)}: {skipped.reason} - {_printable(skipped.detail)}"


@main.command("eval", add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def evaluate(arguments: tuple[str, ...]) -> None:
    """Ask gold questions and gate CI on the answers; `qa eval --help` lists the rest."""
    place = "qa.evals.cli" if find_spec("qa.evals") else "evals.cli"  # installed, or in a checkout
    import_module(place).main(list(arguments), prog_name="qa eval")


@main.command()
def settings() -> None:
    """Print each setting, its value and where it comes from."""
    from qa.settings import origins

    for name, (value, origin) in origins().items():
        shown = "-" if value is None else re.sub(r"(://[^:/@]*):[^/]*@", r"\1:***@", str(value))  # no password
        click.echo(f"{name:15} {shown:20} {origin}")


def _opened(options: dict[str, Any], progress: Progress | None) -> Assistant:
    from qa.assistant import Assistant

    return Assistant.open(progress=progress, **options)


def _warn(assistant: Assistant) -> None:
    """Says on standard error that the index is older than its folder, where it could not, or should not, be written."""
    if assistant.summary.unwritten:
        click.echo(f"qa: What the index holds is asked as it is. {assistant.summary.unwritten}", err=True)


@contextlib.contextmanager
def _bar() -> Iterator[Progress]:
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
        bar.set_postfix_str(_printable(step.file)[-30:], refresh=False)
        bar.update(step.done - bar.n)

    try:
        yield progress
    finally:
        if bar is not None:
            bar.close()


def _summary(assistant: Assistant) -> str:
    from qa.articles.corpus import by_suffix

    summary = assistant.summary
    languages = ", ".join(f"{language} {count}" for language, count in summary.languages.items())
    lines = [f"{assistant.folder}: {summary.articles} articles ({languages or 'none'})", _done(summary)]
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


def _done(summary: Summary) -> str:
    return (
        f"new {summary.added} · changed {summary.changed} · deleted {summary.deleted} · "
        f"sentences embedded {summary.embedded} · {summary.seconds:.1f} s"
    )


def _shown(assistant: Assistant, question: str, as_of: date | None, filters: Filters) -> Answer:
    """Prints the claims as they pass, then the sources; returns the answer."""
    from qa.serve.export import answer_json, searched
    from qa.types import Claim

    shown = 0
    for part in assistant.stream(question, as_of=as_of, filters=filters):
        if not isinstance(part, Claim):
            answer = part
        elif (shown := shown + 1) <= _MOST_SHOWN:
            click.echo(f"{_SIGNS[part.status]} {_printable(part.marked)}{_failed(part)}")
    if shown > _MOST_SHOWN:
        click.echo(f"… and {shown - _MOST_SHOWN} more; --json lists them all.")
    if answer.reason:
        click.echo(_printable(answer.reason))
    for line in searched(answer_json(answer)):
        click.echo(_printable(line))
    if answer.citations:
        click.echo("\nSources")
    for citation in answer.citations[:_MOST_SHOWN]:
        click.echo(_source(citation))
    if answer.removed:
        click.echo("\nTaken out, because it is not supported")
    for claim in answer.removed:
        click.echo(f"✗ {_printable(claim.text)}{_failed(claim)}")
    if answer.nearest:
        click.echo("\nNearest paragraphs")
    for evidence in answer.nearest:
        click.echo(f"  {_printable(str(evidence.paragraph))}{_about(evidence)}")
        click.echo(f"      {_printable(_clipped(evidence.paragraph.text))}")
    sure = f" · confidence {answer.confidence:.2f}" if answer.judged else ""
    click.echo(f"\n{answer.status}{sure} · {answer.model or 'no model'}")
    return answer


def _failed(claim: Claim) -> str:
    return f"  ({claim.failed}: {_printable(claim.note)})" if claim.failed else ""


def _source(citation: Citation) -> str:
    repaired = f" ({_printable(citation.repaired)})" if citation.repaired else ""
    place = f"[{citation.mark}] {_printable(str(citation.paragraph))}{_about(citation)}{repaired}"
    return f"{place}\n      “{_printable(citation.quote)}”"


def _about(found: Citation | Evidence) -> str:
    known = [found.published.isoformat() if found.published else "", found.title or "", found.source or ""]
    return "".join(f" · {_printable(part)}" for part in known if part)


def _clipped(text: str, length: int = 160) -> str:
    return text if len(text) <= length else text[:length].rsplit(" ", 1)[0] + " …"


def _printable(text: str) -> str:
    """The text in one line, without characters that steer a terminal: articles and file names are not trusted."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _answered(
    assistant: Assistant, lines: Iterator[str], workers: int, as_of: date | None, filters: Filters
) -> Iterator[str]:
    """One JSON line a question, in order, as soon as it and those before it are done."""
    asked = ((line.strip("\ufeff"), as_of, filters) for line in lines if line.strip("\ufeff \t\r\n"))
    if workers == 1:
        yield from (_answer_line(assistant, *one) for one in asked)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(lambda one: _answer_line(assistant, *one), asked)


def _answer_line(assistant: Assistant, line: str, as_of: date | None, filters: Filters) -> str:
    from qa.question.turns import as_turns
    from qa.serve.export import batch_json

    began, name = time.perf_counter(), None
    try:
        asked = _line(line)
        name = asked.get("id")
        if not isinstance(question := asked.get("question"), str):
            raise UsageError('The line has no "question", or one that is no text; give one.')
        turns = asked.get("history") or []
        if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
            raise UsageError('The "history" of the line is no list of turns; give it as such, or leave it out.')
        day = _line_day(asked, "as_of") or as_of
        answer = assistant.ask(question, as_turns(turns), as_of=day, filters=_line_filters(asked, filters))
        found = batch_json(answer, seconds=time.perf_counter() - began)
    except (QAError, ValueError, KeyError, AttributeError, TypeError) as error:
        found = {"error": f"{type(error).__name__}: {error}"}
    return json.dumps({"id": name, **found}, ensure_ascii=False)


def _line(line: str) -> dict[str, Any]:
    """A line of a batch. Raises `UsageError` for what is no JSON object of text."""
    try:
        asked = json.loads(line, parse_constant=lambda name: _no_line(f"{name} is no JSON"))
        text = json.dumps(asked, ensure_ascii=False)
    except json.JSONDecodeError as error:
        _no_line(f"{error.msg[:1].lower()}{error.msg[1:]} at column {error.colno}")
    except ValueError:  # more digits than Python reads
        _no_line("it has a number that is too long")
    except RecursionError:
        _no_line("it is nested too deep")
    if re.search("[\ud800-\udfff]", text):
        raise UsageError("The line has bytes that are no UTF-8; write it in that encoding.")
    return asked if isinstance(asked, dict) else _no_line("it is another kind of value")


def _no_line(why: str) -> NoReturn:
    raise UsageError(f'The line is no JSON object ({why}); write {{"question": "…"}} on a line of its own.')


def _line_day(asked: dict[str, Any], key: str) -> date | None:
    if not (given := asked.get(key)):
        return None
    try:
        return date.fromisoformat(given)
    except (ValueError, TypeError):
        raise UsageError(f'The "{key}" of the line is no day; write it as 2025-07-31.') from None


def _line_filters(asked: dict[str, Any], filters: Filters) -> Filters:
    """The filters of one line of a batch; what it does not say is as the command line says."""
    from dataclasses import replace

    own: dict[str, Any] = {}
    for key, name in (("source", "sources"), ("lang", "languages")):
        if given := asked.get(key):
            listed = [given] if isinstance(given, str) else given
            if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
                raise UsageError(f'The "{key}" of the line is no text, or list of texts; write it as such.')
            own[name] = tuple(listed)
    for key in ("since", "until"):
        if day := _line_day(asked, key):
            own[key] = day
    return replace(filters, **own)
