"""Whether a question asks about the whole of what is read, for one place in it, or for several.

Summaries, lists of everything, comparisons and counts of documents cannot be answered from the best passages.
Patterns for English, Russian and Chinese; narrow on purpose, because reading everything costs a hundred times
as much as reading what was found.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

Breadth = Literal["documents", "items", "document", "place"]
"""About many documents together, for everything of a kind, about one document as a whole, or for a place."""

LOOKED_AT = 1_000
"""Code points at either end of a question, which say what it wants."""

_WORDS = {
    "PAPERS": "documents docs contracts agreements leases amendments ndas msas sows policies reports papers "
    "files letters e-?mails manuals texts pdfs",
    "PAPER": "documents? docs? contracts? agreements? leases? amendments? nda msa sow policy report paper "
    "file letter e-?mail manual text pdf book thesis memo memorandum specification code-?base repository "
    "repo collection folder archive corpus",
    "THE": "the these those this that our my your all both",
    "DO": "are is do does did have has had were was can may must shall will name contain include mention use "
    "refer allow permit require provide expire grant lack specify state define impose prohibit limit cap "
    "renew terminate give set treat cover say differ fall exclude run carry restrict mandate",
    "SOMEBODY": "the an? i we you he she they it each either one",
    "LIST": "list enumerate name show find identify extract collect tabulate itemi[sz]e give tell get",
    "POINTS": "points themes? topics? takeaways ideas? messages? provisions terms obligations risks",
    "PART": "process procedure clause section rule format system term",
    "ДОГОВОР": r"(?:договор|контракт|соглашени|документ|файл|отч[её]т|письм|доверенност|лицензи|аренд)\w*",
    "ДОГОВОРЫ": "договоры контракты соглашения документы файлы отч[её]ты письма",
    "ДОГОВОРОВ": "договоров контрактов соглашений документов файлов отч[её]тов писем",
    "ЛЮБОЙ": "(?:договор|контракт|документ|файл)(?:ах|ам|ов|ы|е|а|у)? соглашени(?:ях|ям|й|я|и|ю|е)",
    "ЭТИХ": "этих них всех данных наших приложенных перечисленных",
    "НУЖНО": r"долж\w+ нужн\w+ необходим\w+ требу\w+ следует надо",
    "НАЙДИ": "перечисли(?:те|ть)? назови(?:те)? выпиши(?:те)? покажи(?:те)? найди(?:те)? выведи(?:те)? "
    "укажи(?:те)? собери(?:те)? дай(?:те)? составь(?:те)?",
    "ИЗЛОЖИ": "резюмируй суммируй обобщи подытожь перескажи изложи.кратко кратко.(?:изложи|опиши|перескажи)",
    "ОБЗОР": "резюме обзор выжимк[ауи] краткое.содержание (?:основн|главн)(?:ые|ое).(?:положения|пункты"
    "|условия|идеи|темы|содержание|мысли)",
    "文件": "合同 协议 文件 文档 报告 租约 资料 材料 邮件 文章 论文 条约",
    "总结": "总结 概括 概述 归纳 摘要 综述",
}
"""Words by the name that a pattern has for any one of them."""
_PLEASE = r"(?:^|[.;:!?,]\s*|\bplease |\b(?:can|could|would|will) you (?:please )?|\bi (?:want|need) you to )"

_MANY = r"""
\b(?:which|what) (?:ones? )?(?:of|among|amongst) <THE> (?:\w+ ){0,2}?<PAPERS>\b
\b(?:which|what) of (?:these|those|them) <DO>\b
\b(?:which|what) (?:other )?<PAPERS> (?:\w+ly )?<DO>\b(?! <SOMEBODY>\b)
\b(?:in|under|by) (?:which|what) (?:of <THE> )?<PAPERS>\b
\bhow many (?:of )?(?:[\w'’-]+ ){0,3}?<PAPERS>\b
\b(?:count|number of|tally) (?:of )?(?:<THE> )?<PAPERS>\b
\b(?:all|each|every|any|none|most) (?:one )?of <THE> (?:\w+ ){0,2}?<PAPERS>\b
\b(?:all|across|throughout|among|between) (?:<THE> )?(?:\d+ )?<PAPERS>\b
\b(?:for|in|from|of|per|does|has|with) (?:each|every) (?:single )?(?:contract|agreement|lease|document)\b
\b(?:contract by contract|document by document)\b
<PLEASE>(?:compare|contrast)\b[^.?!]{0,200}?\b(?:<PAPERS>|across|against each other|side by side)\b
\b(?:comparison|differences?|similarities) (?:of|between|among|across) (?:[\w'’-]+ ){0,3}?<PAPERS>\b
<PLEASE>summari[sz]e (?:<THE> )?(?:\w+ )?<PAPERS>\b
\b(?:как(?:ие|их|ом|ой|ая|ого|ому)|котор\w+|сколько|что)(?: \w+)? из <ЭТИХ>\b
\b(?:в|во|по|под|из) (?:каких|скольких) (?:\w+ ){0,2}?<ДОГОВОР>
\bкакие (?:\w+ ){0,2}?<ДОГОВОРЫ>\b(?! <НУЖНО>\b)
\bсколько (?:всего )?(?:\w+ ){0,2}?<ДОГОВОРОВ>\b
\b(?:во всех|по всем|для всех|всех|все|каждом|каждого|каждому|каждый|каждое) (?:\w+ ){0,2}?<ЛЮБОЙ>\b
\bсравни(?:те|ть)?\b[^.?!]{0,200}?<ДОГОВОР>
\b(?:различия|отличия|разница|сходства) (?:между|среди) (?:\w+ ){0,3}?<ДОГОВОР>
(?:哪些|哪几[份个篇])的?<文件>
(?:这些|那些|上述|以上|所有|全部|各[份个]?|每一?[份个篇]|几份|[\d两一二三四五六七八九十百]+份)的?<文件>(?!夹)
(?:多少|几)[份个篇]\w{0,4}?<文件>
(?:比较|对比)[^。？?]{0,80}?(?:<文件>|各|所有)
"""
_ITEMS = r"""
<PLEASE><LIST> (?:me |us )?(?:out )?(?:all|every|each and every|every single)\b
<PLEASE>(?:give|make|write|provide|prepare|compile|create)(?: me| us)? an? (?:\w+ )?list of (?:all|every)\b
\bwhat are all (?:of )?(?:the|its|their)\b
\bhow (?:many times|often) (?:is|are|does|do|was|were) [^?]{0,200}?\b(?:mention(?:ed)?|used|appear|occur)\b
\b<НАЙДИ>(?: мне)?(?: список| перечень)? (?:все|всех|всё|кажд\w+)\b
\b(?:составь|дай|сделай)(?:те)? (?:полный )?(?:список|перечень) всех\b
(?:列出|列举|列明|找出|罗列|指出|给出|提取)[^。？?，,]{0,12}?(?:所有|全部|每一?[个项条]|一切)
"""
_ONE = r"""
<PLEASE>(?:briefly )?summari[sz]e(?: (?:it|everything|this|all))?(?: briefly| in [\w ]{1,30})?\s*[.!?]*$
<PLEASE>(?:briefly )?summari[sz]e (?:<THE> )?(?:[\w&'’.-]+ ){0,5}?<PAPER>\b(?!['’]s| <PART>)
\b(?:summary|overview|digest|synopsis|outline|gist) of <THE> (?:[\w&'’.-]+ ){0,4}?<PAPER>\b(?!['’]s| <PART>)
\btl;? ?dr\b|\bexecutive summary\b
\bwhat (?:is|are) (?:this|these|the whole|the entire) (?:[\w'’-]+ ){0,3}?<PAPER> (?:all )?about\b
\b(?:main|key|central|principal|most important) <POINTS> (?:of|in|from) <THE> (?:[\w'’-]+ ){0,3}?<PAPER>\b
\b(?:whole|entire|complete) <PAPER>\b
\bthroughout <THE> <PAPER>\b
\bfrom (?:beginning|start|cover) to (?:end|finish|cover)\b
\b<ИЗЛОЖИ>(?:те)?\b(?:[^.?!]{0,200}?<ДОГОВОР>|\s*(?:вс[её]|это|его)?\s*[.!?]*$)
\b<ОБЗОР> (?:\w+ ){0,3}?<ДОГОВОР>
\bо ч[её]м (?:говорится в |ид[её]т речь в )?(?:это[тмй]?|весь|вс[её]м|данн\w+) <ДОГОВОР>
\b(?:весь|всему|всего|всём|всем) (?:тексту?|<ДОГОВОР>)
<总结>(?:一下|下)?(?:[^。？?]{0,12}?(?:<文件>|全文|内容)|[。！!]*$)
(?:<文件>|全文)的?(?:主要|核心|大致)?(?:内容)?(?:<总结>|概要|大意|要点)(?:[是有](?:什么|哪些))?[。？?！!]*$
(?:整[份个篇]|全部)<文件>|全文|通篇
这[份个篇]<文件>(?:主要|大概)?(?:讲|说|写|谈)(?:了|的是)?(?:什么|些什么)
"""
_SEVERAL = r"""
<PLEASE>(?:compare|contrast)\b
\b(?:differences?|relationships?|relation|interactions?|interplay) between\b
\bdiffers? from\b|\bversus\b|\bvs\b
\b(?:work|works|fit|fits) together\b|\binteracts? with\b
<PLEASE>(?:trace|follow|walk (?:me )?through)\b
\bstep by step\b|\b(?:call|control|data) (?:chain|flow|graph|path)\b
\b(?:who|what) calls\b|\bcallers? of\b
\bwhere (?:else )?(?:is|are) [^?]{1,100} (?:used|called|referenced|overridden)\b
\bhow (?:does|do|is|are) [^?]{1,160}\b(?:end up|get from|propagate|all the way)\b
\bсравни(?:те|ть)?\b|\b(?:разница|различия|отличия|связь) между\b|\bчем [^?]{1,80} отлича\w+
\bпроследи(?:те|ть)?\b|\bгде (?:ещё |еще )?(?:\w+ ){0,4}?(?:используется|вызывается)\b|\bпо шагам\b
对比|比较(?:一下)?[^。？?，,]{1,30}[与和跟]|(?:区别|差异|关系)(?:是什么|在哪)|在?哪(?:里|些地方)(?:被)?(?:使用|调用|引用)|调用链|逐步
"""
_LEAST_ASKED = 3
"""Words of a question beside another one."""


def needs_lookups(question: str) -> bool:
    """Whether the answer to a question lies in several places that have to be looked up one after another."""
    words = " ".join(question.split())[: 2 * LOOKED_AT]
    asked = [part for part in re.split(r"\?(?=\s|$)|？", words)[:-1] if _length(part) >= _LEAST_ASKED]
    return len(asked) > 1 or _any_of(_SEVERAL).search(words) is not None


def _length(text: str) -> int:
    """Words; signs of Chinese count as such."""
    return len(re.findall(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+", text))


def breadth_of(question: str) -> Breadth:
    """What a question is about, by its words alone."""
    words = " ".join(question.split())
    asked = words if len(words) <= 2 * LOOKED_AT else f"{words[:LOOKED_AT]} {words[-LOOKED_AT:]}"
    if _any_of(_MANY).search(asked):
        return "documents"
    if _any_of(_ITEMS).search(asked):
        return "items"
    return "document" if _any_of(_ONE).search(asked) else "place"


@cache
def _any_of(patterns: str) -> re.Pattern[str]:
    """One pattern a line; its names stand for the words of the table."""
    pattern = "|".join(f"(?:{line})" for line in patterns.strip().splitlines()).replace("<PLEASE>", _PLEASE)
    for name, words in _WORDS.items():
        pattern = pattern.replace(f"<{name}>", f"(?:{'|'.join(words.split())})")
    return re.compile(pattern, re.IGNORECASE)
