"""The command line: qa index | ask | chat | password | people | serve | mcp | doctor | eval | settings."""

from __future__ import annotations

import errno
import re
import sys
from importlib import import_module
from importlib.util import find_spec
from io import TextIOWrapper
from typing import Any, NoReturn

import click

from qa import __version__
from qa.cli import asking, indexing, people, serving
from qa.cli.printed import printable
from qa.errors import QAError

_SERVERS = {"chat", "serve"}  # commands that do their work without a standard output


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
            where = f" at {printable(str(error.filename))}" if error.filename else ""
            _end(QAError(f"The system refused{where} ({error.strerror or error}); make room or give leave there."))


def _end(error: QAError) -> NoReturn:
    click.echo(f"qa: {error}", err=True)
    sys.exit(error.exit_code)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="qa")
def main() -> None:
    """Answers questions over a folder of articles; every sentence is cited and checked."""


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


for _command in (indexing.index, indexing.doctor, asking.ask, serving.chat, serving.serve, serving.mcp, people.password,
                 people.people):  # fmt: skip
    main.add_command(_command)
