"""What OpenAI's own client gets of a running `qa serve`, and what everybody else gets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletion
from openai.types.responses import Response, ResponseCompletedEvent, ResponseTextDeltaEvent
from serving import Server, serving

from conftest import SEEDS
from qa import Assistant
from qa.serve.export import answer_json

KABUL, FILE = "Who led the delegation to Kabul?", "002_7f54b19aedd2aafd.txt"
REFUSED = "Which river flows through Vienna?"


@pytest.fixture(scope="module")
def server(seeds: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("serve") / "log", str(SEEDS)) as found:
        yield found


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.v1, api_key="none", max_retries=0) as found:
        yield found


def ask(client: openai.OpenAI, question: str, **more: Any) -> ChatCompletion:
    messages: Any = [{"role": "user", "content": question}]
    found: ChatCompletion = client.chat.completions.create(model="qa", messages=messages, **more)
    return found


def alike(got: Any, own: dict[str, Any]) -> bool:
    """Whether the extension has the whole answer, but for how long it took."""
    return bool({**got, "timings": {}} == json.loads(json.dumps({**own, "timings": {}})))


def test_the_chat_api_gives_a_cited_answer_and_all_of_it(client: openai.OpenAI, seeds: Assistant) -> None:
    got = ask(client, KABUL)
    own = seeds.ask(KABUL)
    message: Any = got.choices[0].message
    assert (message.content, got.choices[0].finish_reason, got.model) == (own.text, "stop", "qa")
    assert alike(got.model_extra["qa"], answer_json(own))  # type: ignore[index]
    (cited,) = message.annotations
    place = cited.url_citation
    assert message.content[place.start_index : place.end_index] == "[1]"
    ours = place.model_extra or {}
    text = (SEEDS / FILE).read_text(encoding="utf-8")
    assert (ours["file"], ours["paragraph"]) == (FILE, 18)
    assert ours["quote"] in text
    assert ours["quote"] in httpx.get(place.url).json()["text"]


def test_a_stream_gives_the_same_words_claim_by_claim(client: openai.OpenAI) -> None:
    question = "What are these articles about?"
    whole = ask(client, question).choices[0].message
    asked: Any = {"model": "qa", "messages": [{"role": "user", "content": question}], "stream": True}
    chunks = list(client.chat.completions.create(**asked, stream_options={"include_usage": True}))
    words = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    assert len(words) > 2
    assert "".join(words) == whole.content
    cited = [a for c in chunks if c.choices for a in (c.choices[0].delta.model_extra or {}).get("annotations", ())]
    assert cited == [annotation.model_dump() for annotation in whole.annotations or ()]
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-2].model_extra["qa"]["status"] == "answered"
    assert chunks[-1].usage is not None


def test_the_responses_api_gives_the_same_whole_and_streamed(client: openai.OpenAI, seeds: Assistant) -> None:
    own = seeds.ask(KABUL)
    got = client.responses.create(model="qa", input=KABUL)
    Response.model_validate(got.model_dump(), strict=True)
    assert (got.output_text, got.status, got.error) == (own.text, "completed", None)
    part: Any = got.output[0].content  # type: ignore[union-attr]
    (cited,) = part[0].annotations
    assert (cited.type, cited.filename, cited.file_id) == ("file_citation", FILE, FILE)
    assert got.output_text[cited.index :] == "[1]"
    assert cited.model_extra["quote"] == own.citations[0].quote
    assert alike(got.model_extra["qa"], answer_json(own))  # type: ignore[index]
    events = list(client.responses.create(model="qa", input=[{"role": "user", "content": KABUL}], stream=True))
    assert "".join(e.delta for e in events if isinstance(e, ResponseTextDeltaEvent)) == own.text
    assert [event.sequence_number for event in events] == list(range(len(events)))
    last = events[-1]
    assert isinstance(last, ResponseCompletedEvent)
    assert last.response.output_text == own.text
    assert last.response.output[0].content == part  # type: ignore[union-attr]


def test_the_clients_own_gathering_of_a_stream_works(client: openai.OpenAI) -> None:
    with client.responses.stream(model="qa", input=KABUL) as stream:
        assert stream.get_final_response().output_text.endswith("[1]")
    asked: Any = {"model": "qa", "messages": [{"role": "user", "content": KABUL}]}
    with client.chat.completions.stream(**asked) as chat:
        assert (chat.get_final_completion().choices[0].message.content or "").endswith("[1]")


def test_a_refusal_is_an_answer_with_its_reason_as_its_words(client: openai.OpenAI) -> None:
    got = ask(client, REFUSED)
    assert got.model_extra["qa"]["status"] == "refused"  # type: ignore[index]
    assert got.choices[0].message.content == got.model_extra["qa"]["reason"]  # type: ignore[index]
    assert got.choices[0].message.annotations == []


def test_messages_become_the_history_and_orders_of_the_system_are_left_unread(client: openai.OpenAI) -> None:
    messages: Any = [
        {"role": "system", "content": "Answer in French, and cite nothing."},
        {"role": "user", "content": [{"type": "text", "text": KABUL}]},
        {"role": "assistant", "content": "Abbas Araghchi."},
        {"role": "user", "content": "And when was it?"},
    ]
    got = client.chat.completions.create(model="qa", messages=messages, temperature=0.3, max_tokens=5)
    assert KABUL in got.model_extra["qa"]["query"]  # type: ignore[index]
    assert got.choices[0].message.annotations


def test_filters_and_a_day_go_with_a_question(client: openai.OpenAI) -> None:
    more = {"qa": {"as_of": "2025-07-27", "filters": {"languages": ["es"]}}}
    got = ask(client, "¿Quién es Pezeshkian?", extra_body=more).model_extra["qa"]  # type: ignore[index]
    assert got["filters"]["languages"] == ["es"]
    assert got["as_of"] == "2025-07-27"
    assert {cited["language"] for cited in got["citations"]} <= {"es"}


@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        ({"model": "gpt-4o"}, 404, "There is no such model here; name one of: qa."),
        ({"messages": []}, 400, "messages: List should have at least 1 item"),
        ({"messages": [{"role": "assistant", "content": "I led it."}]}, 400, "The last message is the question"),
        ({"messages": [{"role": "user", "content": " "}]}, 400, "of 1 to 4,000 characters"),
        ({"messages": [{"role": "user", "content": "a" * 4001}]}, 400, "of 1 to 4,000 characters"),
        ({"messages": [{"role": "king", "content": "Who?"}]}, 400, "messages.0.role"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, "Only text can be asked"),
        ({"messages": [{"role": "user", "content": "Who?"}] * 201}, 400, "messages: List should have at most 200"),
        ({"n": 2}, 400, "n: "),
        ({"response_format": {"type": "json_object"}}, 400, "leave the response's format out"),
        ({"qa": {"folder": "/etc"}}, 400, "qa.folder"),
        ({"qa": {"filters": {"sources": ["No such source"]}}}, 400, "No such source"),
        ({"qa": {"filters": {"since": "soon"}}}, 400, "qa.filters.since"),
        ({"qa": {"as_of": 0}}, 400, "qa.as_of: Value error, a day is written as 2025-07-26."),
    ],
)
def test_what_cannot_be_asked_is_one_sentence_in_the_clients_own_error(
    client: openai.OpenAI, sent: dict[str, Any], status: int, says: str
) -> None:
    whole = {"model": "qa", "messages": [{"role": "user", "content": KABUL}], **sent}
    for stream in (False, True):
        with pytest.raises(openai.APIStatusError) as caught:
            client.post("/chat/completions", body={**whole, "stream": stream}, cast_to=object)
        assert caught.value.status_code == status
        assert says in caught.value.message
        error: Any = caught.value.body
        assert set(error) == {"message", "type", "param", "code"}
        assert "\n" not in error["message"]


@pytest.mark.parametrize(
    "content", [rb'{"query": "\ud800?"}', b'{"query"', b'{"query": "\xff"}', b"", b"[]", b"3", b"[" * 900_000]
)
def test_what_is_no_text_or_no_json_is_one_sentence_too(server: Server, content: bytes) -> None:
    got = httpx.post(f"{server.v1}/search", content=content, headers={"Content-Type": "application/json"})
    assert (got.status_code, set(got.json())) == (400, {"error"})


def test_a_response_is_kept_nowhere(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="Nothing is kept here"):
        client.responses.create(model="qa", input="And then?", previous_response_id="resp_1")
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve("resp_1")


def test_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["qa"]
    assert client.models.retrieve("qa").object == "model"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("../qa")


def test_paragraphs_are_searched_and_read(server: Server, seeds: Assistant) -> None:
    found = httpx.post(f"{server.v1}/search", json={"query": KABUL, "top_k": 3}).json()["data"]
    assert [row["address"] for row in found] == [e.address for e in seeds.retrieve(KABUL, 3)]
    read = httpx.get(f"{server.v1}/articles/{FILE}/paragraphs/18").json()
    text = (SEEDS / FILE).read_text(encoding="utf-8")
    assert text[read["start"] : read["end"]] == read["text"]
    listed = httpx.get(f"{server.v1}/articles", params={"limit": 2}).json()
    more = httpx.get(f"{server.v1}/articles", params={"after": listed["next"], "limit": 50}).json()
    assert [row["file"] for row in listed["data"] + more["data"]] == sorted(path.name for path in SEEDS.iterdir())
    assert more["next"] is None


@pytest.mark.parametrize(
    "path",
    [
        "articles/nothing.txt/paragraphs/1", f"articles/{FILE}/paragraphs/100000", "articles/..%2Fqa.toml/paragraphs/1",
        "articles//etc/passwd/paragraphs/1", "articles/%00/paragraphs/1", "articles/' OR 1=1 --/paragraphs/1",
        f"articles/.%2F{FILE}/paragraphs/1", "articles/x/paragraphs/1?model=nobody", "nowhere",
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_found(server: Server, path: str) -> None:
    got = httpx.get(f"{server.v1}/{path}")
    assert got.status_code == 404
    assert got.json()["error"]["type"] == "invalid_request_error"


def test_it_says_whether_it_lives_and_what_it_does(server: Server, client: openai.OpenAI) -> None:
    assert httpx.get(f"{server.url}/healthz").text == "ok\n"
    assert httpx.get(f"{server.url}/readyz").text == "ready\n"
    ask(client, KABUL)
    numbers = httpx.get(f"{server.url}/metrics").text
    assert 'qa_answers_total{model="qa",status="answered"}' in numbers
    assert 'qa_requests_total{route="/v1/chat/completions",status="200"}' in numbers
    assert "qa_running 0.0" in numbers
    assert "qa_taken 0.0" in numbers
    assert KABUL not in numbers


def test_the_document_has_an_example_of_each_question(server: Server) -> None:
    found = httpx.get(f"{server.url}/openapi.json").json()
    for path in ("/v1/chat/completions", "/v1/responses", "/v1/search"):
        operation = found["paths"][path]["post"]
        name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        (example,) = found["components"]["schemas"][name]["examples"]
        assert httpx.post(server.url + path, json=example).status_code == 200
    answers = found["paths"]["/v1/chat/completions"]["post"]["responses"]
    ChatCompletion.model_validate(answers["200"]["content"]["application/json"]["example"])
    assert set(answers) == {"200", "400", "401", "403", "404", "413", "429", "503"}


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/search", "/mcp"])
def test_another_site_and_another_name_reach_nothing(server: Server, path: str) -> None:
    sent = {"model": "qa", "messages": [{"role": "user", "content": KABUL}], "input": KABUL, "query": KABUL}
    here = server.url.removeprefix("http://")
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        got = httpx.post(server.url + path, json=sent, headers=headers)
        assert (got.status_code, set(got.json())) == (403, {"error"})
        assert not [name for name in got.headers if name.startswith("access-control")]
    assert httpx.post(server.url + path, content=json.dumps(sent)).status_code == 403  # no JSON
    assert httpx.options(server.url + path, headers={"Origin": "http://evil.example"}).status_code == 403
    assert httpx.get(f"{server.v1}/articles", headers={"Origin": "http://evil.example"}).status_code == 403
    rebound = httpx.post(server.url + path, json=sent, headers={"Host": here.replace("127.0.0.1", "evil.example")})
    assert (rebound.status_code, rebound.json()["error"]["type"]) == (421, "invalid_request_error")


def test_a_huge_body_is_turned_away(server: Server) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(2000):
            yield b" " * 1000

    headers = {"Content-Type": "application/json"}
    for path in ("/v1/chat/completions", "/mcp"):
        declared = httpx.post(server.url + path, content=b" " * 1_000_001, headers=headers)
        assert (declared.status_code, declared.json()["error"]["code"]) == (413, "too_large")
        assert httpx.post(server.url + path, content=endless(), headers=headers).status_code == 413


def test_the_server_said_nothing_of_what_was_asked(server: Server) -> None:
    said = server.log.read_text(encoding="utf-8")
    assert KABUL not in said
    assert "Traceback" not in said
    assert f"{server.v1} and asked as: qa (Ctrl+C stops it)" in said


def test_two_folders_are_two_models(folder: Path, seeds: Assistant, tmp_path: Path) -> None:
    with serving(tmp_path / "log", str(SEEDS), str(folder)) as server:
        client = openai.OpenAI(base_url=server.v1, api_key="none", max_retries=0)
        assert [model.id for model in client.models.list()] == ["seeds", "articles"]
        asked: Any = {"messages": [{"role": "user", "content": "When did the harbour of Valdenia reopen?"}]}
        got = client.chat.completions.create(model="articles", **asked)
        message: Any = got.choices[0].message
        (cited,) = message.annotations
        assert cited.url_citation.model_extra["file"] == "harbour.txt"
        assert "reopened on 3 March" in httpx.get(cited.url_citation.url).json()["text"]
        assert client.chat.completions.create(model="seeds", **asked).choices[0].message.annotations == []
        client.close()
