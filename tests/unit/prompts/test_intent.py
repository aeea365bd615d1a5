"""Questions about the whole are told from questions for one place, in three languages."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.intent import breadth_of, needs_lookups
from tests.shared_data import needs_shared, shared

if TYPE_CHECKING:
    from collections.abc import Iterator

ABOUT_MANY = """
Which of these contracts name a governing law other than New York, and where?
Which of these name a governing law other than New York contracts, and which contracts are silent?
Which contracts expire in 2025?
What agreements are governed by Delaware law?
In which contracts is there a cap on liability?
How many contracts have an exclusivity clause?
How many of the 40 agreements renew automatically?
Compare the termination provisions of the contracts.
Please compare liability caps across all agreements.
What are the differences between these leases?
Does each contract have a non-compete clause?
Do all of the contracts allow assignment?
Are any of these agreements perpetual?
For every agreement, give the parties and the date.
List the governing law of all contracts.
What do all the documents say about insurance?
Summarize these documents.
Can you summarise all three reports?
Count the agreements with a most favoured nation clause in the documents.
В каких договорах есть неустойка?
Какие из этих договоров регулируются правом Нью-Йорка?
Сколько договоров истекает в 2025 году?
Сравните условия расторжения в договорах.
Во всех ли договорах есть оговорка о форс-мажоре?
Для каждого договора укажите стороны и дату.
В чём различия между этими соглашениями?
哪些合同受纽约州法律管辖？
这些合同中有哪些包含竞业限制条款？
有多少份合同包含排他性条款？
比较各份合同的终止条款。
每份合同的有效期是多久？
所有协议都允许转让吗？
""".strip().splitlines()
FOR_ALL_ITEMS = """
List all obligations of the tenant.
List every deadline.
Find all references to indemnification.
Please list each and every fee.
Extract all dates and amounts.
What are all the termination rights?
How many times is Acme mentioned?
Перечислите все обязанности арендатора.
Перечисли всех подрядчиков.
Составьте список всех сроков.
列出所有付款义务。
找出合同中的所有日期。
""".strip().splitlines()
ABOUT_ONE = """
Summarize this contract.
Summarise the lease.
Please summarise the Acme supply agreement.
Could you summarize the whole document for me?
Give me an overview of the agreement.
I need a summary of this document.
Summarize.
TL;DR
Write an executive summary.
What is this document about?
What is this agreement about?
What are the main points of this report?
What are the key terms of the contract?
Read the entire contract: is anything unusual?
Кратко изложите договор.
Резюмируй документ.
О чём этот договор?
Каковы основные положения договора?
总结一下这份合同。
概括全文。
这份文件主要讲了什么？
合同的主要内容摘要
""".strip().splitlines()
FOR_A_PLACE = """
What is the governing law of this contract?
Is there a cap on liability under this contract?
Which party bears the costs?
Which of the parties may terminate?
Which documents must the tenant deliver at closing?
What is the notice period?
How many days does the tenant have to cure a default?
How many copies of my backup can I create in different regions?
Are any of the licenses granted under this contract irrevocable or perpetual?
What is the difference between primary and archaeological sources?
What licenses are granted under this contract?
Summarize the termination clause.
Summarise section 4.2.
What does the summary section say about costs?
Where is the list of approved vendors?
What happens when all conditions are met?
Who is responsible for each delivery?
Can this contract be terminated for convenience, and under what conditions?
How does the parser handle every token?
Compare equality of two nodes: which function does it?
Does the abstract of the function raise an error?
Where are all listeners removed?
Who signed the contract?
Какой срок аренды?
Кто подписал договор?
Какие документы должен представить арендатор?
Сколько дней даётся на устранение нарушения?
Что должен сделать каждый арендатор?
Чем отличается аренда от лизинга?
合同的有效期是多久？
租金是多少？
谁有权终止合同？
违约金是多少？
总结条款第四条规定的付款时间是什么时候？
""".strip().splitlines()


@pytest.mark.parametrize("question", ABOUT_MANY)
def test_about_many_documents_together(question: str) -> None:
    assert breadth_of(question) == "documents"


@pytest.mark.parametrize("question", FOR_ALL_ITEMS)
def test_for_everything_of_a_kind(question: str) -> None:
    assert breadth_of(question) == "items"


@pytest.mark.parametrize("question", ABOUT_ONE)
def test_about_a_document_as_a_whole(question: str) -> None:
    assert breadth_of(question) == "document"


@pytest.mark.parametrize("question", FOR_A_PLACE)
def test_for_one_place(question: str) -> None:
    assert breadth_of(question) == "place"


def asked(path: str) -> Iterator[str]:
    for line in shared(path).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield from (row[field] for field in ("query", "query_short") if field in row)


@needs_shared
@pytest.mark.parametrize(
    "path",
    [
        "cuad/queries.jsonl",
        "cuad/queries_no_clause.jsonl",
        "mtrag/queries.jsonl",
        "sweqa/queries.jsonl",
        "repo-history/queries.jsonl",
        "multilingual/xquad-ru/queries.jsonl",
        "multilingual/xquad-zh/queries.jsonl",
        "multilingual/cmrc2018-dev/queries.jsonl",
    ],
)
def test_ordinary_questions_are_nearly_never_taken_for_whole_ones(path: str) -> None:
    breadths = [breadth_of(question) for question in asked(path)]
    assert sum(breadth != "place" for breadth in breadths) <= 0.002 * len(breadths)


@given(st.text(max_size=200))
def test_white_space_changes_nothing(question: str) -> None:
    assert breadth_of(question.replace(" ", " \n ")) == breadth_of(question)


@pytest.mark.parametrize(
    "word", ["compare ", "list all ", "summarise the ", "which contracts ", "比较", "сравните "]
)
def test_a_long_question_takes_no_long_time(word: str) -> None:
    question = (word * 20_000)[:20_000]
    began = time.process_time()
    breadth_of(question)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "question",
    [
        "Compare the notice periods of the two leases.",
        "What is the difference between the licence fee and the royalty?",
        "How does a retry differ from a reconnect?",
        "What is the rent, for each month? And when is it due?",
        "Who calls post_entry?",
        "Where else is the timeout used?",
        "Trace how a posting reaches the ledger.",
        "How does an invoice end up in the archive?",
        "Чем аванс отличается от задатка?",
        "Где ещё используется этот параметр?",
        "Проследи путь платежа.",
        "定金和订金的区别是什么？",
        "这个函数在哪里被调用？",
    ],
)
def test_some_questions_need_several_places(question: str) -> None:
    assert needs_lookups(question)


@pytest.mark.parametrize(
    "question",
    [
        "What is the monthly rent?",
        "Who may terminate the agreement, and on what notice?",
        "What? When is the rent due?",
        "Fix `{ [D in E]?: F } ? G : H`.",
        "Какова арендная плата?",
        "租金是多少？",
    ],
)
def test_most_need_one(question: str) -> None:
    assert not needs_lookups(question)


@needs_shared
def test_questions_about_programs_need_several_places_more_often() -> None:
    def share(path: str) -> float:
        needed = [needs_lookups(question) for question in asked(path)]
        return sum(needed) / len(needed)

    assert share("cuad/queries.jsonl") == 0
    assert share("multilingual/xquad-ru/queries.jsonl") < 0.01
    assert share("multilingual/cmrc2018-dev/queries.jsonl") < 0.02
    assert 0.1 < share("sweqa/queries.jsonl") < 0.25
