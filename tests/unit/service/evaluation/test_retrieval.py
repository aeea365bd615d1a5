"""What a set lacks is said before anything is ingested."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.evaluation.dataset import BadDataset, LabelledDocument, LabelledQuery
from service.evaluation.retrieval import evaluate
from service.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from service.evaluation.retrieval import Scope

LEASE = LabelledDocument("lease.md", "lease.md", "acme", "The rent is six pounds.")


@pytest.mark.parametrize(
    ("repo", "document", "scope", "said"),
    [
        ("bolt", "", "collection", "query 'q7': no document has its repo, 'bolt'"),
        ("", "", "collection", "query 'q7': no document has its repo, ''"),
        ("acme", "", "document", "query 'q7': no document has its doc_id, ''"),
        ("acme", "leese.md", "document", "query 'q7': no document has its doc_id, 'leese.md'"),
    ],
)
def test_a_query_that_nothing_can_answer_is_named(
    repo: str, document: str, scope: Scope, said: str, tmp_path: Path
) -> None:
    query = LabelledQuery("q7", "Rent?", "Rent?", (), document, repo, "", (), (), in_paragraph=False)
    told: list[str] = []

    def note(stage: str, done: int, total: int) -> None:
        told.append(f"{stage} {done} of {total}")

    settings, unread = Settings(data=tmp_path), list[LabelledDocument]()
    with pytest.raises(BadDataset) as raised:
        list(evaluate(settings, [LEASE], [query], scope=scope, on_progress=note, on_unread=unread.append))
    assert str(raised.value) == said
    assert told == []
