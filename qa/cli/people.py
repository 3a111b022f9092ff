"""qa people | password: what the page keeps of each person, and who may sign in."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from qa.cli.options import database_option

if TYPE_CHECKING:
    from qa.page.database import Database


@click.command()
@click.argument("name")
@click.option("--file", type=click.Path(path_type=Path), required=True, help="The password file; made if need be.")
@click.option("--role", type=click.Choice(["reader", "editor"]), default="reader", show_default=True,
              help="A reader asks; an editor also adds articles and chooses who answers.")  # fmt: skip
def password(name: str, file: Path, role: Literal["reader", "editor"]) -> None:
    """Let NAME sign in to a page with a password, which is asked for; an older one, and its sessions, end."""
    from qa.page.accounts import write

    write(file, name, role, click.prompt("Password", hide_input=True, confirmation_prompt=True))
    click.echo(f"{name} may sign in as {role}: `qa chat --passwords {file}`.")


@click.group()
def people() -> None:
    """What the page keeps of each person: list it, take it out as JSON, delete it, copy it to another database."""


def _of_people(command: Callable[..., Any]) -> Callable[..., Any]:
    folder = click.option("--folder", help="The folder of articles of the page. Default: as for `qa chat`.")
    return folder(database_option(command))


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
