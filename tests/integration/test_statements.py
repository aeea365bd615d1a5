"""What a question asks of the catalog, counted: every question pays for a look-up too many."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from ingest.catalog.catalog import Catalog
from ingest.catalog.database import Database, sqlite_url
from ingest.catalog.migrating import bring_to_head
from service.answers import Query
from tests.fakes.files import LEASE, write_texts
from tests.integration.test_answering import DEED, RENT, Desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.prepared import Prepared

ANSWER = 'The rent is due [D2:3 "monthly rent"].'
SEARCHING = 3
"""Statements: the collection before and after the index was asked, and the versions that hold the hits."""
PLANNING = 3
"""Pinned documents, what the documents are called, how many of them are programs."""
SAVING = 6
"""The collection, the versions shown, the session's place; the session, its versions, its turn."""


@dataclass
class Counted:
    """Wired services, and the statements that they have made."""

    desk: Desk
    statements: list[str]

    def prepared(self, query: Query) -> Prepared:
        self.statements.clear()
        return asyncio.run(self.desk.answerer.prepare(query))


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[Counted]:
    database = Database(sqlite_url(tmp_path / "catalog.sqlite"))
    bring_to_head(database)
    with Catalog(database) as catalog:
        write_texts(tmp_path / "docs", {"deed.md": DEED, "lease.md": LEASE})
        desk = Desk(catalog, tmp_path / "docs", [ANSWER, ANSWER], 20_000)
        desk.ingest()
        made = Counted(desk, [])

        def note(*executed: object) -> None:
            statement = str(executed[2])
            if not statement.startswith("BEGIN"):
                made.statements.append(statement)

        event.listen(database.engine, "before_cursor_execute", note)
        made.prepared(Query(RENT, "docs", mode="retrieve"))  # texts are read from the catalog once
        yield made


def test_a_question_is_prepared_with_few_statements(counted: Counted) -> None:
    counted.prepared(Query(RENT, "docs", mode="retrieve"))
    assert len(counted.statements) == SEARCHING + PLANNING


def test_what_the_cache_holds_asks_for_no_document_that_was_found(counted: Counted) -> None:
    counted.desk.ask()
    prepared = counted.prepared(Query(RENT, "docs", mode="retrieve"))
    assert "shared passages" in {segment.name for segment in prepared.summary.segments}
    assert len(counted.statements) == SEARCHING + PLANNING


def test_an_answer_is_cited_and_kept_with_few_statements(counted: Counted) -> None:
    counted.statements.clear()
    answer = counted.desk.ask()
    cited = len(answer.citations)
    assert cited == 1
    placing = cited + 1  # each as it comes, and all of them at the end
    assert len(counted.statements) == SEARCHING + PLANNING + placing + SAVING
