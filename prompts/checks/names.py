"""Proper names, acronyms and identifiers of a claim that its source must hold.

Only what can be told from case and form: capitalised words inside a sentence, acronyms, companies, known
places, identifiers. Words that contracts capitalise as roles or terms ("the Receiving Party") are no names.
Chinese names have no such form and are left to the words of the claim.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prompts.words import remembered, script_of, stem

if TYPE_CHECKING:
    from collections.abc import Iterator

_CAPITALISED = re.compile(r"[A-ZÀ-ÞА-ЯЁ][\w&]*(?:['’-][A-ZА-Я]?\w+)*")
_BREAK = re.compile(r"(?:^|[.:;!?。：；！？\n(\[]\s*|[\"“«‘'「*]\s*|[-–—•]\s+)$")
_ACRONYM = re.compile(r"[A-Z][A-Z&]*[A-Z0-9]+s?")
_ROMAN = re.compile(r"[IVXLC]+")
_COMPANY = frozenset(
    "inc ltd limited corp corporation llc llp plc gmbh ag bv nv sa co company incorporated ооо ао пао "
    "зао ип".split()
)

_TERMS = frozenset(
    stem(word)
    for word in """
    i ip mib kib gib mb kb gb tb ms nda sla msa sow api id vat readme faq url with without within upon
    once since because although though between among against through during until unless except per
    about above below whether which who what how their our your my his her its we you they he she there
    here please note source yes according
    based party parties agreement agreements contract contracts section sections article articles clause
    clauses paragraph exhibit exhibits schedule schedules annex appendix addendum amendment attachment
    recital preamble supplier suppliers vendor vendors provider providers seller sellers contractor
    contractors subcontractor customer customers client clients buyer buyers purchaser purchasers licensor
    licensee lessor lessee landlord tenant lender borrower employer employee employees executive
    consultant consultants distributor distributors manufacturer franchisor franchisee reseller agent
    principal guarantor assignor assignee owner operator user users licensed company companies corporation
    corp inc ltd llc affiliate affiliates subsidiary subsidiaries recipient discloser receiving disclosing
    indemnifying indemnified terminating breaching effective date dates day days term terms initial
    renewal period periods year years month months quarter calendar business fiscal confidential
    information confidentiality service services product products goods software materials intellectual
    property rights right work deliverable deliverables order orders purchase statement invoice invoices
    fee fees price prices payment payments royalty royalties territory territories trademark trademarks
    patent patents mark marks technology data personal law laws governing court courts arbitration force
    majeure notice notices change control event events default cause warranty warranties liability
    indemnity insurance damages claim claims loss losses cost costs expense expenses net gross sales
    revenue revenues minimum maximum annual monthly quarterly base additional commencement expiration
    termination master general standard policy purpose project site state states federal government
    authority board director directors officer officers president chief member members shareholder stock
    share shares securities third person persons january february march april may june july august
    september october november december monday tuesday wednesday thursday friday saturday sunday sun mon
    tue wed thu fri sat english russian chinese if the a an in it this that these those each either
    neither both all any no not and or but for to of by on at as is are was were be upon under such after
    before when where while document documents passage passages yes however therefore thus additionally
    furthermore also finally first second next only function class method module file usd eur gbp rub cny
    rmb jpy chf cad aud us usa python java javascript raises returns true false none null exception error
    договор договоры сторона стороны исполнитель заказчик поставщик покупатель продавец подрядчик
    арендатор арендодатель лицензиар лицензиат работник работодатель клиент компания общество товар товары
    услуга услуги работы акт приложение соглашение раздел статья пункт информация конфиденциальная
    получающая раскрывающая передающая принимающая законодательство федерация суд арбитражный закон кодекс
    гражданский срок дата цена стоимость январь февраль март апрель май июнь июль август сентябрь октябрь
    ноябрь декабрь
    """.split()
)  # fmt: skip
PLACES = frozenset(
    """
    alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho
    illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota
    mississippi missouri montana nebraska nevada ohio oklahoma oregon pennsylvania tennessee texas utah
    vermont virginia washington wisconsin wyoming ontario quebec england wales scotland ireland france
    germany spain italy switzerland netherlands belgium austria sweden norway denmark finland poland
    russia china japan korea india israel singapore australia canada mexico brazil argentina taiwan london
    paris berlin geneva zurich stockholm moscow beijing shanghai tokyo toronto boston chicago houston
    """.split()
)
_CHINESE_PLACE = re.compile(
    "北京|上海|天津|重庆|深圳|广州|杭州|南京|苏州|成都|武汉|西安|青岛|厦门|香港|澳门|台湾|新加坡|中华人民共和国|中国大陆|日本|韩国|美国|英国|德国|法国|俄罗斯"
)
_CHINESE_INSTITUTION = re.compile(
    "(?!适用|有关|相关|当地|所在|现行|其他|该国)[\u4e00-\u9fff]{2}(?:仲裁委员会|人民法院|有限公司|股份公司|集团|银行|法律(?!责任|规定|法规|效力|顾问|服务))"
)
_ACRONYM_LENGTH = 3
_ROOT_LENGTH = 4
_ENDING_LENGTH = 3
_RUSSIAN_ENDING_LENGTH = 5
"""Россия, Российской."""
_CODE = re.compile(r"`([^`\n]+)`")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.]*(?:\(\))?")
_LOOSE_IDENTIFIER = re.compile(
    r"\b(?:[a-z][a-z0-9]*(?:_[a-z0-9]+)+|_{1,2}[a-z]\w*|[a-z]+(?:[A-Z][a-z0-9]+)+"
    r"|[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+|[A-Z]+(?:_[A-Z0-9]+)+)\b"
)
_FILE = re.compile(
    r".*(?:/.*|\.(?:py|js|ts|tsx|jsx|go|java|c|h|cc|cpp|hpp|rs|md|txt|toml|json|ya?ml|pdf|docx|html|cfg|ini))"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name as the claim writes it, and the words of it that the source must hold."""

    written: str
    words: tuple[str, ...]


def names(claim: str) -> Iterator[Name]:
    """The proper names and acronyms of a claim, outside code."""
    prose = _CODE.sub(lambda code: " " * len(code[0]), claim)
    shouted = prose.upper() == prose
    run: list[str] = []
    end = -1
    for match in _CAPITALISED.finditer(prose):
        bridge = '« \u00a0"“' if run and run[-1].lower() in _COMPANY else " \u00a0&."
        if run and not prose[end : match.start()].strip(bridge):
            run.append(match[0])
        else:
            yield from _name(run)
            run = [match[0]]
            if _BREAK.search(prose[max(0, match.start() - 4) : match.start()]) or match.start() == 0:
                run = ["", match[0]]
        end = match.end()
    if not shouted:
        yield from _name(run)


def _name(run: list[str]) -> Iterator[Name]:
    """What of a run of capitalised words names something; a leading "" marks the start of a sentence."""
    opens = bool(run) and not run[0]
    words = [word for word in (re.sub(r"['’]s?$", "", word) for word in run) if word]
    proper = [word for word in words if not is_term(word)]
    if opens and proper and proper[0] == words[0] and not _names_at_start(words):
        proper = proper[1:]
    if proper:
        yield Name(" ".join(words), tuple(proper))


@remembered
def is_term(word: str) -> bool:
    """Whether a capitalised word is one that contracts capitalise, or a company's form, and no name."""
    lower = word.lower()
    return (
        len(word) == 1
        or lower in _COMPANY
        or all(stem(part) in _TERMS for part in re.split(r"[-'’]", lower) if part)
        or (bool(_ROMAN.fullmatch(word)))
    )


def _names_at_start(words: list[str]) -> bool:
    """Whether the first word of a sentence is a name, not just its first word."""
    first = words[0]
    if first.lower() in PLACES or _ACRONYM.fullmatch(first) or any(map(str.isupper, first[1:])):
        return True
    return len(words) > 1 and (words[1].lower() in _COMPANY or not is_term(words[1]))


def chinese_names(claim: str) -> Iterator[str]:
    """Places of a Chinese claim, and what stands before the words that only an institution ends in."""
    yield from _CHINESE_PLACE.findall(claim)
    for match in _CHINESE_INSTITUTION.finditer(claim):
        yield match[0]


def identifiers(claim: str) -> Iterator[str]:
    """The identifiers of a claim about code, by their last part: ``send`` for ``Session.send()``."""
    for code in _CODE.finditer(claim):
        if _IDENTIFIER.fullmatch(code[1]) and not _FILE.fullmatch(code[1]):
            yield code[1].removesuffix("()").split(".")[-1]
    for match in _LOOSE_IDENTIFIER.finditer(_CODE.sub(" ", claim)):
        if not is_term(match[0]):
            yield match[0]


class Lexicon:
    """The words of a source, for looking names up."""

    def __init__(self, text: str) -> None:
        self.text = text
        words = re.findall(r"[^\W\d_]+", text)
        self._words = {word.lower() for word in words}
        self._stems = {stem(word) for word in self._words}
        self._initials = "".join(word[0] for word in words if word[0].isupper())
        self._script = script_of(text)

    def has_name(self, name: Name) -> bool:
        """Whether the source holds every word of a name, or the acronym of either."""
        initials = "".join(word[0] for word in name.written.split() if word[0].isupper())
        if len(initials) >= _ACRONYM_LENGTH and initials.lower() in self._words:
            return True
        return all(self._has_word(word) for word in name.words)

    def has_identifier(self, identifier: str) -> bool:
        """Whether the source holds an identifier whole."""
        return bool(re.search(rf"(?<!\w){re.escape(identifier)}(?!\w)", self.text))

    def _has_word(self, word: str) -> bool:
        if script_of(word) == "cyrillic" and self._script != "cyrillic":
            return True
        if word in self.text:
            return True
        if _ACRONYM.fullmatch(word) and word.rstrip("s") in self._initials:
            return True
        parts = [part.lower() for part in re.findall(r"[^\W\d_]+", word)]
        return all(
            part in self._words or stem(part) in self._stems or self._resembles(part) for part in parts
        )

    def _resembles(self, word: str) -> bool:
        """Another form of the word: Russia and Russian, Москва and Москвы."""
        root = word[: max(_ROOT_LENGTH, len(word) - _ENDING_LENGTH)]
        longest = _ENDING_LENGTH if word.isascii() else _RUSSIAN_ENDING_LENGTH
        return len(word) > _ROOT_LENGTH and any(
            other.startswith(root) and abs(len(other) - len(word)) <= longest for other in self._words
        )
