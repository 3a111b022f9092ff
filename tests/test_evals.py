"""`qa eval` as CI runs it: the exit codes, the gates against deliberate defects, the same numbers twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conftest import ROOT
from evals import gate
from evals.cases import Case
from evals.cli import main
from evals.evaluate import Unavailable, by_kind, outcomes
from evals.outcomes import Outcome, Prediction, Run
from qa import Assistant
from qa.answer import checked
from qa.check import verify as checks
from qa.errors import UsageError
from qa.retrieve import Retriever
from qa.testing import ScriptedModel, serve
from qa.types import Claim

SOME = ["--limit", "80", "--no-trivial"]  # spread over all kinds: enough for a defect to be significant


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def sound(seeds: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the product as it is, to compare with."""
    path = tmp_path_factory.mktemp("runs") / "baseline.json"
    found = run(*SOME, "--json", path)
    assert found.exit_code == 0, found.output
    return path


# ---------------------------------------------------------------- the gate catches


def worse(found: Result) -> str:
    """What the run says on its last line it is worse in."""
    assert found.exit_code == 1, found.output
    return found.output.strip().splitlines()[-1]


def test_a_defect_in_retrieval_is_caught(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    retrieve = Retriever.retrieve

    def elsewhere(self: Retriever, query: Any, k: int = 10, *more: Any) -> Any:
        return retrieve(self, self.query("a harbour, ships and the sea"), k, *more)

    monkeypatch.setattr(Retriever, "retrieve", elsewhere)
    told = worse(run(*SOME, "--baseline", sound))
    assert "hit@5" in told
    assert "correct_and_cited" in told


def test_a_defect_in_citing_is_caught(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verify = checks.verify

    def beside(*arguments: Any, **more: Any) -> Claim:
        claim = verify(*arguments, **more)
        wrong = [replace(c, paragraph=replace(c.paragraph, number=c.paragraph.number + 1)) for c in claim.citations]
        return replace(claim, citations=tuple(wrong))

    monkeypatch.setattr(checked, "verify", beside)
    told = worse(run(*SOME, "--baseline", sound))
    assert "citation_validity" in told
    assert "correct_and_cited" in told


def test_a_defect_in_refusing_is_caught(sound: Path, tmp_path: Path) -> None:
    careful = tmp_path / "careful.json"  # refuses most of the 19 that it should: the product as it is too few of them
    assert run(*SOME, "--json", careful, "--min-confidence", "0.6").exit_code == 0
    assert "refusal" in worse(run(*SOME, "--baseline", careful, "--min-confidence", "0"))
    assert "over_refusal" in worse(run(*SOME, "--baseline", sound, "--min-confidence", "0.9"))


def test_the_same_run_twice_gives_the_same_numbers(sound: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.json"
    found = run(*SOME, "--baseline", sound, "--json", again, "--repeat", "2")
    assert found.exit_code == 0, found.output
    before, after = Run.load(sound), Run.load(again)
    timed = {"seconds", "stable"}
    for one, other in zip(before.outcomes, after.outcomes, strict=True):
        assert {k: v for k, v in one.values.items() if k not in timed} == {
            k: v for k, v in other.values.items() if k not in timed
        }
        assert other.values["stable"] == 1
        assert replace(one.prediction, seconds=None) == replace(other.prediction, seconds=None)
    assert "0 gained" in run("diff", sound, again).output or run("diff", sound, again).exit_code == 0


# ---------------------------------------------------------------- exit codes


def test_a_gate_that_is_met_passes_and_one_that_is_missed_fails(seeds: Assistant) -> None:
    few = ["--kind", "number", "--no-trivial"]
    assert run(*few, "--gate", "correct_and_cited>=0.5").exit_code == 0
    missed = run(*few, "--gate", "correct_and_cited>=0.5", "--gate", "correct_and_cited>1")
    assert missed.exit_code == 1
    assert "gate missed: correct_and_cited>1" in missed.output
    assert run(*few, "--gate", "refusal>=0").exit_code == 1, "a metric that nowhere is defined holds no gate"


def test_a_provider_that_is_down_is_no_regression(seeds: Assistant) -> None:
    found = run("--limit", "5", "--no-trivial", "--model", "any", "--base-url", "http://127.0.0.1:9/v1")
    assert found.exit_code == 2
    assert "No answer from http://127.0.0.1:9/v1" in found.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--baseline", "nowhere.json"], "qa eval --json nowhere.json"),
        (["--gate", "correctness>=1"], "correct"),
        (["--kind", "haiku"], "near-miss"),
        (["--cassette", "replay"], "--model"),
        (["--folder", "nowhere"], "nowhere is not a folder"),
        (["--format", "squad"], "--qa"),
    ],
)
def test_what_keeps_from_measuring_ends_with_2(arguments: Sequence[str], says: str, seeds: Assistant) -> None:
    found = run("--limit", "1", "--no-trivial", *arguments)
    assert found.exit_code == 2
    assert says in found.output
    assert "Traceback" not in found.output


def test_a_faulty_gold_set_ends_with_3(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    row = json.loads((ROOT / "evals/gold/seeds.jsonl").read_text(encoding="utf-8").splitlines()[0])
    gold.write_text(json.dumps({**row, "gold": ["nowhere.txt#p1"]}) + "\nnot json\n", encoding="utf-8")
    assert run("--gold", gold).exit_code == 3
    gold.write_text(json.dumps({**row, "gold": ["nowhere.txt#p1"]}) + "\n", encoding="utf-8")
    found = run("--gold", gold)
    assert found.exit_code == 3
    assert f"{gold}:1" in found.output
    assert run("lint", gold).exit_code == 3


# ---------------------------------------------------------------- with a model


@pytest.fixture
def served() -> Any:
    """A model that quotes the first passage it is given, whatever is asked."""
    with serve(ScriptedModel(["Abbas Araghchi led a delegation to Kabul in February. [{key:1}]"] * 400)) as server:
        yield server


def test_a_cassette_replays_the_run_without_the_model(served: Any, seeds: Assistant, tmp_path: Path) -> None:
    asked = ["--limit", "6", "--no-trivial", "--model", "scripted", "--cassettes", tmp_path, "--price", "1,2"]
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    recorded = run(*asked, "--base-url", served.base_url, "--cassette", "record", "--json", first)
    assert recorded.exit_code == 0, recorded.output
    away = ["--base-url", "http://127.0.0.1:9/v1", "--cassette", "replay"]
    replayed = run(*asked, *away, "--json", second)
    assert replayed.exit_code == 0, replayed.output
    texts = [[one.prediction.text for one in Run.load(path).outcomes] for path in (first, second)]
    assert texts[0] == texts[1]
    changed = run(*asked, *away, "--top-k", "3")
    assert changed.exit_code == 2
    assert "--cassette record" in changed.output


# ---------------------------------------------------------------- what it writes


def test_every_report_is_written(seeds: Assistant, tmp_path: Path) -> None:
    files = {name: tmp_path / f"run.{name}" for name in ("json", "html", "junit", "rows")}
    given = [part for name, path in files.items() for part in (f"--{name}", str(path))]
    found = run("--kind", "false-premise", *given, "--github")
    assert found.exit_code == 0, found.output
    assert "bm25-sentence" in found.output
    assert "::warning file=" in found.output
    assert len(Run.load(files["json"]).outcomes) == 10
    assert "<html" in files["html"].read_text(encoding="utf-8")
    assert "<testsuite" in files["junit"].read_text(encoding="utf-8")
    assert len(files["rows"].read_text(encoding="utf-8").splitlines()) == 10


def test_a_public_set_runs_from_its_own_files() -> None:
    place = ROOT / "evals/sample"
    found = run("--format", "plain", "--docs", place / "docs.jsonl", "--qa", place / "qa.jsonl", "--no-trivial")
    assert found.exit_code == 0, found.output
    assert "30 questions" in found.output


def test_where_names_every_layout() -> None:
    told = run("--where").output
    assert all(layout in told for layout in ("plain:", "squad:", "multihop:", "mtrag:"))


def test_a_starter_is_written_and_refused_until_it_is_edited(tmp_path: Path) -> None:
    out = tmp_path / "gold.jsonl"
    assert run("new", ROOT / "seeds", "--out", out, "--count", "10").exit_code == 0
    assert run("lint", out).exit_code == 3
    again = run("new", ROOT / "seeds", "--out", out)
    assert again.exit_code == 2, "what a person has edited is not written over"


# ---------------------------------------------------------------- the parts


def case(name: str, kind: str = "fact") -> Case:
    return Case(name, kind, "en", "Who?", True, facts=(("Ilse",),), gold=("a.txt#p1",))


def system(*texts: str) -> Callable[[Case], Prediction]:
    said = iter(texts)

    def ask(_: Case) -> Prediction:
        text = next(said)
        return Prediction("error", error=text) if text.startswith("down") else Prediction("answered", text=text)

    return ask


def test_values_are_the_mean_over_repetitions() -> None:
    (found,) = outcomes([case("a")], system("Ilse.", "Nobody."), repeat=2)
    assert found.values["correct"] == 0.5
    assert found.values["stable"] == 0
    assert found.prediction.text == "Ilse."


def test_an_error_is_an_outcome_and_three_at_the_start_end_the_run() -> None:
    found = outcomes([case("a"), case("b")], system("Ilse.", "down"))
    assert [one.prediction.status for one in found] == ["answered", "error"]
    assert "correct" not in found[1].values
    with pytest.raises(Unavailable, match="down 3"):
        outcomes([case(name) for name in "abcd"], system("down 1", "down 2", "down 3", "Ilse."))


def test_kinds_are_summed_apart() -> None:
    found = outcomes([case("a"), case("b", "date"), case("c", "date")], system("Ilse.", "Ilse.", "Nobody."))
    assert by_kind(found, ["correct"]) == (("fact", "correct", 1.0, 1), ("date", "correct", 0.5, 2))


@pytest.mark.parametrize("text", ["correct", "correct>=", "correct>=high", "nonsense>=1", "correct>=0.5 please"])
def test_a_gate_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        gate.condition(text)


def test_a_gate_is_taken_over_its_kind() -> None:
    found: tuple[Outcome, ...] = outcomes([case("a"), case("b", "date")], system("Ilse.", "Nobody."))
    assert gate.gate(gate.condition("correct >= 0.5"), found).passed
    assert not gate.gate(gate.condition("correct[date]>0"), found).passed
    assert gate.gate(gate.condition("error==0"), found).passed
    assert "no question is of the kind" in gate.gate(gate.condition("correct[haiku]>=0"), found).why
