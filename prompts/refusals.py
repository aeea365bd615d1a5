"""What an answer may say without proof: courtesies, and that the documents do not answer.

Patterns for English, Russian and Chinese, read from the start of a sentence. They are narrow on purpose: "the
agreement does not say" needs no proof, "the agreement does not renew" does.
"""

from __future__ import annotations

import re

from prompts.patterns import Pattern

_OPENERS = (
    r"(?:hi|hello|hey|sure|certainly|of course|absolutely|thanks?|thank you|(?:great|good) question"
    r"|understood|okay|ok"
    r"|здравствуйте|привет|добрый день|конечно|спасибо|пожалуйста|你好|您好|当然|谢谢|好的)"
)
_COURTESY = Pattern(
    rf"{_OPENERS}(?:[,!.，！。\s]+(?:{_OPENERS}|there|all|for (?:your|the) \w+|i can help(?: with that)?"
    rf"|за вопрос))*"
    r"[,!.，！。\s]*$"
    r"|(?:i )?hope (?:this|that) helps\b|(?:please )?(?:let me know (?:if|whether|what)|feel free to)\b"
    r"|happy to help\b|(?:you|the user) asked\b|let me\b|i(?:['’]ll| will) (?:check|look|review"
    r"|summari[sz]e)\b"
    r"|here(?:['’]s| is| are) (?:what|the|a|my)\b|sources?\s*[:：]|(?:note\s*:\s*)?this is (?:only "
    r"|just )?a summary\b"
    r"|вы спросили\b|источник\w*\s*:|来源\s*[:：]|以下是"
    r"|надеюсь, (?:это|ответ)\b|обращайтесь\b|если у вас (?:есть|остались|возникнут)\b"
    r"|希望(?:这|以上|对)|如有",
    re.IGNORECASE,
)

_SORRY = (
    r"(?:unfortunately,? |(?:i(?:'m| am) )?(?:sorry|afraid)[,:]? (?:but )?|i(?:'m| am) afraid (?:that )?)?"
)
_THE = (
    r"(?:the |these |those |none of the |no |any )?"
    r"(?:(?:provided|available|given|cited|retrieved|above|relevant) )*"
)
_PAPERS = r"(?:documents?|passages?|texts?|excerpts?|sources?|context|materials?|files?|provided information)"
_WORKS = (
    r"(?:contracts?|agreements?|code|repository|clauses?|sections?|polic(?:y|ies)|leases?|licen[cs]es?"
    r"|amendments?"
    r"|exhibits?|schedules?|deeds?|statements? of work|order forms?|nda|function|module|readme)"
)
_NOT = r" (?:do|does|did)(?:n['’]t| not)(?: \w+ly)?"
_TELL = r" (?:say|state|mention|specify|indicate|address|tell|discuss|identify|define|describe|clarify)s?\b"
_HOLD = r" (?:contain|include|provide|give|cover|answer|offer|reveal|show|disclose|list|explain|have)s?\b"
_ENGLISH = (
    (
        rf"{_SORRY}{_THE}(?:{_PAPERS}|{_WORKS})(?: (?:that )?(?:you|i|were"
        rf"|was)\b[^,.]{{0,40}}?)?(?:{_NOT}{_TELL}|{_TELL} (?:no|nothing)\b| (?:is|are) silent\b)"
    ),
    (
        rf"{_SORRY}{_THE}{_PAPERS}(?: (?:that )?(?:you|i|were|was)\b[^,.]{{0,40}}?)?(?:{_NOT}{_HOLD}"
        rf"|{_HOLD} no\b|{_TELL} )"
    ),
    (
        rf"{_SORRY}{_THE}{_WORKS}{_NOT} (?:contain|include|provide|give) (?:any )?(?:information|details?"
        rf"|a definition|an answer|mention)\b"
    ),
    (
        rf"{_SORRY}(?:i|we) (?:could|can|do|did|was|were|am|are)(?:n['’]t| ?not| unable| not able)\b"
        r"[^.]{0,30}"
        r"(?:find|answer|determine|locate|see|tell|know|confirm|information)\b"
    ),
    (
        rf"{_SORRY}there (?:is|was) (?:no|not enough|insufficient) (?:\w+ )?(?:information|mention|answer"
        rf"|evidence|indication)\b"
    ),
    (
        rf"{_SORRY}(?:this|that|it|the answer|the information)(?: \w+){{0,3}} (?:is|are|was)(?: not"
        rf"|n['’]t)(?: \w+ly)? "
        rf"(?:stated|specified|mentioned|found|given|provided|addressed|available"
        rf"|present)? ?in {_THE}(?:{_PAPERS}|{_WORKS})"
    ),
    rf"{_SORRY}nothing (?:in|within) {_THE}(?:{_PAPERS}|{_WORKS})(?:{_TELL}|{_HOLD})",
    (
        rf"{_SORRY}no [^.;,]{{1,60}} (?:is|are|was|were) (?:\w+ly )?(?:stated|specified|mentioned|found"
        rf"|given|provided"
        rf"|addressed|defined|described|set out) in {_THE}(?:{_PAPERS}|{_WORKS})"
    ),
    rf"{_SORRY}(?:no|not enough) (?:relevant )?information (?:about|on|regarding|concerning|was found)\b",
)
_RUSSIAN = (
    (
        r"(?:к сожалению,? )?(?:в |во )?(?:(?:предоставленн|имеющ|указанн|найденн|приведенн|приведённ)\w+ )*"
        r"(?:документ|текст|отрывк|фрагмент|договор|источник|материал|контекст)\w*"
        r"(?: (?!не\b|нет\b)\w+){0,3} "
        r"(?:не (?:сказано|указ(?:а|ы)\w+|содерж\w+|говор\w+|упомина\w+|упомян\w+|сообща\w+|описан\w*)"
        r"|нет (?:информац|сведений|ответа|данных|упомин))"
    ),
    (
        r"(?:к сожалению,? )?(?:я )?не (?:могу (?:найти|ответить|определить|сказать)|удалось (?:найти"
        r"|определить)|нашел|нашёл|нашла)\b"
    ),
    r"(?:к сожалению,? )?(?:нет|недостаточно) (?:информац|сведений|данных)",
)
_CHINESE = (
    (
        r"(?:很)?(?:抱歉|遗憾|对不起)?[，,]?在?(?:所|您)?(?:提供|给出|检索到?|现有|上述|已有)?的?(?:文件|文档|资料|合同|段落|文本|材料|内容|协议|信息)"
        r"(?:中|里)?(?:均|都|并|也)?(?:没有|未|不|没)(?:明确|具体|直接|有)?(?:说明|提及|提到|提供|规定|约定|包含|涉及|记载|给出|列出|指出|写明|找到|显示|相关"
        r"|有关|关于)"
    ),
    r"(?:(?:根据|依据|从|在)[^，。]{0,20}[，,]?\s*)?(?:我|我们)?(?:无法|不能)(?:从|根据|在)?[^，。]{0,20}(?:找到|确定|回答|得知|判断)",
)
_REFUSAL = Pattern("|".join(f"(?:{pattern})" for pattern in _ENGLISH + _RUSSIAN + _CHINESE), re.IGNORECASE)
_DENIES = Pattern(
    r"n['’]t\b|\b(?:not|no|nothing|none|cannot|unable|insufficient|silent|не|нет|недостаточно)\b|没|未|无|不",
    re.IGNORECASE,
)
_ADDS = Pattern(
    r"\b(?:but|however|although|though|nevertheless|yet|while|whereas|instead|only|except|so|therefore"
    r"|но|однако|хотя|зато|только|поэтому)\b|;|但|然而|不过|只|仅|；",
    re.IGNORECASE,
)


def is_courtesy(sentence: str) -> bool:
    """Whether this greets, thanks, offers help or says what it is about to do, and states nothing."""
    return bool(_COURTESY.match(sentence)) and not any(map(str.isdigit, sentence))


def is_refusal(sentence: str) -> bool:
    """Whether this says that the documents do not answer, and says nothing else."""
    found = _REFUSAL.match(sentence)
    if not found or not _DENIES.search(sentence):
        return False
    return not _ADDS.search(re.sub(r"^\W*(?:i'm |i am )?sorry,? but\b", "", sentence, flags=re.IGNORECASE))
