"""Files on their way into a collection."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from ingest.catalog.job_records import FileOutcome, JobState
from ingest.errors import FailureReason
from tests.fakes.page_modules import NODE, evaluated

pytestmark = pytest.mark.skipif(NODE is None, reason="no node on this machine")
_ENTRIES = """
const file = (path, broken = false) => ({
  isFile: true, name: path.split("/").at(-1), fullPath: `/${path}`,
  file: (done, fail) => (broken ? fail(new Error("gone")) : done({ name: path.split("/").at(-1), size: 1 })),
});
const folder = (path, pieces) => ({
  isDirectory: true, name: path.split("/").at(-1), fullPath: `/${path}`,
  createReader: () => { const rest = [...pieces, []]; return { readEntries: (done) => done(rest.shift()) }; },
});
"""


def found(module: str, expression: str, before: str = "") -> Any:  # noqa: ANN401 — JSON
    program = f"import * as m from './{module}'; {before} console.log(JSON.stringify(await {expression}));"
    return evaluated(program)


def test_a_folder_is_walked_to_its_end_and_keeps_its_paths() -> None:
    entries = """m.walk([
        folder("docs", [
            [file("docs/a.md"), folder("docs/in", [[file("docs/in/b.pdf")]])], [file("docs/c.md")],
        ]),
        file("d.txt"),
        { name: "plain.md", size: 3 },
    ])"""
    walked = found(
        "documents/files.js", f"{entries}.then(({{ files }}) => files.map((each) => each.path))", _ENTRIES
    )
    assert walked == ["docs/a.md", "docs/in/b.pdf", "docs/c.md", "d.txt", "plain.md"]


def test_what_nobody_means_is_left_out_and_what_cannot_be_read_is_named() -> None:
    entries = """m.walk([
        folder("docs", [[file("docs/.DS_Store"), file("docs/gone.md", true), file("docs/Thumbs.db")]]),
        folder(".git", [[file(".git/config")]]),
    ])"""
    assert found("documents/files.js", entries, _ENTRIES) == {"files": [], "unread": ["docs/gone.md"]}


def test_a_chosen_folder_is_read_likewise() -> None:
    files = json.dumps(
        [
            {"name": "a.md", "webkitRelativePath": "docs/a.md"},
            {"name": "config", "webkitRelativePath": "docs/.git/config"},
            {"name": "b.md", "webkitRelativePath": ""},
        ]
    )
    paths = found("documents/files.js", f"m.chosenFiles({files}).map((each) => each.path)")
    assert paths == ["docs/a.md", "b.md"]


def test_many_files_are_sent_in_forms_that_a_server_takes() -> None:
    files = "[4, 4, 4, 9, 1].map((size) => ({ file: { size } }))"
    sizes = "map((batch) => batch.map((each) => each.file.size))"
    assert found("documents/files.js", f"m.batches({files}, {{ most: 2, bytes: 8 }}).{sizes}") == [
        [4, 4],
        [4],
        [9],
        [1],
    ]
    assert found("documents/files.js", "m.batches([])") == []


def test_a_kind_is_a_word() -> None:
    names = [("a/b.PDF", "application/pdf"), ("a.b/LICENSE", "text/plain"), ("x.<b>", "text/x-python")]
    assert found(
        "documents/kinds.js", f"{json.dumps(names)}.map(([path, type]) => m.kindOf(path, type))"
    ) == [
        "PDF",
        "plain",
        "python",
    ]


def test_every_reason_state_and_outcome_has_words() -> None:
    named = found("messages/en.js", "Object.keys(m.default)")
    assert {f"documents.reason.{reason}" for reason in get_args(FailureReason)} <= set(named)
    assert {f"documents.job.{state}" for state in get_args(JobState)} <= {*named, "documents.job.done"}
    assert {f"documents.outcome.{outcome}" for outcome in get_args(FileOutcome)} <= {
        *named,
        "documents.outcome.failed",
    }
