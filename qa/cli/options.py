"""The options that several commands share; each group of them is a decorator."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from qa.types import Filters

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
_DAY = click.DateTime(["%Y-%m-%d"])


def _together(*options: _Decorator) -> _Decorator:
    """All of these as one decorator; a command's help has the last of them first."""
    return lambda command: reduce(lambda made, option: option(made), options, command)


# Those of every command that opens an assistant; each is a setting (`qa settings` lists them).
assistant_options = _together(
    click.option("--folder", help="The articles: a path, or s3://bucket/folder. Default: QA_FOLDER, else seeds/."),
    click.option("--index", help="Where the index lies: a path, or s3://bucket/index. Default: the user's cache."),
    click.option("--keep-copy", type=float, metavar="GB", help="Keep a copy of an index in an object store on this "
                 "disk, of so many gigabytes at most."),
    click.option("--max-mb", type=float, help="Skip larger files. Default: 20."),
)  # fmt: skip

# Those that open the page to others than a browser on this machine; all are off.
page_options = _together(
    click.option("--mcp", is_flag=True, help="Serve /ask as a tool of an MCP server, at /gradio_api/mcp/."),
    click.option("--share", is_flag=True, help="Make the page public at an address of gradio.live."),
    click.option("--frame-origin", default="", help="The one site, such as https://intranet.example, that may show the "
                 "page in a frame."),
    click.option("--root-path", default="", help="Where a reverse proxy has the page: /qa, or the whole "
                 "https://news.example/qa."),
)  # fmt: skip

# Those of a page on which one signs in: who may, and what for.
sign_in_options = _together(
    click.option("--each", type=click.IntRange(1), default=3, show_default=True,
                 help="Questions of one person that are answered at once, where one signs in."),
    click.option("--most-mb", type=click.FloatRange(0), default=500, show_default=True,
                 help="Megabytes of the articles that can be added, together."),
    click.option("--most-files", type=click.IntRange(0), default=200, show_default=True,
                 help="Articles that can be added."),
    click.option("--uploads", is_flag=True, help="Let editors add articles, where one signs in."),
    click.option("--endpoint", multiple=True, help="An address whose models editors may choose, where one signs in; "
                 "may be repeated."),
    click.option("--passwords", type=click.Path(path_type=Path),
                 help="The file of those who may sign in; `qa password` writes it."),
)  # fmt: skip

# What a server says of its answers; `begin_log` takes it out of the options.
log_options = _together(
    click.option("--otel", is_flag=True, help="OpenTelemetry's spans for each answer, over OTLP to where its OTEL_ "
                 "variables say; these alone ask for them too."),
    click.option("--log-questions", is_flag=True, help="With --log or --otel, each question's text too."),
    click.option("--log", is_flag=True, help="A line of JSON for each answer, on standard error."),
)  # fmt: skip

# Those of the commands that other programs ask, and the folders that these are asked about.
server_options = _together(
    click.option("--waiting", type=click.IntRange(0, 10_000), default=256, show_default=True,
                 help="Questions that wait beside those; further ones are turned away (503)."),
    click.option("--at-once", type=click.IntRange(1, 256), default=os.cpu_count() or 1, show_default="the cores",
                 help="Questions that are computed at once."),
    click.option("--min-confidence", type=float, help="Refuse below this confidence (0..1)."),
    click.option("--base-url", help="The endpoint, such as http://localhost:11434/v1."),
    click.option("--model", help="A model of an OpenAI-compatible endpoint, beside the embedded answerer."),
    assistant_options,
    click.argument("folders", metavar="[FOLDER]...", nargs=-1),
)  # fmt: skip

# Where the page keeps what people make.
database_option = click.option("--database", help="Where chats, briefs and feedback are kept: "
                               "postgresql://user@host/name. Default: a file in the user's data folder.")  # fmt: skip

# Those that say which articles are searched; `filters_of` makes them one value.
filter_options = _together(
    click.option("--until", type=_DAY, help="Search articles published on this day or before."),
    click.option("--since", type=_DAY, help="Search articles published on this day or later."),
    click.option("--lang", multiple=True, help="Search articles in this language (en, es …); may be repeated."),
    click.option("--source", multiple=True, help="Search articles of this source; may be repeated."),
)


def filters_of(options: dict[str, Any]) -> Filters:
    """The filters among the options, which are taken out of them."""
    from qa.types import Filters

    since, until = (options.pop(name) for name in ("since", "until"))
    days = {"since": since.date() if since else None, "until": until.date() if until else None}
    return Filters(sources=options.pop("source"), languages=options.pop("lang"), **days)


def begin_log(options: dict[str, Any]) -> None:
    from qa.serve import log, spans

    questions, otel = options.pop("log_questions"), options.pop("otel")
    if options.pop("log") or (questions and not otel):
        log.begin(questions=questions)
    if otel or spans.wanted():
        spans.begin(questions=questions)
