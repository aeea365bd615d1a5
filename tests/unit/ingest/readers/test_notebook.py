"""Notebooks, cell by cell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ingest.errors import UnreadableFile
from ingest.readers.notebook import read_notebook

if TYPE_CHECKING:
    from ingest.model import Document


def cell(kind: str, source: str | list[str], **more: object) -> dict[str, Any]:
    return {"cell_type": kind, "source": source, "metadata": {}, **more}


def printed(*outputs: dict[str, Any]) -> dict[str, Any]:
    return {"outputs": list(outputs), "execution_count": 1}


def read(*cells: dict[str, Any], language: str = "python") -> Document:
    metadata = {"language_info": {"name": language}}
    return read_notebook(
        json.dumps({"nbformat": 4, "metadata": metadata, "cells": cells}), "study/rent.ipynb"
    )


def kinds(document: Document) -> list[tuple[str, str]]:
    for element in document.elements:
        assert element.text == document.text[element.start : element.end]
    return [(element.kind, element.text) for element in document.elements]


def test_prose_programs_and_results_follow_each_other() -> None:
    document = read(
        cell("markdown", ["# The *rent*\n", "\n", "It rises."]),
        cell(
            "code",
            ["def rent(month):\n", "    return 4200\n"],
            **printed(
                {"output_type": "stream", "name": "stdout", "text": ["4200\n"]},
                {
                    "output_type": "display_data",
                    "data": {"image/png": "iVBORw0KGgo", "text/plain": "<Figure>"},
                },
                {
                    "output_type": "error",
                    "ename": "ValueError",
                    "evalue": "no \x1b[31mmonth\x1b[0m",
                    "traceback": ["x"],
                },
            ),
        ),
        cell("raw", "As it is."),
    )
    assert kinds(document) == [
        ("heading", "# The *rent*"),
        ("paragraph", "It rises."),
        ("code", "def rent(month):\n    return 4200"),
        ("code", "4200\n<Figure>\nValueError: no month"),
        ("paragraph", "As it is."),
    ]
    assert (document.title, document.warnings) == ("The rent", ())
    (symbol,) = document.symbols
    assert (symbol.name, document.text[symbol.name_start :][:4]) == ("rent", "rent")


def test_long_outputs_are_cut_and_that_is_said() -> None:
    document = read(cell("code", "f()", **printed({"output_type": "stream", "text": "x" * 5_000})))
    assert len(document.text) == len("f()\n\n") + 2_000
    assert document.warnings == ("outputs of 1 cells are longer than 2,000 characters and were cut",)


def test_a_kernel_without_a_grammar_has_code_without_symbols() -> None:
    document = read(cell("code", "x + 1"), language="apl")
    assert kinds(document) == [("code", "x + 1")]
    assert (document.title, document.symbols) == ("rent", ())


def test_the_kernel_says_the_language() -> None:
    document = read(cell("code", "function rent() { return 1; }"), language="javascript")
    assert [symbol.name for symbol in document.symbols] == ["rent"]


def test_version_3_keeps_its_cells_in_worksheets() -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["The rent"]},
        {
            "cell_type": "code",
            "language": "python",
            "input": ["def rent(): ..."],
            "outputs": [{"output_type": "pyout", "text": ["4200"]}],
        },
    ]
    old = {"nbformat": 3, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]}
    document = read_notebook(json.dumps(old), "rent.ipynb")
    assert [text for _, text in kinds(document)] == ["## The rent", "def rent(): ...", "4200"]
    assert document.title == "The rent"
    assert [symbol.name for symbol in document.symbols] == ["rent"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no JSON", "broken"),
        ("[1]", "broken"),
        ("{}", "broken"),
        ("[" * 100_000, "broken"),
        ('{"cells": []}', "no_text"),
        ('{"cells": [{"cell_type": "code", "source": 7}, 8, null], "metadata": 3}', "no_text"),
        ('{"worksheets": [{"cells": {}}]}', "no_text"),
    ],
)
def test_what_is_no_notebook_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UnreadableFile) as error:
        read_notebook(text, "a.ipynb")
    assert error.value.reason == reason
