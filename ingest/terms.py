"""Text to term ids: the one vocabulary that documents and questions share.

Words are lower-cased and stemmed by their script (Latin: English, Cyrillic: Russian; Snowball), runs of
Chinese, Japanese and Korean become bigrams, identifiers are kept whole and split at case, digits and
underscores. What is written in several ways is one term: full-width and ASCII letters, ``$100,000.00`` and
``100000``, ``March 4, 2024`` and ``04.03.2024`` (`ingest.dates`). A term's id is Murmur3 of its UTF-8 bytes,
sign dropped, as Qdrant's own BM25 computes it.

Where a word has many forms, a looser term beside the exact one finds it in another: the first letters of a
Russian stem (a stemmer parts "кодирование" from "кодировать"), each sign of a Chinese bigram. In texts of
these scripts a word is also found by others that mean about the same, see `ingest.landmarks`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, cast
from unicodedata import normalize

import mmh3
import Stemmer

from ingest.dates import days
from ingest.landmarks import Landmarks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af"
_WORD = re.compile(
    rf"""[A-Z]{{1,3}}(?=\d{{1,3}}(?:,\d{{3}})+(?!\d))
      | [^\W\d{_CJK}][^\W{_CJK}]*
      | [{_CJK}]+
      | \([A-Za-zА-Яа-я]\)
      | (?=\d)(?<![\d.,])(?<!\d[ ])\d{{1,3}}(?:[ ]\d{{3}}){{1,3}}(?![\d.,]*\d|[ ]\d)
      | \d+(?:[.,]\d+)*""",
    re.VERBOSE,
)
_LETTERLIKE = re.compile("[№™℠]")
"""Signs that would become letters of the word beside them."""
_LONE_LETTER = re.compile(r"(?<=\w)\s{1,3}([A-Za-zА-Яа-я])(?!\w)")
_LABEL = re.compile(
    r"(?<!\w)(?:(exhibit|schedule|annex|appendix|attachment)|article|section|class|series|part|приложени[еяюи])$",
    re.IGNORECASE,
)
"""The first ones also before a small letter."""
_LONGEST_LABEL = 12
_CAPITAL_RUN = re.compile(
    r"[A-Z]{2,}(?=s(?![A-Za-z]))|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+"
    r"|[А-ЯЁ]?[а-яё]+|[А-ЯЁ]+|\d+|[^\W\d_]+"
)
_THOUSANDS = re.compile(r"\d{1,3}(?:(?:,\d{3})+|(?:\.\d{3}){2,}|(?: \d{3})+)(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"\d+,\d{1,2}")
_CYRILLIC = re.compile("[а-яё]")
_CJK_ONLY = re.compile(rf"[{_CJK}]+")
_HAS_RELATIVES = re.compile(rf"[{_CJK}А-Яа-яЁё]")
LONGEST_WORD = 64
"""Characters of a word that count: what is longer is a blob, not a word."""

REMEMBERED = 2**18
"""Words whose terms are kept: a process that lives long must not keep them all."""

ROOT = 4
"""Letters of a Russian stem that its relatives share."""
RELATED = 1.5
"""Of a root or a sign that a question asks for, against 1.0 of a landmark: a piece of a word has three."""

FUNCTION_WORDS = frozenset(
    """a an and are as at be been being but by did do does for from had has have he her his i if in into is it
    its me my no nor not of on or our she so such than that the their them then there these they this those to
    too us was we were will with would you your s t d ll re ve
    а без бы был была были было быть в вам вас во вот все всё вы где да для до его ее её если есть же за и из
    или им их к как ко ли мне мы на над не него нее ни но о об он она они оно от по под при с со так также то
    того только тот у уже что чтобы эта эти это этот я
    """.split()
)
_ACRONYMS = frozenset({"IT", "US"})
"""Function words, but not in capitals."""
QUESTION_WORDS = frozenset(
    """about according according any anything are can could consider contain contains define defined describe
    describes does explain find give given how include included includes including is list may me mention
    mentioned please provide provided provides shall should show specified specifies specify state stated
    states tell there under what when where whether which who whom whose why would
    какая какие какими каких какого какое какой каков какова каково какому какую когда кого кому которая
    которые который кто куда ли можно нужно опиши опишите перечисли перечислите почему покажи расскажи
    расскажите сколько скажите укажите чего чей чем что чья
    """.split()
)
_QUESTION_PHRASES = re.compile(
    r"\b(?:under|in|of|to|by) (?:this|the) (?:agreement|contract|document|policy|repository|code ?base)\b",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"[;?!；？！。\n]+")
_INTERROGATIVE = re.compile(
    r"\b(?=(?:what|which|who|whom|whose|when|where|why|how"
    r"|что|чей|чья|чьи|кто|кого|кому|каков\w*|какой|какая|какие|каких|какую|когда|где|почему|сколько)\b)",
    re.IGNORECASE,
)
_CHINESE_QUESTION_WORDS = re.compile(
    "什么|哪[些个一位种里年国家]?|多少|如何|怎么样?|怎样|为什么|为何|是否|请问|谁|何[时人种处地]|几|吗|呢|(?<![目标])的"
)


@lru_cache(maxsize=2**18)
def term_id(term: str) -> int:
    """The index of a term in a sparse vector, from 0 to 2³¹."""
    return abs(mmh3.hash(term))


class Terms(NamedTuple):
    """Term ids in reading order, repeated as often as they occur; of the looser ones see the module."""

    exact: list[int]
    loose: list[int]


class Analyzer:
    """Turns words into term ids and remembers them. Not safe to share between threads."""

    def __init__(self) -> None:
        self._english = _stemmer("english")
        self._russian = _stemmer("russian")
        self._known: dict[str, Terms] = {}
        self._landmarks = Landmarks()
        self._alike: dict[str, list[int]] = {}

    def terms(self, text: str) -> Terms:
        """What a text is found by; function words are left out."""
        known = self._known
        exact: list[int] = []
        loose: list[int] = []
        for word in _words(text):
            found = known.get(word) or self._look_up(word)
            exact += found.exact
            loose += found.loose
        exact += map(term_id, days(text))
        return Terms(exact, loose)

    def places_terms(self, text: str) -> Terms:
        """The same, and beside the looser terms what its words share with others of about their meaning."""
        found = self.terms(text)
        return Terms(found.exact, found.loose + self.alike(text))

    def has_looser(self, text: str) -> bool:
        """Whether a text may have looser terms, or landmarks: none in Latin letters alone has."""
        return _HAS_RELATIVES.search(text) is not None

    def document_terms(self, text: str) -> list[int]:
        """The exact terms alone."""
        return self.terms(text).exact

    def alike(self, text: str) -> list[int]:
        """The landmarks of the words of a text, as terms; see `ingest.landmarks`.

        None of a text in Latin letters alone: there English stems find enough, and landmarks cost more hits
        than they bring.
        """
        if not self.has_looser(text):
            return []
        known = self._alike
        found: list[int] = []
        for word in _words(text):
            alike = known.get(word)
            found += self._look_about(word) if alike is None else alike
        return found

    def loose_terms(self, question: str) -> dict[int, list[int]]:
        """The looser terms beside each exact one of a question."""
        exact = (term for word in _words(question) for term in self._exact(word))
        return {term_id(term): list(map(term_id, loose)) for term in exact if (loose := _loose(term))}

    def terms_beside(self, question: str) -> dict[int, dict[int, float]]:
        """The looser terms and the landmarks beside each exact term, and what each counts.

        Landmarks of a run of signs stand beside its first term.
        """
        beside = {term: dict.fromkeys(loose, RELATED) for term, loose in self.loose_terms(question).items()}
        words = _words(_bare(question)) if _HAS_RELATIVES.search(question) else ()
        for word in words:
            exact = [] if word.lower() in QUESTION_WORDS else self._look_up(word).exact
            if exact:
                beside[exact[0]] = dict.fromkeys(self._look_about(word), 1.0) | beside.get(exact[0], {})
        return beside

    def question_words(self, question: str) -> list[tuple[int, ...]]:
        """The term ids of each word of a question, in order.

        Function words have none, nor have the words that only make it a question.
        """
        words = [
            () if word.lower() in QUESTION_WORDS else tuple(self._look_up(word).exact)
            for word in _words(_bare(question))
        ]
        return words + [(term_id(day),) for day in days(question)]

    def question_clauses(self, question: str) -> list[list[list[tuple[int, ...]]]]:
        """The words of each sentence, parted before "what", "which" and their like: see `question_words`."""
        sentences = [self._clauses(sentence) for sentence in _SENTENCES.split(question)]
        return [sentence for sentence in sentences if sentence]

    def _clauses(self, sentence: str) -> list[list[tuple[int, ...]]]:
        clauses = [self.question_words(clause) for clause in _INTERROGATIVE.split(sentence)]
        return [clause for clause in clauses if clause]

    def question_terms(self, question: str) -> list[int]:
        """The exact terms to search for.

        A question made of function words and question words alone keeps them: something must be searched.
        """
        return [term for word in self.question_words(question) for term in word] or self.document_terms(
            question
        )

    def _look_up(self, word: str) -> Terms:
        known = self._known.get(word)
        if known is None:
            exact = list(self._exact(word))
            loose = [root for term in exact for root in _loose(term)]
            known = Terms(list(map(term_id, exact)), list(map(term_id, loose)))
            if len(word) <= LONGEST_WORD:
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                self._known[word] = known
        return known

    def _look_about(self, word: str) -> list[int]:
        alike: list[int] = []
        if word.lower() not in FUNCTION_WORDS:
            alike = [term_id(f"≈{landmark}") for landmark in self._landmarks.of(word[:LONGEST_WORD])]
        if len(word) <= LONGEST_WORD:
            if len(self._alike) >= REMEMBERED:
                self._alike.clear()
            self._alike[word] = alike
        return alike

    def _exact(self, word: str) -> Iterable[str]:
        if _CJK_ONLY.match(word):
            return [word[i : i + 2] for i in range(len(word) - 1)] or [word]
        word = word[:LONGEST_WORD]
        if word[0].isdigit():
            return _numbers(word)
        if word[0] == "(":
            return [word[1].lower()]
        return self._exact_parts(word)

    def _exact_parts(self, word: str) -> Iterable[str]:
        """Of a word, or of an identifier: itself and its parts."""
        lowered = word.lower()
        if lowered in FUNCTION_WORDS and word not in _ACRONYMS:
            return []
        parts = [part.lower() for part in _CAPITAL_RUN.findall(word)]
        if len(parts) < 2:  # noqa: PLR2004 — one part is the word itself
            return [self._stemmed(lowered.strip("_") or lowered)]
        whole = self._stemmed(lowered)
        return [whole, *(self._stemmed(part) for part in parts if part not in FUNCTION_WORDS)]

    def _stemmed(self, word: str) -> str:
        return self._russian(word) if _CYRILLIC.search(word) else self._english(word)


def _words(text: str) -> list[str]:
    if not text.isascii():
        text = normalize("NFKC", _LETTERLIKE.sub(" ", text.replace("\u00ad", "")))
    return _WORD.findall(_LONE_LETTER.sub(_labelled, text))


def _labelled(letter: re.Match[str]) -> str:
    """``Exhibit A`` as ``Exhibit (A)``: there the letter is no function word."""
    before = letter.string[max(0, letter.start() - _LONGEST_LABEL) : letter.start()]
    named = _LABEL.search(before)
    is_label = named is not None and (letter[1].isupper() or named[1] is not None)
    return f" ({letter[1]})" if is_label else letter[0]


def _numbers(written: str) -> list[str]:
    """What a number, or several that a comma joins, may be called otherwise."""
    if _THOUSANDS.fullmatch(written):
        whole = written.replace(",", "").replace(" ", "")
        if written.count(".") > 1:
            whole = whole.replace(".", "")
        return [whole.removesuffix(".00"), *(written.split(" ") if " " in written else ())]
    parts = [part.removesuffix(".00") for part in written.split(",")]
    if _DECIMAL_COMMA.fullmatch(written):  # in Russian, or two clauses
        return [written.replace(",", "."), *parts]
    return parts


def _bare(question: str) -> str:
    """A question without the phrases that only make it one."""
    return _CHINESE_QUESTION_WORDS.sub(" ", _QUESTION_PHRASES.sub(" ", question))


def _loose(term: str) -> Sequence[str]:
    if _CJK_ONLY.match(term):
        return term if len(term) > 1 else ()
    return (term[:ROOT] + "…",) if len(term) > ROOT and _CYRILLIC.search(term) else ()


def _stemmer(language: str) -> Callable[[str], str]:
    """PyStemmer ships no types."""
    return cast("Callable[[str], str]", Stemmer.Stemmer(language).stemWord)  # pyright: ignore[reportUnknownMemberType] — see above
