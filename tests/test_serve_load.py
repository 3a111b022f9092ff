"""`qa serve` when much is asked at once, when a client or a model goes away in the middle, and when it stops."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from serving import Server, serving

from conftest import SEEDS
from qa import Assistant
from qa.testing import Fault, Reply, serve

KABUL = "Who led the delegation to Kabul?"
LED = "Abbas Araghchi led a delegation to Kabul in February. [{key:1}]"
SLOW: Reply = [f"{LED} He", 4.0, " went to Kabul. [{key:1}]"]
OVERVIEW = "What are these articles about?"


@contextmanager
def asking(log: Path, replies: list[Reply], *options: str) -> Iterator[tuple[Server, openai.OpenAI]]:
    """A server over the seeds with a model that follows a script, and a client of it."""
    with serve(replies) as model:
        given = (str(SEEDS), "--model", "large", "--base-url", model.base_url, *options)
        with serving(log, *given) as server:
            client = openai.OpenAI(base_url=server.v1, api_key="none", max_retries=0, timeout=60)
            with client:
                yield server, client


def ask(client: openai.OpenAI, model: str, question: str = KABUL) -> str:
    asked: Any = [{"role": "user", "content": question}]
    return client.chat.completions.create(model=model, messages=asked).choices[0].message.content or ""


def stream(client: openai.OpenAI, model: str, question: str = KABUL) -> openai.Stream[Any]:
    asked: Any = {"model": model, "messages": [{"role": "user", "content": question}], "stream": True}
    found: openai.Stream[Any] = client.chat.completions.create(**asked)
    return found


def words(chunk: Any) -> str:
    return (chunk.choices[0].delta.content or "") if chunk.choices else ""


def number(server: Server, name: str) -> float:
    lines = httpx.get(f"{server.url}/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def until(server: Server, name: str, value: float) -> None:
    for _ in range(300):
        if number(server, name) == value:
            return
        time.sleep(0.05)
    raise AssertionError(f"{name} is {number(server, name)}, not {value}")


def test_a_claim_is_streamed_when_it_has_passed_and_a_model_is_waited_for_without_a_permit(
    seeds: Assistant, tmp_path: Path
) -> None:
    with asking(tmp_path / "log", [SLOW], "--at-once", "1") as (server, client):
        assert [model.id for model in client.models.list()] == ["qa", "large"]
        with stream(client, "large") as chunks:
            first = next(said for chunk in chunks if (said := words(chunk)))
            assert first.startswith("Abbas Araghchi led a delegation to Kabul in February. [1]")
            began = time.monotonic()
            assert "Araghchi" in ask(client, "qa")  # with the only permit
            assert time.monotonic() - began < 3.5
            assert number(server, "qa_taken") == 1
            assert "".join(map(words, chunks)) == " He went to Kabul. [1]"
        until(server, "qa_taken", 0)


def test_what_is_too_much_is_turned_away_and_told_when_to_come_again(seeds: Assistant, tmp_path: Path) -> None:
    with asking(tmp_path / "log", [SLOW], "--at-once", "1", "--waiting", "0") as (server, client):
        with stream(client, "large") as chunks:
            next(said for chunk in chunks if (said := words(chunk)))
            with pytest.raises(openai.InternalServerError, match="ask again in a moment") as caught:
                ask(client, "qa")
            assert caught.value.status_code == 503
            assert caught.value.response.headers["retry-after"] == "2"
            assert httpx.get(f"{server.url}/readyz").status_code == 200
            assert "".join(map(words, chunks)).endswith("[1]")
        assert "Araghchi" in ask(client.with_options(max_retries=3), "qa")


def test_many_at_once_wait_their_turn(seeds: Assistant, tmp_path: Path) -> None:
    with serving(tmp_path / "log", str(SEEDS), "--at-once", "2") as server:
        with openai.OpenAI(base_url=server.v1, api_key="none", max_retries=0) as client, ThreadPoolExecutor(20) as pool:
            said = list(pool.map(lambda _: ask(client, "qa"), range(40)))
        assert len(set(said)) == 1
        assert number(server, "qa_taken") == number(server, "qa_running") == number(server, "qa_waiting") == 0


def test_a_client_that_goes_away_leaves_nothing_behind(seeds: Assistant, tmp_path: Path) -> None:
    with asking(tmp_path / "log", [SLOW, SLOW], "--at-once", "1") as (server, client):
        with stream(client, "large") as chunks:
            next(said for chunk in chunks if (said := words(chunk)))
        with pytest.raises(openai.APITimeoutError):
            ask(client.with_options(timeout=1.5), "large", "Who led the delegation to Kabul in February?")
        with stream(client, "qa", OVERVIEW) as chunks:
            next(said for chunk in chunks if (said := words(chunk)))
        until(server, "qa_taken", 0)
        assert number(server, "qa_running") == 0
        assert "Araghchi" in ask(client, "qa")
        assert "Traceback" not in server.log.read_text(encoding="utf-8")


def test_a_model_that_fails_is_told_before_the_answer_by_its_status_and_in_it_by_an_event(
    seeds: Assistant, tmp_path: Path
) -> None:
    replies: list[Reply] = [[f"{LED} He went", Fault()], Fault(401), Fault(401)]
    with asking(tmp_path / "log", replies) as (server, client):
        said = list[str]()
        with stream(client, "large") as chunks, pytest.raises(openai.APIError, match="broke off") as broke:
            said.extend(words(chunk) for chunk in chunks)
        assert not isinstance(broke.value, openai.APIStatusError)
        with pytest.raises(openai.APIStatusError, match=r"asks for a key|did not accept") as denied:
            stream(client, "large")
        assert denied.value.status_code == 502
        with pytest.raises(openai.APIStatusError):
            client.responses.create(model="large", input=KABUL)
        assert number(server, "qa_taken") == 0


def test_on_a_signal_running_answers_finish_and_new_ones_are_turned_away(seeds: Assistant, tmp_path: Path) -> None:
    with asking(tmp_path / "log", [SLOW]) as (server, client):
        with stream(client, "large") as chunks:
            next(said for chunk in chunks if (said := words(chunk)))
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            with pytest.raises(openai.InternalServerError, match="stopping") as caught:
                ask(client, "qa")
            assert caught.value.status_code == 503
            assert caught.value.response.headers["retry-after"]
            assert httpx.get(f"{server.url}/readyz").status_code == 503
            assert httpx.get(f"{server.url}/healthz").status_code == 200
            assert "".join(map(words, chunks)) == " He went to Kabul. [1]"
        assert server.process.wait(timeout=20) == 0
        assert "Traceback" not in server.log.read_text(encoding="utf-8")


def test_a_second_signal_does_not_wait(seeds: Assistant, tmp_path: Path) -> None:
    long: Reply = [f"{LED} He", 60.0, " went."]
    with asking(tmp_path / "log", [long]) as (server, client), stream(client, "large") as chunks:
        next(said for chunk in chunks if (said := words(chunk)))
        for _ in range(2):
            server.process.send_signal(signal.SIGINT)
            time.sleep(0.3)
        assert server.process.wait(timeout=20) == 128 + signal.SIGINT


def test_with_nothing_to_do_it_stops_at_once(seeds: Assistant, tmp_path: Path) -> None:
    with serving(tmp_path / "log", str(SEEDS)) as server:
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=10) == 0
