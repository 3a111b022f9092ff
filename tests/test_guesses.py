"""How many wrong tokens may be tried, and who waits for it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import openai
import pytest
from serving import Server, serving

from conftest import SEEDS
from qa import Assistant
from qa.serve.guesses import Guesses, source

TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_after_five_wrong_ones_an_address_waits_for_a_minute() -> None:
    clock = Clock()
    guesses = Guesses(now=clock)
    assert [guesses.judged("here", None) for _ in range(6)] == ["wrong"] * 5 + ["wait"]
    assert guesses.judged("here", "anna") == "wait"
    assert guesses.judged("there", "anna") == "in"
    clock.now += 61
    assert guesses.judged("here", "anna") == "in"


def test_whose_token_was_right_there_before_does_not_wait_for_a_neighbour() -> None:
    guesses = Guesses()
    assert guesses.judged("office", "anna") == "in"
    assert [guesses.judged("office", None) for _ in range(6)][-1] == "wait"
    assert guesses.judged("office", "anna") == "in"
    assert guesses.judged("office", "boris") == "wait"


def test_from_many_addresses_one_wrong_one_each_is_enough_and_a_right_one_is_let_in() -> None:
    clock = Clock()
    guesses = Guesses(now=clock)
    assert {guesses.judged(f"address {n}", None) for n in range(60)} == {"wrong"}
    assert guesses.judged("address 7", "anna") == "wait"
    assert guesses.judged("address 61", "anna") == "in"
    clock.now += 61
    assert [guesses.judged("address 7", None) for _ in range(6)] == ["wrong"] * 5 + ["wait"]


def test_what_is_counted_does_not_grow_without_end() -> None:
    guesses = Guesses()
    for n in range(10_010):
        guesses.judged(f"address {n}", None)
        guesses.judged(f"other {n}", "anna")
    assert len(guesses._wrong) == len(guesses._right) == 10_000


@pytest.mark.parametrize(
    ("client", "place"),
    [
        (("203.0.113.9", 4711), "203.0.113.9"),
        (("::ffff:203.0.113.9", 1), "203.0.113.9"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:ffff::", 1), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 1), "fe80::/64"),
        (("testclient", 1), "testclient"),
        (None, ""),
    ],
)
def test_a_subscriber_of_ipv6_is_one_however_many_addresses_they_have(
    client: tuple[str, int] | None, place: str
) -> None:
    assert source({"type": "http", "client": client}) == place


@pytest.fixture(scope="module")
def server(seeds: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("guesses") / "log"
    with serving(log, str(SEEDS), environment={"QA_TOKEN": TOKEN}) as found:
        yield found


def asked(server: Server, token: str, place: str) -> httpx.Response:
    """What the server says to a client at that address of this machine."""
    with httpx.Client(transport=httpx.HTTPTransport(local_address=place)) as client:
        return client.get(f"{server.v1}/models", headers={"Authorization": f"Bearer {token}"})


def test_qa_serve_lets_guess_five_times_a_minute(server: Server) -> None:
    tried = [asked(server, f"wrong-{n}", "127.0.0.2") for n in range(6)]
    assert [got.status_code for got in tried] == [401] * 5 + [429]
    assert tried[5].headers["retry-after"] == "60"
    assert tried[5].json()["error"]["message"].startswith("Too many wrong tokens came from this address; wait a minute")
    assert asked(server, TOKEN, "127.0.0.2").status_code == 429
    assert asked(server, TOKEN, "127.0.0.3").status_code == 200
    assert httpx.get(f"{server.v1}/models").status_code == 401  # none is no wrong one
    said = server.log.read_text(encoding="utf-8")
    assert "Wrong tokens within a minute: 5 from 127.0.0.2, 5 in all." in said
    assert "wrong-4" not in said


def test_openais_client_calls_it_by_its_own_name(server: Server) -> None:
    client = openai.OpenAI(base_url=server.v1, api_key="sk-wrong", max_retries=0)
    with client:
        for _ in range(5):
            with pytest.raises(openai.AuthenticationError):
                client.models.list()
        with pytest.raises(openai.RateLimitError, match="Too many wrong tokens"):
            client.models.list()
