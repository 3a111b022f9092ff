"""A sentence that opens with a pronoun, made readable away from its paragraph: "He [Pezeshkian] said …"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.language.mentions import names
from qa.language.names import is_place, name_keys, named_in, same_name
from qa.language.text import fold, sentences, words

# The pronoun that a sentence opens with. Never inside a quotation: "he" is someone else there.
_OPENS = {
    "en": re.compile(
        r"^(?P<lead>(?:(?:Under|During|In|With|Throughout|Despite|After|Before|Following|For|On) )?)"
        r"(?P<pronoun>He|She|His|Her|(?<=\s)his|(?<=\s)her)\b(?!\s*(?:who|whose|and|or)\b)"
    ),
    "es": re.compile(r"^(?P<lead>)(?P<pronoun>Él|Ella)\b(?!\s*(?:que|y|o|mism[oa])\b)"),
}
_OWNS = frozenset({"his", "her"})
_MALE = frozenset({"he", "his", "him", "himself", "el"})
_HE = re.compile(r"\b(?:he|his|him|himself|él)\b", re.IGNORECASE)
_SHE = re.compile(r"\b(?:she|her|hers|herself|ella)\b", re.IGNORECASE)
_MEN = frozenset(
    "mr sir king prince lord pope emperor duke count baron father brother bishop sultan emir sheikh imam khan "
    "john james robert michael william david richard joseph thomas charles christopher daniel matthew anthony "
    "mark paul steven andrew george kenneth edward brian ronald kevin jason jeffrey ryan jacob gary nicholas eric "
    "jonathan stephen larry justin scott brandon benjamin samuel gregory frank alexander raymond patrick jack "
    "dennis jerry peter henry walter arthur albert carl karl martin louis philip vladimir sergei ivan hassan ali "
    "mohammad muhammad ahmed masoud hussein ibrahim jose juan carlos luis antonio pedro miguel rey don senor "
    "principe papa".split()
)
_WOMEN = frozenset(
    "mrs ms miss queen princess lady duchess empress countess sister mother mary patricia jennifer linda "
    "elizabeth barbara susan jessica sarah karen lisa nancy betty sandra margaret ashley kimberly emily donna "
    "michelle carol amanda melissa deborah stephanie rebecca laura helen sharon cynthia kathleen amy angela anna "
    "ruth brenda pamela nicole catherine katherine christine samantha janet julie heather diane virginia julia "
    "grace victoria jane alice marie maria fatima ana carmen isabel lucia reina dona senora princesa beyonce "
    "rihanna rebekah eleanor martha rose charlotte caroline".split()
)
# Words that end the name of what is no person.
_THINGS = frozenset(
    "ministry army university company party council committee court church empire war act union league bank times "
    "post agency organization organisation government parliament congress senate house state states republic "
    "kingdom city county river lake sea ocean island islands mountains valley street road park museum school "
    "college institute hospital airport station center centre bowl cup series show channel network system theory "
    "law treaty constitution revolution movement group club team corporation inc ltd foundation society "
    "association commission assembly district region province prison strip gulf bureau office force forces guard "
    "guards navy building tower hall palace cathedral bible award awards prize festival championship game games "
    "season era age century day month journal magazine press radio television bbc abc cbs nbc fox espn doctor who "
    "crown throne office administration department library chapter ministerio ejercito universidad empresa "
    "partido consejo comite tribunal iglesia imperio guerra ley union liga banco agencia organizacion gobierno "
    "parlamento congreso senado estado estados republica reino ciudad rio lago mar isla calle parque museo "
    "escuela instituto hospital tratado constitucion revolucion movimiento grupo club equipo".split()
)
_TITLE = re.compile(
    r"(?:^|[\s,“\"])(?:(?:the|then|former|acting|prime|vice|deputy|major|lieutenant|chief|foreign|interior|defen[cs]e)\s+)*"
    r"(?:president|minister|secretary|senator|governor|mayor|general|colonel|captain|king|queen|prince|princess|sir|lord|"
    r"lady|dr|mr|mrs|ms|professor|pope|emperor|ayatollah|sheikh|chancellor|director|coach|quarterback|linebacker|singer|"
    r"author|historian|physicist|mathematician|engineer|inventor|poet|philosopher|scientist|actor|actress|commander|"
    r"ambassador|chairman|spokesman|spokeswoman|spokesperson|judge|justice|bishop|rey|reina|presidente|ministro|ministra|"
    r"general|doctor|profesor|papa)\.?\s*$",
    re.IGNORECASE,
)
_ADVERB = (
    r"(?:(?:also|then|later|further|first|never|once|still|soon|again|now|además|también|luego|ya|nunca"
    r"|\w+ly|\w+mente)\s+)*"
)
_PERSON_VERBS = (
    "said says told tells added adds noted stressed emphasi[sz]ed wrote writes argued argues believed believes "
    "thought married studied died born met spoke urged described explained thanked condemned praised highlighted "
    "reaffirmed pointed expressed questioned warned announced claimed stated asked replied visited moved worked "
    "taught learned read painted sang composed invented attended resigned retired graduated traveled travelled "
    "returned wanted decided knew felt loved hated refused agreed promised vowed insisted suggested proposed "
    "criticized criticised called dijo afirmó señaló añadió destacó subrayó explicó escribió nació murió estudió "
    "indicó"
)
_VERBS = (
    "was had is has would did could became made took gave went came began got left won lost found led held kept "
    "saw ran sent built brought bought fought sought caught rose fell grew drew chose put set cut hit let won "
    "threw spent stood sat understood underwent overcame does can will may might should must es fue era ha había "
    "será tiene tuvo hizo dio estuvo está"
)
_VERB = re.compile(
    rf"^{_ADVERB}(?:(?P<person>{'|'.join(_PERSON_VERBS.split())})|{'|'.join(_VERBS.split())}|[a-z]+ed|\w+ó)\b"
)
_ASIDE = re.compile(r"^\s*(?:\([^()]*\)|,[^,.;]{3,90},(?=\s))?\s*")
_BEFORE = re.compile(
    r"(?:^|[,;:“\"—–])\s*$|\b(?:that|but|when|while|because|where|although|though|if|which|cuando|aunque|porque)\s*$",
    re.IGNORECASE,
)
# What may stand before a title in a sentence's first place: "The Iranian (president Masoud Pezeshkian)".
_LEVEL = re.compile(r"^\s*(?:[\w-]+\s*){0,3}$")
_QUOTE = "“\"«'‘"


def opens(text: str, language: str) -> bool:
    """Whether the sentence opens with a pronoun that stands for a person."""
    return language in _OPENS and _OPENS[language].match(text) is not None


def addition(
    text: str, before: str, above: str, *, language: str, lead: str, known: str = ""
) -> tuple[int, str] | None:
    """Where in the sentence to put in what, so that it names the person that its first pronoun stands for: (2,
    " [Pezeshkian]"); None where it has no such pronoun, or the person is not sure.

    ``before`` are the words before it in its paragraph, ``above`` is the paragraph above, and ``known`` all names of
    the article. The person is sure that is named as the subject of the sentence before, or of the one before that when
    all between take it up by the same pronoun. A name from the paragraph above has to stand in ``lead`` (the article's
    title and first paragraph) as well.
    """
    m = _OPENS[language].match(text) if language in _OPENS else None
    if m is None:
        return None
    pronoun = m["pronoun"]
    name = _antecedent(before, fold(pronoun), language, known)
    if name is None and not before.strip():
        name = _antecedent(above, fold(pronoun), language, known)
        name = name if name and named_in(name, lead) else None
    if name is None or any(same_name(name, m.text) for m in names(text, language)):
        return None
    owned = "'s" if language == "en" and fold(pronoun) in _OWNS else ""
    return m.end(), f" [{name}{owned}]"


@dataclass(frozen=True, slots=True)
class _Subject:
    name: str
    sure: bool  # that it is a person


def _antecedent(before: str, pronoun: str, language: str, known: str) -> str | None:
    """Who is spoken of at the end of these sentences; None where that is not sure."""
    told = [before[start:end] for start, end in sentences(before, language)]
    for at in range(len(told) - 1, -1, -1):
        subjects = _subjects(told[at], language, known)
        if subjects:
            return _agreed(subjects, told[at:], pronoun, language, known)
        opens = _OPENS[language].match(told[at])
        taken_up = opens is not None and (fold(opens["pronoun"]) in _MALE) == (pronoun in _MALE)
        if not taken_up and told[at][0] not in _QUOTE:
            return None
    return None


def _agreed(subjects: Sequence[_Subject], told: Sequence[str], pronoun: str, language: str, known: str) -> str | None:
    """The one subject, if it is a person of the pronoun's gender and no other person stands near it."""
    first = subjects[0]
    if any(not same_name(first.name, other.name) for other in subjects) or not any(one.sure for one in subjects):
        return None
    others = [m for m in names(" ".join(told), language) if not same_name(m.text, first.name)]
    if any(may_be_person(m.text) for m in others):
        return None
    since = " ".join(told)
    wrong = _SHE if pronoun in _MALE else _HE
    right = _HE if pronoun in _MALE else _SHE
    full = next((one for one in known.split(" · ") if " " in one and same_name(one, first.name)), first.name)
    if contradicts(f"{first.name} {full}", pronoun):
        return None
    if wrong.search(since) and not right.search(since):
        return None
    return bare_name(max((one.name for one in subjects), key=len))


def contradicts(name: str, pronoun: str) -> bool:
    """Whether a title or first name in the name is one of the other gender's."""
    given = {fold(word) for word in words(name)}
    own, other = (_MEN, _WOMEN) if fold(pronoun) in _MALE else (_WOMEN, _MEN)
    return bool(given & other) and not given & own


def _subjects(sentence: str, language: str, known: str) -> list[_Subject]:
    """The names that may be persons and are subjects of a verb in this sentence."""
    found = []
    for m in names(sentence, language):
        ahead = sentence[: m.start]
        aside = _ASIDE.match(sentence[m.end :])
        after = sentence[m.end + (aside.end() if aside else 0) :]
        verb = _VERB.match(after)
        titled = _TITLE.search(ahead) is not None
        start = _TITLE.sub("", ahead) if titled else ahead
        placed = _BEFORE.search(start) is not None or (titled and _LEVEL.match(start) is not None)
        if verb and placed and may_be_person(m.text):
            sure = bool(titled or verb["person"] or _titled(m.text) or _full(m.text, known))
            found.append(_Subject(m.text, sure))
    return found


def may_be_person(name: str) -> bool:
    """Whether nothing in a name says that it is of a place, a body or a thing."""
    said = words(name)
    return (
        bool(said)
        and not is_place(said[-1])
        and said[-1] not in _THINGS
        and not name.isupper()
        and not set(said) & {"of", "the"}
    )


def _titled(name: str) -> bool:
    return _TITLE.search(f" {name.split()[0]} ") is not None if " " in name else False


def _full(name: str, known: str) -> bool:
    """Whether it is a first and a last name, or the last name of one that the article has in full."""
    if 2 <= len(name.split()) <= 3:
        return True
    keys = name_keys(name)
    return any(
        len(full) in (2, 3) and full[-1:] == keys and not is_place(words(other)[0])
        for other in known.split(" · ")
        if (full := name_keys(other))
    )


def bare_name(name: str) -> str:
    """The name without the titles and adjectives before it."""
    said = name.split()
    while len(said) > 1 and (not name_keys(said[0]) or is_place(said[0])):
        said = said[1:]
    return " ".join(said)
