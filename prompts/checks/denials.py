"""How English, Russian and Chinese say no: words that deny, their reach, and what only looks like them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from prompts.patterns import Pattern
from prompts.words import at_words, stem

if TYPE_CHECKING:
    from collections.abc import Sequence

CueKind = Literal["verb", "noun", "lexical", "exception"]

NEUTRAL = Pattern(
    at_words(
        r"\bnot\s+(?:be\s+)?limited\s+to|\bwhether\s+or\s+not|\bnot\s+only"
        r"|\bnot\s+(?:to\s+)?exceed(?:ing)?\b|\bn(?:o|ot|ever)\s+(?:be\s+)?(?:more|less|later|fewer|earlier"
        r"|longer(?=\s+than)|greater|lower|higher|worse|better)\b"
        r"|\b(?:cannot|(?:may|shall|must|can|will)\s+not)\b(?=[^.;,]{1,60}\b(?:more|less|later|fewer)\s+than\b)"
        r"|\bnot\s+(?:be\s+)?\w+\s+(?:by\s+)?(?:more|less|later|fewer|longer)\s+than\b"
        r"|\bin\s+no\s+event\b(?=[^.;]{1,120}\bexceed|\s+(?:be\s+)?(?:more|later|longer|less|fewer|earlier"
        r"|greater))|\bno\.?\s*\d|\bNo\.|\bif\s+not\b"
        r"|\bwithout\s+(?:limit\w*|prejudice|regard|(?:any\s+)?(?:further\s+)?(?:force|effect))"
        r"|\bunless\s+otherwise|\bexcept\s+as\s+otherwise"
        r"|(?:^|(?<=[.;,] ))(?:in\s+order\s+)?to\s+avoid\b(?=[^,.;]{1,60},)"
        r"|\bavoidance\s+of\s+(?:any\s+)?doubt\b|\bif\s+any\b|\bnon-?disclosure\b"
        r"|\bnon-?compet\w+|\bor\s+not\b|\bnone\s*theless|\bother\s+than\s+as\s+set"
        r"|\bне\s+(?:может|могут|должн\w+)\s+превыша\w+|\bне\s+(?:реже|чаще|дольше|поздн\w+|бол\w+|мен\w+"
        r"|ран\w+|превыша\w+|свыше|ограничива\w+|только|выше|ниже)"
        r"|\bв\s+том\s+числе,?\s+но\s+не|\bнезависимо\b|\bнеустойк\w*|\bнедел\w*"
        r"|不(?:得|应)?(?:超过|少于|低于|高于|晚于|迟于|早于|多于|大于|小于)|包括但不限于|不限于|不仅|不可抗力|不论|无论|不同|不动产|未来|无形|不时|无线|不收费|是否|否则|不足|未成年"
    ),
    re.IGNORECASE,
)
CUES: Sequence[tuple[CueKind, str]] = (
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
            r"\bno\b|\bfree\s+(?:and\s+clear\s+)?of\b|\bclear\s+of\b|\bneither\b|\bnor\b|\bnone\b|\bnobody\b"
            r"|\bnothing\b|\bnowhere\b|\bни\s+од\w+|\bни\b"
            r"|\bникак\w+|\bникто\b|\bничего\b|\bнет\b|\bотсутству\w+|无|并非"
        ),
    ),
    (
        "lexical",
        (
            r"\b(?:prohibit(?!ion)|forbid|forbidden|preclud|refrain|prevent|disallow|bar(?:s|red)?\b"
            r"|den(?:y|ies"
            r"|ied)|refus(?!al)|lack|waiv(?!er)|disclaim(?!er)|exclud|exempt(?!ion)|declin|excus|reliev|block|"
            r"unable|avoid|ceas|fail(?!ure)|reject|free\s+from|incapable"
            r"|instead\s+of|rather\s+than)\w*"
            r"|\b(?:запре(?:щ|т)\w+|воздерж\w+|отказ\w+|исключ\w+|освобожд\w+|недействительн\w+|невозмож\w+"
            r"|лиш\w+)|拒绝|排除|免除|放弃|无效|不含"
        ),
    ),
)
CUE = Pattern(
    at_words("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in CUES), r"n['’]t"), re.IGNORECASE
)
PREFIXED = Pattern(
    at_words(
        r"\bnon-?\s?(?=[a-z]{4})|\b(?:не)(?=(?:исключительн|конфиденциальн|возвратн|законн|действительн"
        r"|обязательн|эксклюзивн|разглаш|раскрыт|распростран|исполнен|выполнен|соблюден))|非(?=独|排|专)"
    ),
    re.IGNORECASE,
)
SCOPE_END = Pattern(
    r"[;:。；，]|[.!?](?=\s|$)|,\s*(?:and|but|provided|и|а|но)\b|\b(?:but|provided\s+that|however"
    r"|except|unless|without|кроме|без)\b"
    r"|\band\s+(?:shall|may|must|will|is|are|can)\b|,?\s+а\s",
    re.IGNORECASE,
)
ANOTHER_CLAUSE = Pattern(
    r"\s+(?:and\s+(?:all|any|each|every|the|this|that|these|those|such|its|their|his|her)"
    r"|и\s+(?:все|всё|вся|всякое|любые|любое|каждый|эти|этот|такие))\b",
    re.IGNORECASE,
)
"""Behind a verb without an object: rights "cease | and all fees are due"."""
INFINITIVE = Pattern(r"\s+to\b", re.IGNORECASE)
FINITE = Pattern(r"\b(?:shall|will|must|may|can|could|would|should)\b", re.IGNORECASE)
"""Behind a denied infinitive, the verb of the clause around it: who "elects not to buy | will be told"."""
INSIDE = Pattern(rf"\bnot\s+to\b[^;]*{FINITE.pattern}", re.IGNORECASE)
"""A denied infinitive with such a verb behind it."""
FLAWS = Pattern(
    at_words(r"\b(?:invalid|void|unenforceable|impermissible|ineligible)\b|\bнедействительн\w+|无效"),
    re.IGNORECASE,
)
"""They deny what they are said of, and nothing that follows them."""
MODAL = Pattern(
    at_words(
        r"\b(?:shall|may|must|will|can|could|would|should|is|are|be|does|do|has|have|может|вправе|должен"
        r"|должна|несет|несёт)\b"
    ),
    re.IGNORECASE,
)
RESTRICTIVE = Pattern(
    at_words(
        r"\b(?:only|solely|exclusively|subject\s+to|provided|upon|with\s+(?:the\s+)?(?:prior|written"
        r"|express|consent)|requires?|prior|if|limited|limit|maximum|cap|capped|up\s+to|at\s+most|consent"
        r"|approval|sole)\b"
        r"|\b(?:только|лишь|исключительно|при\s+условии|если|с\s+(?:\w+\s+){0,3}согласи\w+)\b|仅|只|须经"
        r"|经.{0,12}同意|如果|若|方可|才"
    ),
    re.IGNORECASE,
)
LIGHT = frozenset(
    stem(word)
    for word in """
    entitled right permitted allowed required obligated obliged able authorized need attempt have
    make made get take give given event way manner circumstances party parties вправе имеет права
    право может должен должна обязан случае сторона стороны одна
    """.split()
)
CHINESE_PREPOSITION = Pattern(r"\s*[将把向对与以在为因]")
TOKEN = Pattern(r"[^\W_]+|[;.,:]")
DENIALS = frozenset({"not", "never", "не"})
OR = Pattern(r"\s*,?\s*(?:or|nor|или|либо|ни)\s+(?:otherwise\s+|to\s+)?|\s*,\s*|[或、]", re.IGNORECASE)
CLAUSE_BORDER = Pattern(r"[;:。；，]|[.!?](?=\s|$)|,\s", re.IGNORECASE)
BEFORE = Pattern(r"\b(?:before|prior\s+to)\b", re.IGNORECASE)
ADVERB = Pattern(r"(?!(?:apply|supply|comply|rely|imply|reply|multiply)\b)[a-z]+ly", re.IGNORECASE)
REACH = 90
NESTING = Pattern(
    at_words(r"\b(?:unless|until|without)\b|\bбез\b|\bесли\s+не\b|\bпока\s+не\b|除非|未经"), re.IGNORECASE
)
"""Exceptions with a denial of their own: "unless it gives notice *not* to renew"."""
IF = Pattern(
    r"\b(?:if|in\s+case|in\s+the\s+event|where|should|если|в\s+случае)\b|\b(?:that|who|which)\s+(?:do|does|has|have|is"
    r"|are)\s*$|如果|若|如",
    re.IGNORECASE,
)
CONDITION = Pattern(
    at_words(
        r"\b(?:with|upon|if|subject\s+to|after|once|provided|only|unless|until|where|when|by|in|for|before"
        r"|requires?|needs?"
        r"|obtain\w*|receiv\w*)\b|\b(?:с|со|при|если|после|только|по|в|для|требу\w+|нужн\w+|получ\w+)\b"
        r"|经|如|若|须|需|获得|取得|得到|后|时|除|以"
    ),
    re.IGNORECASE,
)
"""What a claim says before the words of an exception when it makes use of it."""
PREPOSITION = Pattern(
    r"\s(?:to|of|by|from|in|for|on|upon|with|as|under|against|из|от|со\s+стороны|для|на)\s", re.IGNORECASE
)
PARTICIPLE = Pattern(r"not\s+\w+(?:ed|en|paid|made|met)\b", re.IGNORECASE)
AUXILIARY = Pattern(
    r"\b(?:shall|will|may|must|can|could|should|would|might|do|does|did|is|are|was|were|be|been|being"
    r"|has|have|had|need)\b[\w\s]{0,20}$",
    re.IGNORECASE,
)
USED_WITHIN = 60
BEHIND_ASIDE = Pattern(r"[,:]\s*(?:\(\w{1,4}\)\s*)?$")
PREPOSITIONAL = frozenset(map(stem, "during prior subject notwithstanding".split()))
ASIDE = Pattern(r"\s*,")
"""Behind "shall not" itself: the verb follows the aside."""
FREE_NOT_TO = Pattern(
    at_words(
        r"\b(?:do|does|did)\s+not\s+have\s+to\b|\bneed\s+not\b|\bno\s+(?:duty|obligation)\b"
        r"|\bnot\s+(?:the\s+|an?\s+|be\s+)?(?:obligation|obliged|obligated|required)\b|\bне\s+обязан\w*|无义务|不必|无需"
    ),
    re.IGNORECASE,
)
"""There is no duty; to be told from a ban."""
