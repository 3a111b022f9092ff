"""What the page shows of each state, and that nothing from an article, a name or a model gets out of its escape."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import gallery
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import SEEDS
from qa import Answer, Assistant, corpus, render
from qa.export import answer_json
from qa.types import Article

HOSTILE = (
    '"><script>alert(1)</script><img src=x onerror=alert(1)> ![a](http://b/c.png) [d](javascript:e) {{ 7*7 }} `${1}`'
)


@pytest.fixture(scope="module")
def states(seeds: Assistant) -> dict[str, Answer | str]:
    return gallery.answers(seeds)


def shown(answer: Answer | str, language: str = "en", **known: Any) -> str:
    """The turn of an answer as HTML, by way of JSON as a reloaded one is."""
    read = None if isinstance(answer, str) else json.loads(json.dumps(answer_json(answer)))
    turn = {"id": "t", "question": "Who?", "answer": read, "error": answer if read is None else None, "claims": [],
            "filters": None, **known}  # fmt: skip
    return render.turn(turn, render.words(language))


def words(html: str) -> str:
    """The text between the tags, in one line."""
    found: list[str] = []
    reader = HTMLParser()
    reader.handle_data = found.append  # type: ignore[method-assign, assignment]
    reader.feed(html)
    return " ".join(" ".join(found).split())


def test_a_rule_of_an_earlier_version_is_told_in_other_words(states: dict[str, Answer | str]) -> None:
    answer = states["shown"]
    assert isinstance(answer, Answer)
    read = json.loads(json.dumps(answer_json(answer)))
    for claim in read["claims"]:
        claim["failed"] = claim["failed"] and "speaker"
    turn = {"id": "t", "question": "Who?", "answer": read, "error": None, "claims": [], "filters": None}
    assert "the article does not say that" in words(render.turn(turn, render.words("en")))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("verified", "confidence high"),
        ("repaired", "Repaired"),
        ("dropped", "1 sentence was taken out"),
        ("shown", "Not supported : a number is not there"),
        ("refused", "No answer in these articles"),
        ("clarify", "Which one do you mean?"),
        ("partial", "A part is not answered"),
        ("conflict", "The sources disagree"),
        ("copies", "Also in archive/wire.txt ¶4"),
        ("as of", "As of 26 July 2025"),
        ("error", "That did not work No answer from http://localhost:11434/v1"),
    ],
)
def test_each_state_says_what_it_is(states: dict[str, Answer | str], state: str, said: str) -> None:
    assert said in words(shown(states[state]))


def test_a_mark_is_a_button_that_says_where_it_leads(states: dict[str, Answer | str]) -> None:
    html = shown(states["verified"])
    mark = re.search(r'<button[^>]*class="mark verified"[^>]*>', html)
    assert mark
    assert 'aria-label="Source 1: 002_7f54b19aedd2aafd.txt, paragraph 18. Verified"' in mark[0]


def test_an_unsupported_sentence_is_struck_and_has_no_mark(states: dict[str, Answer | str]) -> None:
    html = shown(states["shown"])
    struck = re.search(r'<span class="claim unsupported"><s>(.*?)</s>(.*?)</span></span>', html, re.DOTALL)
    assert struck
    assert struck[1] == "He stayed 12 days in Baghdad."
    assert 'class="mark' not in struck[2]


def test_both_sides_of_a_disagreement_stand_apart_with_source_and_date(states: dict[str, Answer | str]) -> None:
    html = shown(states["conflict"])
    assert html.count('<div class="side">') == 2
    heads = re.findall(r'<p class="side-head"><b>(.*?)</b><span>(.*?)</span>', html)
    assert sorted(heads) == [("002_7f54b19aedd2aafd.txt", "undated"), ("MNA/IRNA", "26 July 2025")]


def test_a_remark_on_an_answer_is_no_refusal_and_a_long_list_is_folded(states: dict[str, Answer | str]) -> None:
    answer = states["verified"]
    assert isinstance(answer, Answer)
    whole = replace(answer, reason="22 of 30 articles mention Shoigu.", claims=answer.claims[:1] * 22)
    html = shown(whole)
    assert "22 of 30 articles mention Shoigu." in words(html)
    assert "No answer" not in words(html)
    assert "and 2 more" in words(html)


def test_the_page_speaks_spanish(states: dict[str, Answer | str]) -> None:
    assert "Las fuentes no coinciden" in words(shown(states["conflict"], "es-MX"))
    assert "A fecha de 26 de julio de 2025" in words(shown(states["as of"], "es"))
    assert render.words("fr")["code"] == "en"


def test_both_languages_have_the_same_words() -> None:
    tables = tomllib.loads((render.PAGE / "words.toml").read_text(encoding="utf-8"))
    english, spanish = tables["en"], tables["es"]
    assert list(english) == list(spanish)
    for key, text in english.items():
        assert re.findall(r"\{\w*\}", text) == re.findall(r"\{\w*\}", spanish[key]), key


def test_no_word_is_kept_that_nothing_says() -> None:
    used = "".join(
        path.read_text(encoding="utf-8") for path in [*render.PAGE.glob("*.jinja"), *render.PAGE.glob("*.js")]
    )
    used += "".join(
        (Path(render.__file__).parent / name).read_text(encoding="utf-8") for name in ("render.py", "desk.py", "app.py")
    )
    table = tomllib.loads((render.PAGE / "words.toml").read_text(encoding="utf-8"))["en"]
    unused = [w for w in table if not w.startswith(("rule_", "verified", "repaired", "unsupported")) and w not in used]
    assert unused == []


def tags(html: str) -> set[str]:
    found: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.add(tag)
            found.update(
                name for name, value in attrs if name.startswith("on") or (value or "").startswith("javascript")
            )

    Reader().feed(html)
    return found


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(["question", "text", "title", "source", "file", "quote", "note", "reason", "model", "error"]))
def test_whatever_is_hostile_comes_out_as_text(states: dict[str, Answer | str], field: str) -> None:
    def spoilt(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: HOSTILE if k == field and isinstance(v, str | None) else spoilt(v) for k, v in value.items()}
        return [spoilt(v) for v in value] if isinstance(value, list) else value

    for state in ("shown", "dropped", "conflict", "copies", "refused"):
        answer = states[state]
        assert isinstance(answer, Answer)
        turn = {"id": "t", "question": HOSTILE, "answer": spoilt(answer_json(answer)), "error": None, "claims": [],
                "filters": None}  # fmt: skip
        html = render.turn(turn, render.words("en"))
        assert not {"script", "img", "onerror", "javascript"} & tags(html)
        assert " ".join(HOSTILE.split()) in words(html)
    assert "script" not in tags(shown(HOSTILE))


def seed(file: str) -> Article:
    found = corpus.find(SEEDS, file)
    assert isinstance(found, corpus.Found)
    article = corpus.read_article(found)
    assert isinstance(article, Article)
    return article


def test_the_cited_words_are_marked_in_their_paragraph(seeds: Assistant) -> None:
    [citation] = seeds.ask(gallery.KABUL).citations
    spot = render.Spot(citation.paragraph.number, citation.start, citation.end, citation.quote)
    html = render.article(seed(citation.file), spot, render.words("en"))
    assert re.findall(r"<mark>(.*?)</mark>", html, re.DOTALL) == [citation.quote]
    here = re.search(r'<div class="paragraph[^"]* here" id="p18".*?</div></div>', html, re.DOTALL)
    assert here
    assert citation.quote in here[0]


def test_a_source_that_changed_is_said_to_have_and_the_words_are_found_again(seeds: Assistant) -> None:
    [citation] = seeds.ask(gallery.KABUL).citations
    article = seed(citation.file)
    moved = render.Spot(3, 0, 10, citation.quote, citation.paragraph.anchor.rpartition("@")[2])
    html = render.article(article, moved, render.words("en"))
    assert "This file has changed since it was cited." in html
    assert f"<mark>{citation.quote}</mark>" in html
    gone = render.Spot(3, 0, 10, "words that stand nowhere", "00000000")
    html = render.article(article, gone, render.words("en"))
    assert "no longer in this file" in html
    assert "<mark>" not in html


def test_a_long_article_is_shown_around_its_paragraph(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("\n\n".join(f"Paragraph {n} is here." for n in range(1, 1001)), encoding="utf-8")
    found = corpus.find(tmp_path, "long.txt")
    assert isinstance(found, corpus.Found)
    article = corpus.read_article(found)
    assert isinstance(article, Article)
    html = render.article(article, render.Spot(500), render.words("en"))
    numbers = [int(n) for n in re.findall(r'data-p="(\d+)"><a', html)]
    assert (numbers[0], numbers[-1]) == (350, 650)
    assert 'data-from="50"' in html
    assert 'data-from="651"' in html
