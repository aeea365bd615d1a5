"""Words that carry meaning: English and Russian stems, Chinese bigrams, parts of identifiers."""

from __future__ import annotations

import re
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeVar, cast

import Stemmer

if TYPE_CHECKING:
    from collections.abc import Callable

Script = Literal["latin", "cyrillic", "cjk"]
Read = TypeVar("Read")

WORD = re.compile(
    r"(?P<latin>[A-Za-zÀ-ɏ_][A-Za-zÀ-ɏ0-9_]*(?:['’](?!s\b)[A-Za-z]+)?)|(?P<cyrillic>[Ѐ-ӿ][Ѐ-ӿ0-9]*)"
    r"|(?P<cjk>[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+)"
)
_LATIN = re.compile(r"[A-Za-zÀ-ɏ_]")
_OTHER_SCRIPTS = re.compile(r"[Ѐ-ӿ\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_BEGIN = r"\b\w"
_SIGN = r"[\u3400-\u9fff]"
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-ZÀ-Þ]?[a-zß-ɏ]+|[0-9]+")


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802 — PyStemmer's name


def _stemmer(language: str) -> _Stemmer:
    """PyStemmer ships no types."""
    return cast("_Stemmer", Stemmer.Stemmer(language))  # pyright: ignore[reportUnknownMemberType] — see above


_ENGLISH = _stemmer("english")
_RUSSIAN = _stemmer("russian")

_STOP = frozenset(
    """
    a an the this that these those it its they them their he she his her we our you your i my there here
    which who whom whose what and or as at by for from in into of on to with within under upon over about
    between among through per via than then be is are was were been being am has have had having do does
    did will would shall should may might must can could also such any all each every some other another
    same so too very more most own only just if when where while whether hereby herein hereof hereto
    hereunder hereinafter thereof therein thereto thereunder thereby said aforesaid respective s t re etc
    e g eg ie i.e both either up out down set forth not no nor neither never without unless except cannot
    none according accordance pursuant following stated states state says say provided provides provide
    specified specifies document documents passage text clause section article paragraph agreement
    contract и в во на с со к ко о об от до по за из у для при про через над под между как что чтобы это
    этот эта эти этого этой этих тот та то те того той тех он она оно они его её ее их им ему ей мы вы я
    свой своя свои своего или а но же ли бы быть был была было были будет будут является являются который
    которая которое которые которого которой которых также если когда где не ни нет без кроме согласно
    соответствии настоящий настоящего настоящему договор договора договору договоре документ документа
    пункт пункта статья статьи раздел
    """.split()
)
_CJK_STOP = frozenset("不未无没勿的了和与及或在是为于对其该本此之以所由被将应可须并且而则也等即若如")

_SYNONYMS = (
    "supplier vendor provider seller contractor",
    "customer client buyer purchaser",
    "terminate termination cancel cancellation end ends",
    "expire expires expiration lapse",
    "assign assignment transfer transfers",
    "pay payment payable paid pays remit remittance settle",
    "notice notify notification notifies",
    "fee price charge cost compensation consideration",
    "law laws",
    "govern governs governed governing",
    "keep retain maintain preserve store",
    "begin begins start starts commence commences commencement effective",
    "prohibit forbid bar preclude disallow ban",
    "liable liability responsible",
    "confidential secret confidentiality",
    "require requires requirement must obliged obligation obligated need needs",
    "permit allow authorize entitled right",
    "consent approval approve agree agreement",
    "renew renewal extend extension extends prolong",
    "annual annually yearly year years",
    "monthly month months",
    "quarterly quarter quarters",
    "weekly week weeks",
    "daily day days",
    "term duration period length",
    "breach violation violate default",
    "cure remedy remediate fix correct",
    "get receive obtain acquire receives",
    "give grant grants provide deliver",
    "purchase buy procure buys",
    "use utilize",
    "dispute controversy disagreement",
    "court tribunal",
    "deliver delivery ship shipment",
    "exceed surpass",
    "cap maximum limit limited ceiling",
    "minimum least",
    "employee staff personnel",
    "return returns",
    "raise raises raised throw throws",
    "invoice bill billing invoiced",
    "late overdue delinquent",
    "reimburse refund repay",
    "indemnify indemnification indemnity",
    "insurance insure insured",
    "establish create created incorporate",
    "write writing written",
    "destroy delete erase",
    "disclose disclosure reveal share",
    "subcontract delegate",
    "business company corporation",
    "исполнитель поставщик подрядчик",
    "заказчик покупатель клиент",
    "расторгнуть расторжение прекратить прекращение",
    "оплатить оплата платеж уплатить оплачивать уплата уплачивать выплатить платить платит выплачивает",
    "стоимость цена плата",
    "уведомить уведомление известить извещение",
    "передать передача уступить уступка передавать",
    "разглашать раскрывать разглашение раскрытие",
    "срок период",
    "письменный письменно письменной",
    "штраф неустойка пеня",
    "обязан обязуется должен",
)


_REMEMBERED = 20_000
"""Words that each reader of words remembers: some megabytes."""
_LONGEST_WORD = 64
TEXTS = 256
"""Claims and passages that each reader of texts remembers: those of the answers that are being written."""


def remembered(read: Callable[[str], Read]) -> Callable[[str], Read]:
    """A reader of single words that remembers them; longer ones than any real word it reads anew."""
    known = lru_cache(maxsize=_REMEMBERED)(read)

    @wraps(read)
    def look_up(word: str) -> Read:
        return known(word) if len(word) <= _LONGEST_WORD else read(word)

    return look_up


@remembered
def stem(word: str) -> str:
    """The stem of one lower-case word."""
    if "а" <= word[0] <= "ӿ" or word[0] == "ё":
        return _RUSSIAN.stemWord(word.replace("ё", "е"))
    return _ENGLISH.stemWord(word)


_CONCEPT = {stem(word): f"={number}" for number, group in enumerate(_SYNONYMS) for word in group.split()}


def concept(stemmed: str) -> str:
    """What a stem shares with its synonyms; the stem itself where it has none."""
    return _CONCEPT.get(stemmed, stemmed)


class Word(NamedTuple):
    """A content word, or a CJK bigram, at its place in the text; a tuple, as there are so many of them."""

    start: int
    end: int
    stem: str


def at_words(pattern: str, *besides: str) -> str:
    """A pattern of many words, tried only where a word or a Chinese sign begins, or one of ``besides``.

    The engine would try every alternative at every character.
    """
    return rf"(?={'|'.join((_BEGIN, _SIGN, *besides))})(?:{pattern})"


def content_words(text: str) -> list[Word]:
    """The content words of a text in order; an identifier gives its parts."""
    found: list[Word] = []
    for match in WORD.finditer(text):
        written = match[0]
        at = match.start()
        if match.lastgroup == "cjk":
            found += _bigrams(written, at)
        else:
            found += [Word(at + start, at + end, stemmed) for start, end, stemmed in _stems(written)]
    return found


@remembered
def _stems(written: str) -> tuple[tuple[int, int, str], ...]:
    """The parts of a word that carry meaning: where each stands in it, and its stem."""
    if written.isalpha() and (written.islower() or written.istitle() or written.isupper()):
        parts = [(0, len(written), written)]
    elif _LATIN.match(written):
        parts = [(*part.span(), part[0]) for part in _PARTS.finditer(written)]
    else:
        parts = []
    lowered = ((start, end, part.lower()) for start, end, part in parts)
    return tuple((start, end, stem(lower)) for start, end, lower in lowered if _says_something(lower))


def _says_something(lower: str) -> bool:
    return lower not in _STOP and (len(lower) > 1 or not lower.isascii()) and not lower.isdigit()


def _bigrams(run: str, start: int) -> list[Word]:
    if len(run) == 1:
        return [] if run in _CJK_STOP else [Word(start, start + 1, run)]
    return [
        Word(start + offset, start + offset + 2, run[offset : offset + 2])
        for offset in range(len(run) - 1)
        if not (run[offset] in _CJK_STOP or run[offset + 1] in _CJK_STOP)
    ]


def script_of(text: str) -> Script | None:
    """The script of most letters; None where there are none. A CJK character counts twice."""
    if not _OTHER_SCRIPTS.search(text):
        return "latin" if _LATIN.search(text) else None
    counts: dict[Script, int] = {"latin": 0, "cyrillic": 0, "cjk": 0}
    for match in WORD.finditer(text):
        script = cast("Script", match.lastgroup)
        counts[script] += len(match[0]) * (2 if script == "cjk" else 1)
    best = max(counts, key=lambda script: counts[script])
    return best if counts[best] else None
