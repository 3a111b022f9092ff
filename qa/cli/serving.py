"""qa chat | serve | mcp: an index for people in a browser, and for programs."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

from qa.cli.options import (
    assistant_options,
    begin_log,
    database_option,
    log_options,
    page_options,
    server_options,
    sign_in_options,
)
from qa.cli.printed import bar, open_assistant, summary_of, warn
from qa.errors import QAError, UsageError

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.serve.answering import Answering

_SHARED = """Warning: --share makes this public: whoever has the address and a password or token can read every article
and ask with the model and the key that this was started with."""
_PLAIN = """Warning: this is plain HTTP. Whoever is on the way can read the tokens, the questions and the answers; put a
proxy with TLS before it, and say --public https://…"""
_PLAIN_PAGE = """Warning: this is plain HTTP. Whoever is on the way can read the passwords, the questions and the
answers; put a proxy with TLS before it, and say --root-path https://…"""
_NO_MCP = 'The package mcp is not installed; run `uv run --extra mcp qa mcp`, or `pip install "mcp<2"` first.'


@click.command()
@click.argument("folder_", metavar="[FOLDER]", required=False)
@assistant_options
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
@database_option
@page_options
@sign_in_options
@log_options
def chat(folder_: str | None, host: str, port: int | None, browser: bool | None, **options: Any) -> None:
    """Open a page in the browser to ask FOLDER and to read what is cited."""
    from qa.page.gradio_app import launch
    from qa.page.rules import Rules
    from qa.serve.guard import local_names

    begin_log(options)
    opening = {name: options.pop(name) for name in ("mcp", "share", "frame_origin", "root_path", "passwords")}
    opening["rules"] = Rules(options.pop("uploads"), options.pop("most_files"), options.pop("most_mb"),
                             options.pop("endpoint"), options.pop("each"))  # fmt: skip
    if opening["share"]:
        click.echo(_SHARED, err=True)
    elif not local_names(host) and not opening["root_path"].startswith("https:"):
        click.echo(_PLAIN_PAGE, err=True)
    options["folder"] = folder_ or options["folder"]
    with bar() as progress:
        assistant = open_assistant({**options, "wait": False}, progress)
    warn(assistant)
    click.echo(summary_of(assistant))
    shown = _has_display() if browser is None else browser
    launch(assistant, host=host, port=port, browser=shown, **opening)


def _has_display() -> bool:
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@click.command()
@server_options
@click.option("--host", default="127.0.0.1", show_default=True, help="Another address needs tokens in QA_TOKEN.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--public", default="", help="The address that a reverse proxy has it at: https://news.example/qa.")
@log_options
def serve(host: str, port: int, public: str, **options: Any) -> None:
    """Serve each FOLDER to programs: OpenAI's API, search, articles, MCP; /openapi.json describes it."""
    from qa.serve.auth import tokens
    from qa.serve.guard import Doors, checked_address, local_names
    from qa.serve.http import application
    from qa.serve.process import listening, run

    begin_log(options)
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


@click.command()
@server_options
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
    with bar() as progress:
        opened = [open_assistant({**options, "folder": folder, "wait": False}, progress) for folder in folders]
    for assistant in opened:
        warn(assistant)
        click.echo(summary_of(assistant), err=True)
    threading.Thread(target=_complete, args=(opened,), daemon=True).start()
    return Answering(Models(opened, work), Metrics(work))


def _complete(opened: Sequence[Assistant]) -> None:
    for assistant in opened:
        try:
            assistant.complete()
        except QAError as error:  # words decide alone, as before
            click.echo(f"qa: {error}", err=True)
