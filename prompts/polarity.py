"""Does a claim say yes where its source says no?

Each negation has *heads*, the words it denies ("shall not **assign**"), and a *scope*, its clause.
A claim contradicts its source when it denies a word that the source states freely, or states a word that
the source denies. An exception turns both around: "not … without consent" is "… with consent".

English, Russian and Chinese. Double negation ("not unlawful") is beyond this.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from prompts.words import WORD, concept, stem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompts.words import Word

CueKind = Literal["verb", "noun", "lexical", "exception"]

_NEUTRAL = re.compile(
    r"\bnot\s+(?:be\s+)?limited\s+to|\bwhether\s+or\s+not|\bnot\s+only"
    r"|\bnot\s+(?:to\s+)?exceed(?:ing)?\b|\bn(?:o|ot)\s+(?:be\s+)?(?:more|less|later|fewer|earlier"
    r"|longer|greater|lower|higher)\b"
    r"|\bin\s+no\s+event\b(?=[^.;]{1,120}\bexceed)|\bno\.?\s*\d|\bNo\.|\bif\s+not\b"
    r"|\bwithout\s+(?:limit\w*|prejudice|regard)|\bunless\s+otherwise|\bexcept\s+as\s+otherwise"
    r"|\bif\s+any\b|\bnon-?disclosure\b"
    r"|\bnon-?compet\w+|\bor\s+not\b|\bnone\s*theless|\bother\s+than\s+as\s+set"
    r"|\bне\s+(?:поздн\w+|бол\w+|мен\w+|ран\w+|превыша\w+|свыше|ограничива\w+|только|выше|ниже)"
    r"|\bв\s+том\s+числе,?\s+но\s+не|\bнезависимо\b|\bнеустойк\w*|\bнедел\w*"
    r"|不(?:得|应)?(?:超过|少于|低于|高于|晚于|迟于|早于|多于|大于|小于)|包括但不限于|不限于|不仅|不可抗力|不论|无论|不同|不动产|未来|无形|不时|无线|是否|否则|不足|未成年",
    re.IGNORECASE,
)
_CUES: Sequence[tuple[CueKind, str]] = (
    (
        "exception",
        (
            r"\bwithout\b|\bunless\b|\bexcept(?:ing)?\b|\bother\s+than\b|\bsave\s+(?:for|as|that)\b"
            r"|\buntil\b|\bexcluding\b"
            r"|\bбез\b|\bкроме\b|\bза\s+исключением\b|\bесли\s+не\b|\bпомимо\b|\bпока\s+не\b|未经|除非|除了"
            r"|(?<![解免清扣排删])除[^，。]{1,20}外|未获"
            r"|未得|没有.{0,8}同意|无.{0,4}同意"
        ),
    ),
    (
        "verb",
        (
            r"\bnot\b|\bcannot\b|n['’]t\b|\bnever\b|\bне\b|\bнельзя\b|不得|不能|不会|不可|不应|不予|不再|不必|无权|无需|无须|不|未"
            r"|没有|没|勿|禁止|严禁"
        ),
    ),
    (
        "noun",
        (
            r"\bno\b|\bneither\b|\bnor\b|\bnone\b|\bnobody\b|\bnothing\b|\bnowhere\b|\bни\s+од\w+|\bни\b"
            r"|\bникак\w+|\bникто\b|\bничего\b|\bнет\b|\bотсутству\w+|无|并非"
        ),
    ),
    (
        "lexical",
        (
            r"\b(?:prohibit|forbid|forbidden|preclud|refrain|prevent|disallow|bar(?:s|red)?\b|den(?:y|ies"
            r"|ied)|refus|lack|waiv|disclaim|exclud|exempt|declin|"
            r"unable|invalid|void|impermissibl|avoid|ceas|fail|reject|free\s+from|incapable|unenforceable"
            r"|ineligible|instead\s+of|rather\s+than)\w*"
            r"|\b(?:запре(?:щ|т)\w+|воздерж\w+|отказ\w+|исключ\w+|освобожд\w+|недействительн\w+|невозмож\w+"
            r"|лиш\w+)|拒绝|排除|免除|放弃|无效|不含"
        ),
    ),
)
_CUE = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _CUES), re.IGNORECASE)
_PREFIXED = re.compile(
    r"\bnon-?(?=[a-z]{4})|\b(?:не)(?=(?:исключительн|конфиденциальн|возвратн|законн|действительн"
    r"|обязательн|эксклюзивн))|非(?=独|排|专)",
    re.IGNORECASE,
)
_SCOPE_END = re.compile(
    r"[;:。；，]|[.!?](?=\s|$)|,\s*(?:and|but|or|provided|и|а|но)\b|\b(?:but|provided\s+that|however"
    r"|except|unless|without|кроме|без)\b"
    r"|\band\s+(?:shall|may|must|will|is|are|can)\b|,?\s+а\s",
    re.IGNORECASE,
)
_MODAL = re.compile(
    r"\b(?:shall|may|must|will|can|could|would|should|is|are|be|does|do|has|have|может|вправе|должен"
    r"|должна|несет|несёт)\b",
    re.IGNORECASE,
)
_RESTRICTIVE = re.compile(
    r"\b(?:only|solely|exclusively|subject\s+to|provided|upon|with\s+(?:the\s+)?(?:prior|written"
    r"|express|consent)|requires?|prior|if|limited|limit|maximum|cap|capped|up\s+to|at\s+most|consent"
    r"|approval|sole)\b"
    r"|\b(?:только|лишь|исключительно|при\s+условии|если|с\s+(?:\w+\s+){0,3}согласи\w+)\b|仅|只|须经"
    r"|经.{0,12}同意|如果|若|方可|才",
    re.IGNORECASE,
)
_LIGHT = frozenset(
    stem(word)
    for word in """
    entitled right permitted allowed required obligated obliged able authorized need attempt have
    make made get take give " "given event way manner circumstances party parties вправе имеет права
    право может должен должна " "обязан случае сторона стороны одна
    """.split()
)
_CHINESE_PREPOSITION = re.compile(r"\s*[将把向对与以在为因]")
_TOKEN = re.compile(r"[^\W_]+|[;.,:]")
_DENIALS = frozenset({"not", "never", "не"})
_BEFORE = re.compile(r"\b(?:before|prior\s+to)\b", re.IGNORECASE)
_ADVERB = re.compile(r"(?!(?:apply|supply|comply|rely|imply|reply|multiply)\b)[a-z]+ly", re.IGNORECASE)
_REACH = 90


@dataclass(frozen=True, slots=True)
class Negation:
    """One denial: what kind of word denies, which words are denied, and what else stands in its clause."""

    kind: CueKind
    heads: frozenset[str]
    scope: frozenset[str]


@dataclass(frozen=True)
class Polarity:
    """What a sentence denies and what it states; words are concepts."""

    text: str
    words: frozenset[str]
    negations: tuple[Negation, ...]
    free: frozenset[str]
    """Words outside the scope of every negation."""
    tail: frozenset[str]
    """Words behind an exception: the consent of "without consent"."""
    exceptions: frozenset[str]
    """The exception words themselves."""

    @cached_property
    def denied(self) -> frozenset[str]:
        """The heads of verbs' negations."""
        return frozenset[str]().union(
            *(item.heads for item in self.negations if item.kind in ("verb", "lexical"))
        )

    @cached_property
    def scope(self) -> frozenset[str]:
        """Every word under a negation."""
        return frozenset[str]().union(*(item.scope for item in self.negations))

    @cached_property
    def is_strong(self) -> bool:
        """Whether a grammatical negation stands here."""
        return any(item.kind in ("verb", "noun") for item in self.negations)

    @cached_property
    def is_restrictive(self) -> bool:
        """Whether it holds under a condition only."""
        return bool(self.exceptions or _RESTRICTIVE.search(self.text))


def polarity(text: str, words: Sequence[Word]) -> Polarity:
    """Read the negations of a sentence; ``words`` are its content words, with offsets into ``text``."""
    blanked = _NEUTRAL.sub(lambda neutral: " " * len(neutral[0]), text)
    negations: list[Negation] = []
    covered: set[int] = set()
    tail: set[str] = set()
    exceptions: set[str] = set()
    for cue in _CUE.finditer(blanked):
        kind: CueKind = (
            "verb"
            if cue["verb"]
            else "noun"
            if cue["noun"]
            else "exception"
            if cue["exception"]
            else "lexical"
        )
        under = _under(blanked, words, cue.end(), commas=kind == "exception")
        if kind == "exception":
            exceptions.add(cue[0].lower())
            tail.update(concept(words[place].stem) for place in under)
        elif under:
            negations.append(_negation(kind, blanked, cue.end(), words, under))
            covered.update(under)
        else:
            negations.append(Negation(kind, frozenset(), frozenset()))
    for prefix in _PREFIXED.finditer(blanked):
        under = [place for place, word in enumerate(words) if word.start <= prefix.end() < word.end][:1]
        stemmed = _bare(blanked, prefix.end())
        negations.append(Negation("lexical", frozenset({stemmed}), frozenset({stemmed})))
        covered.update(under)
    free = frozenset(concept(word.stem) for place, word in enumerate(words) if place not in covered)
    return Polarity(
        text,
        free | {concept(word.stem) for word in words},
        tuple(negations),
        free,
        frozenset(tail),
        frozenset(exceptions),
    )


def _bare(text: str, start: int) -> str:
    word = WORD.match(text, start)
    return concept(stem(word[0].lower())) if word else ""


def _under(text: str, words: Sequence[Word], start: int, *, commas: bool) -> list[int]:
    """The places of the words that a cue ending at ``start`` governs; an exception only to the next comma."""
    end = _SCOPE_END.search(text, start)
    limit = min(end.start() if end else len(text), start + _REACH)
    comma = text.find(",", start, limit) if commas else -1
    limit = comma if comma >= 0 else limit
    return [place for place, word in enumerate(words) if start <= word.start < limit]


def _negation(kind: CueKind, text: str, start: int, words: Sequence[Word], under: list[int]) -> Negation:
    scope = frozenset(concept(words[place].stem) for place in under)
    verbs = under
    if kind == "noun" and (modal := _MODAL.search(text, start, words[under[-1]].end)):
        verbs = [place for place in under if words[place].start >= modal.end()] or under
    elif _CHINESE_PREPOSITION.match(text, start):
        verbs = _behind_object(text, words, under)
    return Negation(kind, frozenset({_head(text, words, verbs)}), scope)


def _behind_object(text: str, words: Sequence[Word], under: list[int]) -> list[int]:
    """The verb of 不得将合同转让给第三方, 不得向第三方披露: before 给 or at the end."""
    given = [place for place in under if text[words[place].end : words[place].end + 1] in tuple("给至予")]
    return given[:1] or under[-1:]


def _head(text: str, words: Sequence[Word], under: list[int]) -> str:
    """The first word that says something; what stands before it only helps ("not *entitled* to assign")."""
    for place in under:
        word = words[place]
        if word.stem not in _LIGHT and not _ADVERB.fullmatch(text, word.start, word.end):
            return concept(word.stem)
    return concept(words[under[-1]].stem)


def contradicts(claim: Polarity, source: Polarity) -> bool:
    """Whether the claim cannot be read out of the source sentence because one of them says no."""
    return (
        _denies_what_is_stated(claim, source)
        or _states_what_is_denied(claim, source)
        or _differs_by_denial(claim, source)
    )


def _denies_what_is_stated(claim: Polarity, source: Polarity) -> bool:
    if not claim.is_strong:
        return False
    if not (source.negations or source.is_restrictive):
        return True
    if claim.exceptions and source.is_restrictive and not (claim.exceptions & source.exceptions):
        return False
    for negation in claim.negations:
        if negation.kind not in ("verb", "noun") or negation.scope & (source.scope | source.tail):
            continue
        if negation.heads & (source.free - source.scope):
            return True
    return False


def _states_what_is_denied(claim: Polarity, source: Polarity) -> bool:
    free = claim.free - claim.scope
    turned = (source.denied & free) - source.free
    if not claim.negations and claim.exceptions & source.exceptions:
        turned |= frozenset[str]().union(*(item.heads for item in source.negations)) & free
    if not claim.negations and not turned:
        turned = _under_nouns(source) & free - source.free
    if not (claim.negations or claim.exceptions or source.is_strong) and "without" in source.exceptions:
        turned |= source.tail & free
    if not (turned or claim.negations or claim.is_restrictive) and source.is_strong:
        shared = claim.words & source.words
        turned = shared if shared <= source.scope | _before_negation(source) else turned
    if not turned:
        return False
    return not (source.is_strong and _uses_exception(claim, source))


def _under_nouns(source: Polarity) -> frozenset[str]:
    """The heads of "no", "neither" and their like."""
    return frozenset[str]().union(*(item.heads for item in source.negations if item.kind == "noun"))


def _differs_by_denial(claim: Polarity, source: Polarity) -> bool:
    """Whether the same words stand here with a "not" between them, and there without."""
    ours, theirs = _Neighbours(claim.text), _Neighbours(source.text)
    if (ours.split - theirs.split) & theirs.joined:
        return not (claim.exceptions and source.is_restrictive and not claim.exceptions & source.exceptions)
    return bool((theirs.split - ours.split) & ours.joined - theirs.joined) and not _uses_exception(
        claim, source
    )


class _Neighbours:
    """Which words follow one another directly, and which with a denial between them."""

    def __init__(self, text: str) -> None:
        tokens = _TOKEN.findall(text.lower())
        self.joined = set(pairwise(tokens))
        self.split = {
            (before, after)
            for before, denial, after in zip(tokens, tokens[1:], tokens[2:], strict=False)
            if denial in _DENIALS
        }


def _before_negation(source: Polarity) -> frozenset[str]:
    """Words of a sentence that is one clause, and negated: its subject belongs to the denial."""
    return (
        source.free
        if len(source.negations) == 1 and not re.search(r"[;；，]|,\s|\b(?:and|but|и|но)\b", source.text)
        else frozenset()
    )


def _uses_exception(claim: Polarity, source: Polarity) -> bool:
    """Whether the claim states the exception of the source: "with consent" for "not … without consent"."""
    if claim.exceptions & source.exceptions or ("until" in source.exceptions and _BEFORE.search(claim.text)):
        return False
    return bool(claim.words & source.tail)
