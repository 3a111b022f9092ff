"""`qa eval`, and `python -m evals`: gold questions that gate CI.

Ends with 0 when all is well, 1 when a gate is missed or something got significantly worse than the baseline, 2 when it
could not be measured (the provider is down, a cassette has no reply, a file is missing), 3 when the gold set is faulty.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qa.errors import FolderError, QAError, UsageError

from .cases import Case, GoldError, load
from .cassette import CassetteError
from .evaluate import System, Unavailable
from .outcomes import Outcome, Run

if TYPE_CHECKING:
    from qa import Assistant
    from qa.llm.endpoint import ChatModel
    from qa.types import Article

    from .cassette import Cassette
    from .report import Report, Row

HERE = Path(__file__).parent
# What is compared with the baseline when no gate says otherwise: finding, answering, citing, refusing.
GATED = ("correct_and_cited", "refusal", "over_refusal", "misled", "hit@5", "citation_validity", "unsupported_shown")
FAILED, BROKEN, FAULTY = 1, 2, 3


class _Group(click.Group):
    """Every fault that keeps us from measuring ends with 2, and one sentence; a faulty gold set with 3."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GoldError as error:
            for problem in error.problems:
                click.echo(problem, err=True)
            click.echo(f"qa eval: the gold set has {len(error.problems)} faults; mend them, and run again.", err=True)
            sys.exit(FAULTY)
        except (QAError, CassetteError, OSError) as error:
            click.echo(f"qa eval: {error}", err=True)
            sys.exit(BROKEN)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is evaluated: the questions, and the system that is asked."""

    cases: list[Case]
    folder: Path
    articles: Mapping[str, Article]
    assistant: Assistant
    model: ChatModel | None = None
    cassette: Cassette | None = None


@click.group(cls=_Group, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--gold", type=click.Path(path_type=Path), multiple=True,
              help="A JSONL file of questions, or a folder of them. Default: evals/gold/seeds.jsonl.")  # fmt: skip
@click.option("--folder", type=click.Path(path_type=Path), help="The articles. Default: QA_FOLDER, else seeds/.")
@click.option("--kind", multiple=True, help="Only questions of this kind.")
@click.option("--limit", type=click.IntRange(1), help="Only so many questions, spread over the set.")
@click.option("--baseline", type=click.Path(path_type=Path), help="A run that --json wrote, to compare with.")
@click.option("--gate", "gates", multiple=True, metavar="'METRIC>=X'",
              help="What must hold, such as 'correct_and_cited>=0.85' or 'refusal[near-miss]>=0.7'.")  # fmt: skip
@click.option("--max-regress", type=click.FloatRange(0, 1), default=0.02, show_default=True,
              help="A significant loss against the baseline larger than this fails.")  # fmt: skip
@click.option("--repeat", type=click.IntRange(1, 100), default=1, show_default=True, help="Ask each question N times.")
@click.option("--workers", type=click.IntRange(1, 32), default=1, show_default=True, help="Questions asked at once.")
@click.option("--model", help="A name at an endpoint, `local`, or a .gguf file. Default: the embedded answerer.")
@click.option("--base-url", help="The endpoint.")
@click.option("--min-confidence", type=click.FloatRange(0, 1), help="Refuse below this confidence.")
@click.option("--top-k", type=click.IntRange(1, 100), help="Paragraphs that are retrieved as evidence.")
@click.option("--cassette", "cassette_mode", type=click.Choice(["record", "replay", "off"]), default="off",
              show_default=True, help="Record the model's replies, or replay them without calling it.")  # fmt: skip
@click.option("--cassettes", type=click.Path(path_type=Path), default=Path("evals/cassettes"), show_default=True,
              help="The folder of the cassettes, one file a model.")  # fmt: skip
@click.option("--price", metavar="IN,OUT", help="US dollars for a million tokens read and written, for the ledger.")
@click.option("--judge", help="A second model that gives its opinion in columns of its own; never a gate by default.")
@click.option("--judge-base-url", help="The judge's endpoint.")
@click.option("--trivial/--no-trivial", default=True, show_default=True, help="Score the trivial baselines beside.")
@click.option("--format", "layout", type=click.Choice(["plain", "squad", "multihop", "mtrag"]),
              help="A public set instead of gold (--where says where to get it).")  # fmt: skip
@click.option("--docs", type=click.Path(path_type=Path), help="The articles of a public set.")
@click.option("--qa", "questions", type=click.Path(path_type=Path), help="The questions of a public set.")
@click.option("--where", is_flag=True, help="Say where the public sets can be had, and end.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the run, to compare with later.")
@click.option("--html", "html_file", type=click.Path(path_type=Path), help="Write a report to read.")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path), help="Write JUnit XML.")
@click.option("--rows", "rows_file", type=click.Path(path_type=Path),
              help="Write the answers as JSONL, for other scorers.")  # fmt: skip
@click.option("--github", is_flag=True, help="Print annotations that GitHub shows at the gold file's lines.")
@click.pass_context
def main(ctx: click.Context, /, **options: Any) -> None:
    """Asks the gold questions, and prints how good the answers are; gates CI on it."""
    if ctx.invoked_subcommand:
        return
    if options["where"]:
        from .public import LAYOUTS, where

        click.echo("\n".join(f"{layout}: {where(layout)}" for layout in LAYOUTS))
        return
    with _asked(options) as asked:
        report = _report(asked, options)
        _write(report, options)
        _refuse_errors(report)
    _end(report)


@main.command()
@click.argument("gold", nargs=-1, type=click.Path(path_type=Path))
@click.option("--folder", type=click.Path(path_type=Path), help="The articles. Default: QA_FOLDER, else seeds/.")
def lint(gold: tuple[Path, ...], folder: Path | None) -> None:
    """Prove that a gold set is sound: its pointers exist, its answers stand there, its refusals are right."""
    from .lint import articles, lint, summary

    cases = load(gold or [_gold()])
    problems = lint(cases, articles(_folder(folder)))
    for problem in problems:
        click.echo(f"{problem.level}: {problem}")
    click.echo(summary(cases))
    faults = sum(problem.level == "error" for problem in problems)
    click.echo(f"{faults} errors, {len(problems) - faults} warnings")
    sys.exit(FAULTY if faults else 0)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--out", type=click.Path(path_type=Path), default=Path("gold.jsonl"), show_default=True)
@click.option("--count", type=click.IntRange(1, 500), default=20, show_default=True, help="Questions to start from.")
@click.option("--from-feedback", type=click.Path(path_type=Path), help="The feedback that the chat page has kept.")
def new(folder: Path | None, out: Path, count: int, from_feedback: Path | None) -> None:
    """Write a starter gold file for FOLDER, for a person to edit."""
    from . import starter

    if from_feedback:
        rows, skipped = starter.from_feedback(from_feedback, out)
        for problem in skipped:
            click.echo(problem, err=True)
    else:
        rows = starter.new(_folder(folder), out, count=count)
    click.echo(f"{out}: {len(rows)} questions to edit; then `qa eval lint {out}`")


@main.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--metric", "metrics", multiple=True, help="Default: every metric that both runs have.")
def diff(before: Path, after: Path, metrics: tuple[str, ...]) -> None:
    """Compare two runs that --json wrote, question by question."""
    from .gate import differences
    from .metrics import METRICS
    from .report import compared

    names = metrics or [one.name for one in METRICS if one.name != "seconds"]
    click.echo(compared(differences(_run(before), _run(after), names, max_regress=0.0)))


@main.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
def certainty(runs: tuple[Path, ...]) -> None:
    """Say how often the answers that the page calls sure, fairly sure and unsure are right, in runs of --json."""
    from .report import called

    click.echo(called(outcome for path in runs for outcome in _run(path).outcomes))


def _gold() -> Path:
    for place in (Path("evals/gold/seeds.jsonl"), HERE / "gold/seeds.jsonl"):
        if place.is_file():
            return place
    raise Unavailable("There is no gold set here: give --gold a file of questions; `qa eval new FOLDER` starts one.")


def _folder(given: Path | None) -> Path:
    from qa.index.addresses import default_folder
    from qa.settings import load as settings

    folder = given or Path(settings().folder or default_folder())
    if not folder.is_dir():
        raise FolderError(f"{folder} is not a folder; give the folder that holds the articles.")
    return folder


@contextmanager
def _asked(options: Mapping[str, Any]) -> Iterator[_Asked]:
    """The questions and an assistant over their articles; a public set is laid out in a folder of its own."""
    from qa import Assistant
    from qa.index.addresses import user_folder
    from qa.types import Step

    with ExitStack() as held:
        place = Path(held.enter_context(tempfile.TemporaryDirectory()))
        chosen = {name: options[name] for name in ("min_confidence", "top_k")}
        cases, folder, read = _public(options, place) if options["layout"] else _own(options)
        # What was added on the chat page is not evaluated; an index of its own leaves it in the page's.
        if options["layout"] or any(user_folder(folder).glob("added/*")):
            chosen["index"] = str(place / "index")
        cases = _chosen(cases, options["kind"], options["limit"])
        cassette = _cassette(options)
        if cassette:
            held.enter_context(cassette)
        model = _model(options["model"], options["base_url"], cassette)
        if model is None:
            chosen["answerer"] = "extract"  # the same on a machine that has the extra `local`
        with _bar("Indexing") as bar:

            def progress(step: Step) -> None:
                bar(step.done, step.total, step.file)

            assistant = held.enter_context(
                Assistant.open(folder, model=model, progress=progress, added=False, **chosen)
            )
        yield _Asked(cases, folder, read, assistant, model, cassette)


def _own(options: Mapping[str, Any]) -> tuple[list[Case], Path, dict[str, Article]]:
    """A gold set that has been found sound, its folder and articles. Raises `GoldError` for a faulty one."""
    from .lint import articles, lint

    cases, folder = load(options["gold"] or [_gold()]), _folder(options["folder"])
    read = articles(folder)
    if faults := [str(problem) for problem in lint(cases, read) if problem.level == "error"]:
        raise GoldError(faults)
    return cases, folder, read


def _public(options: Mapping[str, Any], place: Path) -> tuple[list[Case], Path, dict[str, Article]]:
    """The questions of a public set, its articles laid out as files in ``place``, and those files as articles."""
    from .lint import articles
    from .public import cases_of, where

    if options["questions"] is None:
        raise Unavailable(f"Give --qa the questions of the set. {where(options['layout'])}")
    folder = place / "articles"
    folder.mkdir()
    cases = cases_of(options["layout"], options["docs"], options["questions"], folder)
    return cases, folder, articles(folder)


def _cassette(options: Mapping[str, Any]) -> Cassette | None:
    from qa.llm.local import title

    from .cassette import Cassette, path_for

    if options["cassette_mode"] == "off":
        return None
    if not options["model"]:
        raise Unavailable("A cassette holds a model's replies: name the model with --model.")
    return Cassette(path_for(options["cassettes"], title(options["model"])), options["cassette_mode"])


def _model(name: str | None, base_url: str | None, cassette: Cassette | None = None) -> ChatModel | None:
    """The model of that name; one whose replies are replayed needs neither key nor address."""
    from qa.llm.endpoint import OpenAIModel
    from qa.llm.local import LocalModel, is_local

    if name is None:
        return None
    if is_local(name) and base_url is None:
        replayed = cassette is not None and cassette.mode == "replay"
        address = "http://127.0.0.1/v1" if replayed else None
        return LocalModel(name, base_url=address, http_client=cassette.client() if cassette else None)
    if cassette is None:
        return OpenAIModel(name, base_url=base_url)
    key = "replayed" if cassette.mode == "replay" else None
    return OpenAIModel(name, base_url=base_url, api_key=key, http_client=cassette.client())


def _chosen(cases: list[Case], kinds: Sequence[str], limit: int | None) -> list[Case]:
    """The cases of these kinds; with a limit, so many of them at even distances, so that every kind stays in."""
    kept = [case for case in cases if not kinds or case.kind in kinds]
    if not kept:
        raise Unavailable(f"No question is of the kind {', '.join(kinds)}; there are {_kinds(cases)}.")
    if limit is None or limit >= len(kept):
        return kept
    return [kept[i * len(kept) // limit] for i in range(limit)]


def _kinds(cases: Sequence[Case]) -> str:
    return ", ".join(dict.fromkeys(case.kind for case in cases))


def _report(asked: _Asked, options: Mapping[str, Any]) -> Report:
    """Asks the product and the trivial baselines, and sums it all up."""
    from .evaluate import by_kind, rows, run
    from .gate import condition, differences, gate
    from .report import Report
    from .systems import product

    wanted = [condition(text) for text in options["gates"]]  # a gate that is misspelt is told before anything is asked
    before = _run(options["baseline"]) if options["baseline"] else None
    ours = _judged(_asking("qa", product(asked.assistant, asked.articles), asked, options), asked, options)
    now = run("qa", ours, _about(asked))
    names = list(dict.fromkeys([*GATED, *(one.name for one in wanted)]))
    known = {(one.id, one.sha) for one in before.outcomes} if before else set()
    return Report(
        run=now,
        cases={case.id: case for case in asked.cases},
        rows=rows(ours),
        by_kind=by_kind(ours, ("correct_and_cited", "refusal", "clarify")),
        gates=tuple(gate(one, ours) for one in wanted),
        differences=differences(before, now, names, max_regress=options["max_regress"]) if before else (),
        unpaired=sum((one.id, one.sha) not in known for one in ours) if before else 0,
        baselines=_baselines(asked, options) if options["trivial"] else {},
        check=_check(asked.articles),
        paragraphs=_paragraphs(asked, ours),
        ledger=_ledger(now, asked.cassette, options["price"]),
    )


def _asking(name: str, system: System, asked: _Asked, options: Mapping[str, Any]) -> tuple[Outcome, ...]:
    from .evaluate import outcomes

    done = 0
    with _bar(name) as progress:

        def step() -> None:
            nonlocal done
            done += 1
            progress(done, len(asked.cases), "")

        progress(0, len(asked.cases), "")
        try:
            return outcomes(asked.cases, system, repeat=options["repeat"], workers=options["workers"], asked=step)
        finally:
            if asked.cassette:
                asked.cassette.raise_for_misses()  # says more than the error that the model made of it


def _baselines(asked: _Asked, options: Mapping[str, Any]) -> dict[str, tuple[Row, ...]]:
    """The trivial systems' metrics, by name; each question is asked once."""
    from .evaluate import rows
    from .systems import trivial

    systems = trivial(asked.assistant, asked.articles)
    once = {**options, "repeat": 1}
    return {name: rows(_asking(name, system, asked, once)) for name, system in systems.items()}


def _judged(found: tuple[Outcome, ...], asked: _Asked, options: Mapping[str, Any]) -> tuple[Outcome, ...]:
    """The outcomes with a judge's opinion beside the metrics, where one is asked for."""
    from .evaluate import with_values
    from .judge import judge

    model = _model(options["judge"], options["judge_base_url"])
    if model is None:
        return found
    texts = {address: text for address, (_, text) in _paragraphs(asked, found).items()}
    pairs = zip(asked.cases, found, strict=True)
    return tuple(with_values(one, judge(model, case, one.prediction, texts).values) for case, one in pairs)


def _check(articles: Mapping[str, Article]) -> dict[str, float]:
    """The support check's own accuracy on faults planted in these very articles."""
    from .faults import accuracy
    from .systems import evidence_of

    told = accuracy([[evidence_of(articles, p.address) for p in one.paragraphs] for one in articles.values()])
    return {"caught": told.caught, "kept": told.kept, "n": told.faults + told.claims} if told else {}


def _paragraphs(asked: _Asked, found: Sequence[Outcome]) -> dict[str, tuple[str, str]]:
    """Title and text of each paragraph that was cited or is gold."""
    wanted = {cited.address for one in found for cited in one.prediction.cited}
    wanted |= {address for case in asked.cases for address in (*case.gold, *case.acceptable, *case.tempting)}
    return {
        paragraph.address: (article.title or "", paragraph.text)
        for article in asked.articles.values()
        for paragraph in article.paragraphs
        if paragraph.address in wanted
    }


def _ledger(run: Run, cassette: Cassette | None, price: str | None) -> dict[str, float]:
    """Tokens and calls, those that were replayed, and the cost at the prices given."""
    from .cassette import cost

    told = {name: run.totals[name] for name in ("calls", "prompt_tokens", "completion_tokens") if name in run.totals}
    if cassette:
        told["replayed"] = cassette.replayed
    if price:
        try:
            read, written = map(float, price.split(","))
        except ValueError:
            raise UsageError(f"--price {price!r} is not two numbers with a comma between, such as 0.40,1.60.") from None
        told["cost"] = cost(
            int(told.get("prompt_tokens", 0)), int(told.get("completion_tokens", 0)), per_million=(read, written)
        )
    return told


def _about(asked: _Asked) -> dict[str, Any]:
    """What was run, so that two runs can be told apart."""
    from qa import __version__
    from qa.answer.prompts import load as prompt
    from qa.llm.local import LocalModel

    from .evaluate import fingerprint

    assistant = asked.assistant
    asks = "answer_local" if isinstance(asked.model, LocalModel) else "answer"
    return {
        "version": __version__,
        "answerer": assistant.kit.answerer,
        "model": asked.model.identity if asked.model else None,
        "embedder": assistant.embedder.identity,
        "prompt": prompt(asks).sha if asked.model else None,
        "questions": len(asked.cases),
        "gold": fingerprint(asked.cases),
        "min_confidence": assistant.settings.min_confidence,
        "top_k": assistant.settings.top_k,
    }


def _run(path: Path) -> Run:
    try:
        return Run.load(path)
    except OSError:
        raise Unavailable(f"There is no run at {path}; `qa eval --json {path}` makes one.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(f"{path} is not a run that --json wrote ({type(error).__name__}); make it anew.") from None


def _write(report: Report, options: Mapping[str, Any]) -> None:
    from .report import github, html, junit, text

    click.echo(text(report))
    if path := options["json_file"]:
        report.run.save(path)
    if path := options["html_file"]:
        path.write_text(html(report), encoding="utf-8")
    if path := options["junit_file"]:
        path.write_text(junit(report), encoding="utf-8")
    if path := options["rows_file"]:
        from .public import places, score_rows

        layout = options["layout"]
        known = places(layout, options["docs"], options["questions"]) if layout else {}
        rows = score_rows(report.run.outcomes, known)
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    if options["github"]:
        for line in github(report):
            click.echo(line)


def _refuse_errors(report: Report) -> None:
    """Raises `Unavailable` when a question got no answer: what could not be measured neither passes nor fails."""
    errors = [one for one in report.run.outcomes if one.prediction.status == "error"]
    if errors:
        raise Unavailable(f"{len(errors)} questions got no answer; the first: {errors[0].prediction.error}")


def _end(report: Report) -> None:
    """Ends the program with the code that CI goes by."""
    missed = [gate.text for gate in report.gates if not gate.passed]
    worse = [difference.name for difference in report.differences if difference.verdict == "worse"]
    if missed or worse:
        told = [f"gate missed: {', '.join(missed)}"] if missed else []
        told += [f"significantly worse than the baseline: {', '.join(worse)}"] if worse else []
        click.echo(f"qa eval: {'; '.join(told)}", err=True)
        sys.exit(FAILED)


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """A bar on standard error, drawn where a person looks on."""
    from tqdm import tqdm

    with tqdm(desc=what, leave=False, disable=None, file=sys.stderr) as bar:

        def progress(done: int, total: int, _: str) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
