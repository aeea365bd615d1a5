from __future__ import annotations

import stat
import sys
from typing import TYPE_CHECKING

import pytest

from bench.peers.retrieving import Embeddings, Given, Passage, Question, Task
from bench.retrieval import EXAMS, Answers, Bench, PeerFailed, run
from service.evaluation.dataset import Gold, LabelledDocument, LabelledQuery

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "The Buyer pays in 30 days.\n\nThe Seller delivers in May."
DOCUMENT = LabelledDocument("sale", "sale.txt", "", TEXT)
QUERY = LabelledQuery(
    id="q1",
    text="When is it delivered?",
    short="When?",
    history=("Who pays?",),
    document="sale",
    repo="",
    category="",
    gold=(Gold("sale", 28, 55),),
    gold_files=(),
    in_paragraph=False,
)
TASK = Task(
    Embeddings("http://127.0.0.1:1/v1", "any"),
    (((Given("sale", "sale.txt", TEXT),), (Question("q1", "When?", ""),)),),
)
PEER = """
import json, sys
task = json.load(sys.stdin)
(document,), (question,) = task["collections"][0]
print(json.dumps({"version": "1.2"}))
print(json.dumps({"refused": 1}))
print(json.dumps({"query_id": question["id"], "passages": [[document["id"], question["text"], None]]}))
"""


def _python(folder: Path, program: str) -> Path:
    """An interpreter that runs a program whatever module it is told to."""
    python = folder / "peers" / "bin" / "python"
    python.parent.mkdir(parents=True)
    (folder / "program.py").write_text(program)
    python.write_text(f"#!/bin/sh\nexec {sys.executable} {folder / 'program.py'}\n")
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    return python


def test_a_peer_answers_in_its_own_environment(tmp_path: Path) -> None:
    answers = run(_python(tmp_path, PEER), "any", TASK, 60)
    assert answers == Answers("1.2", 1, {"q1": [Passage("sale", "When?")]})


def test_a_peer_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(PeerFailed, match=r"^no weights$"):
        run(_python(tmp_path, "import sys; sys.exit('no weights')"), "any", TASK, 60)


def test_a_peer_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(PeerFailed, match="not done after 0"):
        run(_python(tmp_path, "import time; time.sleep(60)"), "any", TASK, 0.3)


def test_a_peer_is_measured_by_what_its_passages_cover(tmp_path: Path) -> None:
    program = PEER.replace('question["text"]', '"The Seller delivers in May.\\nSo it does."')
    _python(tmp_path, program)
    score = Bench(EXAMS["cuad"], [DOCUMENT], [QUERY], "any", tmp_path, 60).score("LlamaIndex")
    assert (score.system, score.refused) == ("LlamaIndex 1.2", 1)
    assert score.figures["recall@400"] == pytest.approx(26 / 27)
    assert score.lost == pytest.approx(len("So it does.") / 40, abs=0.02)


def test_earlier_turns_stand_before_the_question(tmp_path: Path) -> None:
    program = PEER.replace(
        'question["text"]', '"The Seller" if "Who pays?\\nWhen is it" in question["text"] else ""'
    )
    _python(tmp_path, program)
    score = Bench(EXAMS["mtrag"], [DOCUMENT], [QUERY], "any", tmp_path, 60).score("LlamaIndex")
    assert score.figures["recall@400"] == pytest.approx(10 / 27)
    assert score.lost == 0


def test_inside_a_document_the_question_does_not_name_it(tmp_path: Path) -> None:
    program = PEER.replace('question["text"]', '"The Seller" if question["text"] == "When?" else ""')
    _python(tmp_path, program)
    score = Bench(EXAMS["cuad, inside"], [DOCUMENT], [QUERY], "any", tmp_path, 60).score("LlamaIndex")
    assert score.figures["recall@400"] == pytest.approx(10 / 27)


def test_a_peer_that_is_not_installed_is_named(tmp_path: Path) -> None:
    score = Bench(EXAMS["cuad"], [DOCUMENT], [QUERY], "any", tmp_path, 60).score("PaperQA")
    assert score.failure == "no environment paper-qa"
