"""What kind a name is, a person's, a place's or a body's, as a linear model over vectors of it and its surroundings
sees it; and whom and what articles name, each once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qa.answer.pronouns import bare_name, may_be_person
from qa.index.store import IndexedParagraph
from qa.language.mentions import names
from qa.language.names import is_people, is_place, name_keys, same_name
from qa.language.text import sentences, words
from qa.model.embed import bundled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

NameKind = Literal["person", "place", "body"]

# The least probability of a kind. `python -m evals.training.named` prints what each least one finds, and how much of
# that is right, in articles that nothing is fitted on. A last name alone may be a town's or a firm's: it needs more.
_LEAST, _LEAST_ALONE = 0.45, 0.65
_AROUND = 6  # words before and behind a name that tell its kind
_ACRONYM = 4  # letters of a name in capitals; a longer one is written so for its place
_LOOKED_AT = 4  # places where a name stands, the first ones


@dataclass(slots=True)
class Named:
    """A name in its fullest form, with the first sentence that has it so and the paragraph of that."""

    name: str
    row: IndexedParagraph
    sentence: str


@dataclass(slots=True)
class _Seen:
    """The sentences that have a name in one form, each with its paragraph and where in it the name stands."""

    places: list[tuple[IndexedParagraph, str, int, int]] = field(default_factory=list)


def named(rows: Iterable[IndexedParagraph], kind: NameKind) -> list[Named]:
    """The names of a kind in the paragraphs of one article, each once, in their order."""
    found: list[Named] = []
    forms = dict(_forms(rows))
    full = {form: seen for form, seen in forms.items() if " " in form}
    for form, seen in [*full.items(), *((form, seen) for form, seen in forms.items() if form not in full)]:
        home = next((other for other in found if same_name(other.name, form)), None)
        if home is None and _is(form, seen, kind):
            found.append(Named(form, seen.places[0][0], seen.places[0][1]))
        elif home is not None and _fuller(form, home.name) and _is(form, seen, kind):
            home.name, home.row, home.sentence = form, seen.places[0][0], seen.places[0][1]
    return sorted(found, key=lambda one: (one.row.number, one.row.text.find(one.sentence)))


def _fuller(form: str, other: str) -> bool:
    """Whether a form of a name has more of it, or the same without capitals."""
    more = len(name_keys(form)) - len(name_keys(other))
    return more > 0 or (more == 0 and other.isupper() and not form.isupper())


def _forms(rows: Iterable[IndexedParagraph]) -> Iterator[tuple[str, _Seen]]:
    """Each form of a name, without titles that are known as such, and where it stands."""
    forms: dict[str, _Seen] = {}
    for row in rows:
        for start, end in sentences(row.text, row.language):
            sentence = row.text[start:end]
            for mention in names(sentence, row.language):
                bare = bare_name(mention.text) if not is_place(mention.text.split()[-1]) else mention.text
                at = mention.end - len(bare)
                forms.setdefault(bare, _Seen()).places.append((row, sentence, at, mention.end))
    yield from forms.items()


def _is(name: str, seen: _Seen, kind: NameKind) -> bool:
    said = words(name)
    if not said or not name_keys(name) or (len(said) == 1 and is_people(said[0])):
        return False
    if kind == "person" and not may_be_person(name):
        return False
    likely = kinds(name, [(sentence, start, end) for _, sentence, start, end in seen.places[:_LOOKED_AT]])
    if len(said) == 1 and is_place(said[0]):  # known by name, with some bodies ("Hamas")
        return kind == ("place" if likely["place"] >= likely["body"] else "body")
    return likely[kind] == max(likely.values()) and likely[kind] >= (_LEAST if len(said) > 1 else _LEAST_ALONE)


def kinds(name: str, places: Sequence[tuple[str, int, int]]) -> Mapping[str, float]:
    """The probability of each kind, "other" among them; ``places`` are sentences, and where in each the name stands."""
    import numpy as np

    identity, known, weights = _fitted()
    assert identity == bundled().identity
    logits = np.stack([vector(name, *place) for place in places]) @ weights[:, :-1].T + weights[:, -1]
    log = (logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).mean(0)
    likely = np.exp(log - log.max())
    return dict(zip(known, (likely / likely.sum()).tolist(), strict=True))


def vector(name: str, sentence: str, start: int, end: int) -> Vectors:
    """What the model sees: the vector of the name, and that of the words around it with an X in its place."""
    import numpy as np

    before, after = sentence[:start].split()[-_AROUND:], sentence[end:].split()[:_AROUND]
    joint = "" if sentence[end : end + 1] in (*",.;:'’)", "") else " "
    around = f"{' '.join([*before, 'X'])}{joint}{' '.join(after)}"
    said = name.title() if name.isupper() and len(name) > _ACRONYM else name  # a dateline's
    return np.concatenate([bundled().query(said), bundled().query(around)])


@lru_cache(maxsize=1)
def _fitted() -> tuple[str, list[str], Vectors]:
    import numpy as np

    with np.load(Path(__file__).parent / "named.npz") as kept:
        return str(kept["identity"]), str(kept["kinds"]).split("\n"), kept["weights"].astype(np.float32)
