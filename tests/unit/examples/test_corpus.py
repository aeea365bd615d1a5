"""The example corpus is what its source makes, and its questions have the answers they name."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

import pytest
from docx import Document
from pathspec import GitIgnoreSpec
from pypdfium2 import PdfDocument

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
CORPUS = EXAMPLES / "corpus"
AGREEMENT = CORPUS / "contracts" / "master-services-agreement.pdf"


class Question(TypedDict):
    question: str
    expect: list[str]
    path: str | None
    language: str


def questions(name: str) -> list[Question]:
    return cast("list[Question]", json.loads((CORPUS / name).read_text(encoding="utf-8")))


DEMO = questions("questions.json")
MORE = questions("questions-more.json")


def text_of(path: Path) -> str:
    """All words of a file, parted by single spaces."""
    match path.suffix:
        case ".pdf":
            text = "\n".join(page_texts(path))
        case ".docx":
            text = "\n".join(word_texts(path))
        case _:
            text = path.read_text(encoding="utf-8")
    return " ".join(text.split())


def page_texts(path: Path) -> list[str]:
    with PdfDocument(path) as document:
        return [page.get_textpage().get_text_range() for page in document]


def word_texts(path: Path) -> list[str]:
    document: WordDocument = Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [paragraph.text for paragraph in document.paragraphs] + cells


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.skipif(importlib.util.find_spec("reportlab") is None, reason="reportlab is not installed")
def test_the_contracts_are_what_their_source_makes() -> None:
    outcome = run("build.py", "--check", cwd=EXAMPLES)
    assert outcome.returncode == 0, outcome.stderr


def test_the_agreement_is_long_and_every_page_has_its_number() -> None:
    pages = page_texts(AGREEMENT)
    assert len(pages) >= 30
    for number, page in enumerate(pages, start=1):
        assert f"Page {number}" in page
        assert "NHL-VMS-2024-017" in page


def test_both_forms_of_the_agreement_hold_the_same_clauses() -> None:
    printed = text_of(AGREEMENT)
    words = [text for text in word_texts(AGREEMENT.with_suffix(".docx")) if text.startswith("Section ")]
    assert len(words) > 120
    assert [heading for heading in words if heading not in printed] == []


def test_word_headings_and_tables_are_real() -> None:
    document: WordDocument = Document(str(AGREEMENT.with_suffix(".docx")))
    styles = [paragraph.style.name for paragraph in document.paragraphs if paragraph.style is not None]
    source = [file.read_text(encoding="utf-8") for file in (EXAMPLES / "prose" / "msa").glob("*.md")]
    assert styles.count("Heading 1") == sum(text.count("\n# ") + text.startswith("# ") for text in source)
    assert styles.count("Heading 2") == sum(text.count("\n## ") for text in source)
    assert len(document.tables) == sum(text.count("\n\n|") for text in source)


@pytest.mark.parametrize("question", DEMO + MORE, ids=lambda question: question["question"][:50])
def test_the_expected_words_stand_in_the_file_named(question: Question) -> None:
    if question["path"] is None:
        assert question["expect"] == []
        return
    text = text_of(CORPUS / question["path"])
    assert question["expect"]
    assert [words for words in question["expect"] if words not in text] == []


def test_the_demonstration_asks_of_all_kinds() -> None:
    assert len(DEMO) == 5
    paths = [question["path"] or "" for question in DEMO]
    assert any("amendment" in path for path in paths)
    assert any(path.startswith("code/") for path in paths)
    assert [question["language"] for question in DEMO].count("ru") == 1


def test_the_amendment_changes_what_the_agreement_says() -> None:
    agreement, amendment = text_of(AGREEMENT), text_of(CORPUS / "contracts" / "amendment-no-1.pdf")
    for old, new in (("forty-five (45) days after", "thirty (30) days after"), ("2,500,000", "4,000,000")):
        assert old in agreement
        assert new in amendment
        assert old not in amendment
    assert amendment.count("deleted in its entirety and replaced with") == 2


def test_the_questions_are_not_part_of_the_corpus() -> None:
    lines = (CORPUS / ".lecternignore").read_text(encoding="utf-8").splitlines()
    ignored = GitIgnoreSpec.from_lines(lines)
    names = [path.relative_to(CORPUS).as_posix() for path in CORPUS.rglob("*") if path.is_file()]
    assert sorted(filter(ignored.match_file, names)) == ["questions-more.json", "questions.json"]


def test_the_corpus_stays_small() -> None:
    assert sum(path.stat().st_size for path in CORPUS.glob("contracts/*")) < 400_000


def test_the_example_repository_passes_its_own_tests() -> None:
    folder = CORPUS / "code" / "ledgerline"
    outcome = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", cwd=folder)
    assert outcome.returncode == 0, outcome.stdout
