from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import openai
import pytest

from qa.errors import ModelBusy, ModelDenied
from qa.llm.endpoint import Message
from qa.testing import Fault, ScriptedModel, Served, passage_keys, serve

PASSAGES = Message("user", "Passages:\n[k7f] Ferries\nLate.\n[q2x] Pier\nOld. [not] this\n\nQuestion: what?")


def said(model: ScriptedModel, messages: tuple[Message, ...] = (PASSAGES,)) -> list[str]:
    return [delta.text for delta in model.stream(messages, max_tokens=100) if delta.text]


def post(served: Served, path: str = "/chat/completions", **body: Any) -> tuple[int, str]:
    address = urlsplit(served.base_url)
    connection = http.client.HTTPConnection(address.netloc, timeout=10)
    try:
        connection.request("POST", address.path + path, json.dumps({"messages": []} | body))
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


@pytest.fixture
def client_of() -> Iterator[Any]:
    clients: list[openai.OpenAI] = []

    def connect(served: Served) -> openai.OpenAI:
        clients.append(openai.OpenAI(base_url=served.base_url, api_key="none", max_retries=0))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


def test_replies_come_in_order_and_every_question_is_remembered() -> None:
    model = ScriptedModel(["It rained on Monday.", ["a", "b"]])
    assert said(model) == ["It ra", "ined ", "on Mo", "nday."]
    assert said(model, (Message("user", "again"),)) == ["a", "b"]
    assert model.history == [(PASSAGES,), (Message("user", "again"),)]
    with pytest.raises(AssertionError, match="asked 3 times; replies: 2"):
        said(model)


def test_keys_are_those_of_the_passages_in_order() -> None:
    assert passage_keys([PASSAGES]) == ["k7f", "q2x"]
    assert "".join(said(ScriptedModel(["Old. [{key:2}, {key:1}]"]))) == "Old. [q2x, k7f]"


def test_an_exception_is_raised_where_it_stands() -> None:
    model = ScriptedModel([ModelBusy("full"), ["It ", ModelDenied("no")]])
    with pytest.raises(ModelBusy):
        said(model)
    stream = model.stream([PASSAGES], max_tokens=9)
    assert next(stream).text == "It "
    with pytest.raises(ModelDenied):
        next(stream)


def test_a_number_is_a_pause() -> None:
    began = time.monotonic()
    assert said(ScriptedModel([["a", 0.05, "b"]])) == ["a", "b"]
    assert time.monotonic() - began >= 0.05


def test_the_real_client_streams_from_the_server(client_of: Any) -> None:
    with serve(["It rained on Monday."]) as served:
        chunks = list(
            client_of(served).chat.completions.create(
                model="any",
                messages=[{"role": "user", "content": "When did it rain?"}],
                stream=True,
                stream_options={"include_usage": True},
            )
        )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "It rained on Monday."
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (4, 4)
    assert served.requests[0]["model"] == "any"


def test_the_real_client_gets_a_whole_reply_and_the_models(client_of: Any) -> None:
    with serve(ScriptedModel(["It rained."], identity="rain")) as served:
        client = client_of(served)
        reply = client.chat.completions.create(model="rain", messages=[{"role": "user", "content": "?"}])
        assert [model.id for model in client.models.list()] == ["rain"]
    assert reply.choices[0].message.content == "It rained."
    assert reply.usage.completion_tokens == 2


def test_a_status_can_be_scripted_and_errors_have_one() -> None:
    with serve([Fault(418, "teapot"), ModelBusy("full"), ModelDenied("no"), ZeroDivisionError("oops")]) as served:
        assert [post(served, stream=True)[0] for _ in range(2)] == [418, 429]
        assert [post(served)[0] for _ in range(2)] == [401, 500]
        assert post(served)[0] == 500  # no replies left
        assert post(served, "/embeddings")[0] == 404


def test_a_drop_in_the_middle_is_seen_by_the_client() -> None:
    with serve([["It ", Fault()], Fault(), Fault(raw="data: {oops\n\n")]) as served:
        with pytest.raises(http.client.IncompleteRead) as read:
            post(served, stream=True)
        assert b'"content": "It "' in read.value.partial
        with pytest.raises(http.client.RemoteDisconnected):
            post(served, stream=True)
        with pytest.raises(http.client.IncompleteRead) as read:
            post(served, stream=True)
        assert read.value.partial == b"data: {oops\n\n"


def test_a_client_that_hangs_up_does_not_disturb_the_next(client_of: Any) -> None:
    with serve([["a", *["long "] * 5000], "It rained."]) as served:
        client = client_of(served)
        with client.chat.completions.create(model="any", messages=[], stream=True) as chunks:
            next(iter(chunks))
        assert client.chat.completions.create(model="any", messages=[]).choices[0].message.content == "It rained."
