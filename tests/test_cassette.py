from __future__ import annotations

import gzip
import json
import string
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.cassette import Cassette, CassetteError, CassetteMiss, cost, path_for
from qa.errors import ModelBusy, ModelReply
from qa.llm.endpoint import Delta, Message, OpenAIModel
from qa.testing import Fault, Reply, serve
from qa.types import Usage

KEY = "sk-very-secret-key"
EVENTS = {"content-type": "text/event-stream"}
NOWHERE = "http://127.0.0.1:9/v1"  # nothing listens there


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # which must not be asked for this machine


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cassettes" / "rain-1.jsonl"


class Echo:
    """A model that says the last message again, so that every request has a reply of its own."""

    identity = "echo"

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[Delta]:
        yield from (Delta(word) for word in messages[-1].content.split())
        yield Delta(usage=Usage(1, 2, 1))


def model_on(cassette: Cassette, base_url: str, *, key: str = KEY, name: str = "rain-1") -> OpenAIModel:
    return OpenAIModel(name, base_url=base_url, api_key=key, max_retries=2, http_client=cassette.client())


def ask(model: OpenAIModel, question: str = "When did it rain?") -> list[Delta]:
    return list(model.stream([Message("system", "Be brief."), Message("user", question)], max_tokens=50))


def text(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


def recorded(path: Path, replies: Sequence[Reply], *questions: str) -> list[list[Delta]]:
    """What a real client heard from a real server while it was recorded."""
    with serve(replies) as served, Cassette(path, "record") as cassette:
        model = model_on(cassette, served.base_url)
        return [ask(model, question) for question in questions or ["When did it rain?"]]


def replayed(path: Path, *questions: str) -> list[list[Delta]]:
    with Cassette(path, "replay") as cassette:
        model = model_on(cassette, NOWHERE, key="another-key")
        return [ask(model, question) for question in questions or ["When did it rain?"]]


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def mocked(path: Path, answer: Callable[[httpx.Request], httpx.Response]) -> Cassette:
    return Cassette(path, "record", inner=httpx.Client(transport=httpx.MockTransport(answer)))


def test_a_replay_gives_the_same_deltas_without_the_server(path: Path) -> None:
    question = "When\u2028did it rain? ☔"
    heard = recorded(path, ["It rained on Monday. «¡Llovió!»"], question)
    assert text(heard[0]).startswith("It rained on Monday. «¡Llovió!»")
    assert heard[0][-1].usage is not None
    assert replayed(path, question) == heard


def test_a_line_holds_the_call_and_nothing_of_the_headers(path: Path) -> None:
    recorded(path, ["It rained."])
    (line,) = lines(path)
    assert list(line) == ["key", "request", "status", "headers", "body"]
    assert len(str(line["key"])) == 64
    assert (line["status"], line["headers"]) == (200, EVENTS)
    request = line["request"]
    assert isinstance(request, dict)
    assert (request["model"], request["messages"][1]["content"]) == ("rain-1", "When did it rain?")
    assert "data: [DONE]" in str(line["body"])


def test_the_reply_streams_while_it_is_recorded(path: Path) -> None:
    with serve([["It ", 5.0, "rained."]]) as served, Cassette(path, "record") as cassette:
        stream = model_on(cassette, served.base_url).stream([Message("user", "?")], max_tokens=50)
        assert next(stream).text == "It "
        assert cassette.recorded == 0  # the pause is not over
        cassette.discard()


def test_a_reply_that_was_not_heard_to_its_end_is_recorded_whole(path: Path) -> None:
    with serve(["It rained on Monday."]) as served, Cassette(path, "record") as cassette:
        stream = model_on(cassette, served.base_url).stream(
            [Message("system", "Be brief."), Message("user", "When did it rain?")], max_tokens=50
        )
        assert next(stream).text == "It ra"
        stream.close()
    assert [text(deltas) for deltas in replayed(path)] == ["It rained on Monday."]


@pytest.mark.parametrize("change", ["question", "model", "temperature"])
def test_a_changed_request_is_a_miss_that_is_not_tried_again(path: Path, change: str) -> None:
    recorded(path, ["It rained."])
    with Cassette(path, "replay") as cassette:
        model = model_on(cassette, NOWHERE, name="rain-2" if change == "model" else "rain-1")
        if change == "temperature":
            model = OpenAIModel("rain-1", base_url=NOWHERE, api_key=KEY, temperature=0.7, http_client=cassette.client())
        with pytest.raises(ModelReply, match="424"):
            ask(model, "When did it snow?" if change == "question" else "When did it rain?")
        assert (len(cassette.misses), cassette.replayed) == (1, 0)
        with pytest.raises(CassetteMiss) as raised:
            cassette.raise_for_misses()
    assert str(raised.value) == (
        f"The cassette {path} has no reply for this request (the prompt, the model or the articles changed): "
        "record it again with --cassette record."
    )


def test_without_a_miss_nothing_is_raised(path: Path) -> None:
    recorded(path, ["It rained."])
    with Cassette(path, "replay") as cassette:
        ask(model_on(cassette, NOWHERE))
        cassette.raise_for_misses()
        assert (cassette.replayed, cassette.recorded) == (1, 0)


def test_the_same_request_is_replayed_in_order_and_the_last_repeated(path: Path) -> None:
    recorded(path, ["It rained.", "It poured."], *["When?"] * 2)
    assert [text(deltas) for deltas in replayed(path, *["When?"] * 4)] == ["It rained."] + ["It poured."] * 3


def test_an_error_passes_through_and_is_not_recorded(path: Path) -> None:
    with serve([Fault(500), Fault(429), "It rained.", *[Fault(500)] * 3]) as served:
        with Cassette(path, "record") as cassette:
            model = model_on(cassette, served.base_url)
            assert text(ask(model)) == "It rained."
            with pytest.raises(ModelBusy, match="500"):
                ask(model, "And then?")
            assert cassette.recorded == 1
        assert len(served.requests) == 6
    assert [line["status"] for line in lines(path)] == [200]


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(503, text="overloaded"),
        httpx.Response(404),
        httpx.Response(200, headers=EVENTS, text='data: {"error": {"message": "the engine died"}}\n\ndata: [DONE]\n\n'),
        httpx.Response(200, json={"error": {"message": "the engine died"}}),
    ],
)
def test_what_is_no_success_is_heard_but_not_recorded(path: Path, reply: httpx.Response) -> None:
    with mocked(path, lambda _: reply) as cassette:
        heard = cassette.client().get("https://example.org/v1/x")
        assert (heard.status_code, heard.text) == (reply.status_code, reply.text)
        assert cassette.recorded == 0
    assert not path.exists()


@pytest.mark.parametrize(
    "broken", [["It ", Fault()], ["It ", Fault(raw='data: {"error": {"message": "the engine died"}}\n\n')]]
)
def test_a_stream_that_broke_is_not_recorded(path: Path, broken: Reply) -> None:
    with serve([broken, "It poured."]) as served, Cassette(path, "record") as cassette:
        model = model_on(cassette, served.base_url)
        with pytest.raises(ModelReply):
            ask(model)
        ask(model, "And then?")
    (line,) = lines(path)
    assert "And then?" in json.dumps(line["request"])


def test_options_that_the_endpoint_rejects_replay_in_a_model_that_does_not_know_it_yet(path: Path) -> None:
    complaint = "'max_tokens' is not supported. Use 'max_completion_tokens' instead."
    rejections = [Fault(400, "temperature: no"), Fault(400, complaint), Fault(400, "seed: no")]
    heard = recorded(path, [*rejections, "It rained.", "It poured."], "When?", "And then?")
    assert len(lines(path)) == 2
    assert replayed(path, "When?", "And then?") == heard
    assert replayed(path, "And then?") == heard[1:]  # another order: the question that was never rejected comes first


def test_the_text_of_the_key_is_nowhere_in_the_file(path: Path) -> None:
    question = f"What does {KEY} open?"
    (heard,) = recorded(path, [["It opens ", f"{KEY}."]], question)
    assert KEY in text(heard)
    assert KEY not in path.read_text(encoding="utf-8")
    assert path.read_text(encoding="utf-8").count("(key)") == 2
    assert [text(deltas) for deltas in replayed(path, question)] == ["It opens (key)."]


def test_no_secret_of_any_header_or_address_is_in_the_file(path: Path) -> None:
    secret = 'pass"word\\1'

    def answer(request: httpx.Request) -> httpx.Response:
        headers = {"set-cookie": "sid=crumb-123", "openai-organization": "org-acme"}
        said = f"{secret} {json.dumps(secret)} hush-hush key-of-azure"
        return httpx.Response(200, headers=headers, json={"said": said})

    headers = {"api-key": "key-of-azure", "x-api-key": secret, "cookie": "sid=crumb-123"}
    with mocked(path, answer) as cassette:
        reply = cassette.client().post("https://ana:hush-hush@example.org/v1/x", headers=headers, json={"a": secret})
        assert reply.json()["said"].endswith("key-of-azure")
    kept = path.read_text(encoding="utf-8")
    assert all(word not in kept for word in ("key-of-azure", "word", "crumb", "org-acme", "hush", "ana"))
    assert lines(path)[0]["request"] == {"a": "(key)"}


def test_a_short_key_that_opens_nothing_is_no_secret(path: Path) -> None:
    with serve([["The ollama slept."]]) as served, Cassette(path, "record") as cassette:
        ask(model_on(cassette, served.base_url, key="ollama"))
    assert text(replayed(path)[0]) == "The ollama slept."


def test_a_run_that_is_broken_off_leaves_the_old_file(path: Path) -> None:
    recorded(path, ["It rained."])
    before = path.read_bytes()

    def broken_off() -> None:
        with serve(["It poured."]) as served, Cassette(path, "record") as cassette:
            ask(model_on(cassette, served.base_url))
            part = path.with_name(f"{path.name}.part")
            assert "When did it rain?" in part.read_text(encoding="utf-8")  # each line is there at once
            assert path.read_bytes() == before
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_run_that_recorded_nothing_leaves_the_old_file(path: Path) -> None:
    recorded(path, ["It rained."])
    before = path.read_bytes()
    with serve([Fault(401)]) as served, Cassette(path, "record") as cassette, pytest.raises(Exception, match="401"):
        ask(model_on(cassette, served.base_url))
    assert [path.read_bytes(), *path.parent.iterdir()] == [before, path]


def test_a_new_recording_takes_the_place_of_the_old(path: Path) -> None:
    recorded(path, ["It rained."])
    recorded(path, ["It poured."])
    assert [text(deltas) for deltas in replayed(path)] == ["It poured."]
    assert len(lines(path)) == 1


def test_threads_record_and_replay_together(path: Path) -> None:
    questions = [f"question {number}" for number in range(24)]
    with serve(Echo()) as served, Cassette(path, "record") as cassette, ThreadPoolExecutor(2) as threads:
        model = model_on(cassette, served.base_url)
        heard = list(threads.map(lambda question: ask(model, question), questions))
    assert cassette.recorded == len(lines(path)) == 24
    with Cassette(path, "replay") as cassette, ThreadPoolExecutor(2) as threads:
        model = model_on(cassette, NOWHERE)
        assert list(threads.map(lambda question: ask(model, question), questions)) == heard
        assert (cassette.replayed, cassette.misses) == (24, [])
    assert text(heard[7]) == "question7"


def test_a_reply_that_came_compressed_replays(path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        headers = {"content-encoding": "gzip", "content-type": "application/json"}
        return httpx.Response(200, headers=headers, content=gzip.compress(b'{"said": "ll\xc3\xb3vi\xc3\xb3"}'))

    with mocked(path, answer) as cassette:
        heard = cassette.client().get("https://example.org/v1/models").json()
    with Cassette(path, "replay") as cassette:
        again = cassette.client().get("http://localhost:1/v1/models")
        assert again.json() == heard == {"said": "llóvió"}
        assert again.headers["content-type"] == "application/json"


def test_another_path_or_method_is_another_request(path: Path) -> None:
    with mocked(path, lambda _: httpx.Response(200, json={})) as cassette:
        cassette.client().get("https://example.org/v1/models")
    with Cassette(path, "replay") as cassette, cassette.client() as client:
        for method, address in (("GET", "/v1/files"), ("POST", "/v1/models"), ("GET", "/v1/models")):
            client.request(method, f"http://localhost:1{address}")
        assert (len(cassette.misses), cassette.replayed) == (2, 1)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "7",
        "{}",
        '{"key": "a", "status": 500, "headers": {"content-type": ""}, "body": ""}',
        '{"key": "a", "status": 200, "headers": {"content-type": ""}, "body": {}}',
        '{"key": 1, "status": 200, "headers": {"content-type": ""}, "body": ""}',
        "[" * 100_000,
    ],
)
def test_what_is_no_cassette_is_said_with_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "tape.jsonl"
    path.write_text(f"\n{line}\n", encoding="utf-8")
    with pytest.raises(CassetteError, match=r"tape\.jsonl:2 is not a line of a cassette: record it again"):
        Cassette(path, "replay")


def test_a_cassette_that_is_not_there_or_cannot_be_made_is_said(tmp_path: Path) -> None:
    with pytest.raises(CassetteError, match=r"no cassette .*none\.jsonl: record it with --cassette record"):
        Cassette(tmp_path / "none.jsonl", "replay")
    (tmp_path / "file").write_bytes(b"\xff")
    with pytest.raises(CassetteError, match="cannot be read"):
        Cassette(tmp_path / "file", "replay")
    with pytest.raises(CassetteError, match="cannot be written"):
        Cassette(tmp_path / "file" / "tape.jsonl", "record")


@given(name=st.text(max_size=90))
def test_a_file_name_is_safe_whatever_the_model_is_called(name: str) -> None:
    path = path_for(Path("folder"), name)
    assert path.parent == Path("folder")
    assert set(path.stem) <= set(string.ascii_lowercase + string.digits + "-")
    assert len(path.name) < 80
    assert path.suffix == ".jsonl"


def test_names_that_differ_get_files_that_differ() -> None:
    names = ["gpt-5", "GPT-5", "gpt/5", "../gpt-5", "con", "", "模型", "型模"]
    assert len({path_for(Path(), name).name for name in names}) == len(names)
    assert path_for(Path(), "gpt-4o-mini").name.startswith("gpt-4o-mini-")


def test_cost_counts_each_kind_of_token_at_its_price() -> None:
    assert cost(2_000_000, 500_000, per_million=(0.15, 0.6)) == pytest.approx(0.6)
    assert cost(0, 0, per_million=(0.15, 0.6)) == 0
