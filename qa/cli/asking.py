"""qa ask: one question, its answer printed as it comes; or a batch of them."""

from __future__ import annotations

import json
import time
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from qa.cli.batch import answered
from qa.cli.options import assistant_options, filter_options, filters_of
from qa.cli.printed import MOST_SHOWN, bar, open_assistant, printable, warn
from qa.errors import UsageError
from qa.imports import without

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.types import Answer, Citation, Claim, Evidence, Filters

_PATIENCE = 5_000  # sentences without a vector that a question waits for: some forty seconds
_SIGNS = {"verified": "✓", "repaired": "~", "unsupported": "✗"}


@click.command()
@click.argument("question", required=False)
@assistant_options
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
@filter_options
@click.option("--timings", is_flag=True, help="Print the seconds that each step took.")
@without("pandas")
def ask(
    question: str | None, as_json: bool, batch: Any, workers: int, as_of: datetime | None, timings: bool, **options: Any
) -> None:
    """Answer QUESTION from the articles of the folder."""
    if (question is None) == (batch is None):
        raise UsageError("Give one question, or --batch with a file of them.")
    filters = filters_of(options)
    began = time.perf_counter()
    with bar() as progress:
        assistant = open_assistant({**options, "wait": False}, progress)
        if assistant.summary.pending <= _PATIENCE:
            assistant.complete(progress=progress)
    warn(assistant)
    if pending := assistant.summary.pending:
        click.echo(f"The vectors of {pending:,} sentences are not computed yet; words decide meanwhile: "
                   "run `qa index`.", err=True)  # fmt: skip
    opened = time.perf_counter() - began
    day = as_of.date() if as_of else None
    if batch is not None:
        for line in answered(assistant, batch, workers, day, filters):
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


def _shown(assistant: Assistant, question: str, as_of: date | None, filters: Filters) -> Answer:
    """Prints the claims as they pass, then the sources; returns the answer."""
    from qa.serve.export import answer_json, searched
    from qa.types import Claim

    shown = 0
    for part in assistant.stream(question, as_of=as_of, filters=filters):
        if not isinstance(part, Claim):
            answer = part
        elif (shown := shown + 1) <= MOST_SHOWN:
            click.echo(f"{_SIGNS[part.status]} {printable(part.marked)}{_failed(part)}")
    if shown > MOST_SHOWN:
        click.echo(f"… and {shown - MOST_SHOWN} more; --json lists them all.")
    if answer.reason:
        click.echo(printable(answer.reason))
    for line in searched(answer_json(answer)):
        click.echo(printable(line))
    if answer.citations:
        click.echo("\nSources")
    for citation in answer.citations[:MOST_SHOWN]:
        click.echo(_source(citation))
    if answer.removed:
        click.echo("\nTaken out, because it is not supported")
    for claim in answer.removed:
        click.echo(f"✗ {printable(claim.text)}{_failed(claim)}")
    if answer.nearest:
        click.echo("\nNearest paragraphs")
    for evidence in answer.nearest:
        click.echo(f"  {printable(str(evidence.paragraph))}{_about(evidence)}")
        click.echo(f"      {printable(_clipped(evidence.paragraph.text))}")
    sure = f" · confidence {answer.confidence:.2f}" if answer.judged else ""
    click.echo(f"\n{answer.status}{sure} · {answer.model or 'no model'}")
    return answer


def _failed(claim: Claim) -> str:
    return f"  ({claim.failed}: {printable(claim.note)})" if claim.failed else ""


def _source(citation: Citation) -> str:
    repaired = f" ({printable(citation.repaired)})" if citation.repaired else ""
    place = f"[{citation.mark}] {printable(str(citation.paragraph))}{_about(citation)}{repaired}"
    return f"{place}\n      “{printable(citation.quote)}”"


def _about(found: Citation | Evidence) -> str:
    known = [found.published.isoformat() if found.published else "", found.title or "", found.source or ""]
    return "".join(f" · {printable(part)}" for part in known if part)


def _clipped(text: str, length: int = 160) -> str:
    return text if len(text) <= length else text[:length].rsplit(" ", 1)[0] + " …"
