"""Reviews in the catalog, over SQLite, and over PostgreSQL where LECTERN_TEST_DATABASE_URL names a server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.job_records import Standing
from ingest.catalog.records import FileFacts
from ingest.catalog.review_records import CellRecord, Spent
from ingest.errors import UnknownName
from ingest.model import Document, Passage
from service.jobs.owner import this_process
from service.reviewing.controlling import choose_documents
from service.reviewing.running import settle
from tests.fakes.versions import begin, publish

if TYPE_CHECKING:
    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord, VersionRecord
    from ingest.catalog.review_records import ReviewRecord

DEAD = json.dumps({**json.loads(this_process()), "pid": "999999999"})
CALL = Spent(1, 0, 1_000, 800, 50, 0.0005, 0.0006)


def add(catalog: Catalog, collection: CollectionRecord, path: str, text: str = "Ann signs.") -> VersionRecord:
    facts = FileFacts(path, text, 10, 20, "text/plain", "plain/1", "chunks/1", "use/3", f"/home/{path}")
    document = Document(text, path, (), (), (), "plain/1")
    return publish(
        catalog, begin(catalog, collection, facts), document, (Passage(1, 0, len(text), ()),), chunks=1
    )


def review_of(catalog: Catalog, collection: CollectionRecord, *versions: VersionRecord) -> ReviewRecord:
    return catalog.add_review(
        collection.tenant,
        collection.name,
        name="mine",
        request="{}",
        chosen=[version.document for version in versions],
        unattended=True,
    )


def cell(version: VersionRecord, question: int = 0, result: str = '{"said":"Ann"}') -> CellRecord:
    return CellRecord(version.document, question, version.number, "answered", result)


def begun(catalog: Catalog, collection: CollectionRecord, *versions: VersionRecord) -> ReviewRecord:
    """A review that this process runs."""
    claimed = catalog.claim_review("here", review_of(catalog, collection, *versions))
    assert claimed is not None
    return claimed


def test_a_cell_is_kept_with_what_it_took(catalog: Catalog, contracts: CollectionRecord) -> None:
    one, two = add(catalog, contracts, "a.txt"), add(catalog, contracts, "b.txt")
    review = begun(catalog, contracts, one, two)

    assert catalog.save_cell(review, cell(two, 1), CALL)
    assert catalog.save_cell(review, cell(one), CALL)
    assert catalog.save_cell(review, cell(one, result="{}"), CALL)  # once more, in its place

    assert catalog.review_cells(review) == (cell(one, result="{}"), cell(two, 1))
    assert catalog.review_cells(review, results=False) == (cell(one, result=""), cell(two, 1, result=""))
    spent = catalog.review(review.tenant, review.id).spent
    assert (spent.calls, spent.prompt_tokens, spent.cached_tokens, spent.completion_tokens) == (
        3,
        3_000,
        2_400,
        150,
    )
    assert (spent.usd, spent.saved_usd) == (pytest.approx(0.0015), pytest.approx(0.0018))
    assert [v.path for v in catalog.reviewed_versions(review)] == ["a.txt", "b.txt"]


def test_who_was_silent_too_long_keeps_no_cells(catalog: Catalog, contracts: CollectionRecord) -> None:
    """What it has spent counts all the same; and the cells of whoever has taken the review over stay."""
    version = add(catalog, contracts, "a.txt")
    silent = begun(catalog, contracts, version)
    catalog.release_review(silent, "queued")
    active = catalog.claim_review("elsewhere", silent)
    assert active is not None
    assert catalog.save_cell(active, cell(version), CALL)

    assert not catalog.save_cell(silent, cell(version, result="{}"), CALL)

    assert catalog.review_cells(active) == (cell(version),)
    assert catalog.review(active.tenant, active.id).spent.calls == 2


def test_a_deleted_document_takes_its_cells_along(catalog: Catalog, contracts: CollectionRecord) -> None:
    one, two = add(catalog, contracts, "a.txt"), add(catalog, contracts, "b.txt")
    review = begun(catalog, contracts, one, two)
    for version in (one, two):
        catalog.save_cell(review, cell(version), CALL)

    catalog.delete_document(contracts.tenant, one.document)

    assert catalog.review_cells(review) == (cell(two),)
    assert [v.path for v in catalog.reviewed_versions(review)] == ["b.txt"]
    assert not catalog.save_cell(review, cell(one), CALL)  # it was under way
    assert catalog.review(review.tenant, review.id).spent.calls == 3


def test_a_purged_version_takes_its_cells_along(catalog: Catalog, contracts: CollectionRecord) -> None:
    old = add(catalog, contracts, "a.txt")
    review = begun(catalog, contracts, old)
    catalog.save_cell(review, cell(old), CALL)

    new = add(catalog, contracts, "a.txt", "Bob signs.")
    assert catalog.review_cells(review) == (cell(old),)
    assert [v.number for v in catalog.reviewed_versions(review)] == [new.number]

    catalog.purge_superseded(contracts)
    assert catalog.review_cells(review) == ()


def test_a_deleted_collection_has_no_reviews(catalog: Catalog, contracts: CollectionRecord) -> None:
    version = add(catalog, contracts, "a.txt")
    review = begun(catalog, contracts, version)
    catalog.save_cell(review, cell(version), CALL)

    catalog.delete_collection(contracts.tenant, contracts.name)

    with pytest.raises(UnknownName):
        catalog.review(review.tenant, review.id)
    assert catalog.reviews(review.tenant) == ()
    assert catalog.review_cells(review) == ()
    assert not catalog.save_cell(review, cell(version), CALL)
    with pytest.raises(UnknownName):
        review_of(catalog, contracts, version)


def test_a_review_of_what_was_deleted_is_not_begun(catalog: Catalog, contracts: CollectionRecord) -> None:
    version = add(catalog, contracts, "a.txt")
    catalog.delete_document(contracts.tenant, version.document)

    with pytest.raises(UnknownName):
        review_of(catalog, contracts, version)
    assert catalog.reviews(contracts.tenant) == ()


def test_one_process_runs_it_until_it_lets_go(catalog: Catalog, contracts: CollectionRecord) -> None:
    review = review_of(catalog, contracts, add(catalog, contracts, "a.txt"))

    claimed = catalog.claim_review("me", review)
    assert claimed is not None
    assert (claimed.state, claimed.owner) == ("running", "me")
    assert catalog.claim_review("other", review) is None
    assert catalog.review_standing(claimed) == Standing(owned=True, cancelling=False)
    assert catalog.ask_to_stop_review(claimed)
    assert catalog.review_standing(claimed) == Standing(owned=True, cancelling=True)
    assert not catalog.move_review(claimed, "queued", unattended=True)

    assert catalog.release_review(claimed, "cancelled", "because\0")
    assert not catalog.release_review(claimed, "done")
    assert catalog.review_standing(claimed) == Standing(owned=False, cancelling=False)
    ended = catalog.review(review.tenant, review.id)
    assert (ended.state, ended.reason, ended.owner, ended.cancelling) == ("cancelled", "because", "", False)
    assert catalog.move_review(ended, "queued", unattended=True)
    assert not catalog.move_review(ended, "queued", unattended=True)


def test_the_oldest_that_waits_is_taken_first(catalog: Catalog, contracts: CollectionRecord) -> None:
    version = add(catalog, contracts, "a.txt")
    while catalog.claim_review("of other tests") is not None:
        pass
    first, second = review_of(catalog, contracts, version), review_of(catalog, contracts, version)

    taken = [claimed.id for _ in range(2) if (claimed := catalog.claim_review("me"))]

    assert taken == [first.id, second.id]
    assert catalog.claim_review("me") is None
    assert [r.id for r in catalog.reviews(contracts.tenant, name="mine", limit=1)] == [second.id]


def test_tenants_take_turns_and_each_one_is_served_in_its_order(
    catalog: Catalog, contracts: CollectionRecord
) -> None:
    while catalog.claim_review("of other tests") is not None:
        pass
    waiting, by_id = "aaabbc", dict[str, str]()
    versions = {letter: of_tenant(catalog, contracts, letter) for letter in "abc"}
    for place, letter in enumerate(waiting):
        by_id[review_of(catalog, *versions[letter]).id] = f"{letter}{place}"

    order: list[str] = []
    while (claimed := catalog.claim_review("me")) is not None:
        order.append(by_id[claimed.id])
        assert catalog.release_review(claimed, "done")

    assert order == ["a0", "b3", "c5", "a1", "b4", "a2"]


def of_tenant(
    catalog: Catalog, contracts: CollectionRecord, letter: str
) -> tuple[CollectionRecord, VersionRecord]:
    """A collection of another tenant's, with a document."""
    made = catalog.ensure_collection(
        f"{contracts.tenant}-{letter}",
        contracts.name,
        embedder=contracts.embedder,
        dimensions=contracts.dimensions,
        check_vector=contracts.check_vector,
    )
    return made, add(catalog, made, "a.txt")


@pytest.mark.parametrize(("unattended", "state"), [(True, "queued"), (False, "interrupted")])
def test_what_a_dead_process_ran_waits_again(
    catalog: Catalog, contracts: CollectionRecord, unattended: bool, state: str
) -> None:
    version = add(catalog, contracts, "a.txt")
    review = catalog.add_review(
        contracts.tenant,
        contracts.name,
        name="",
        request="{}",
        chosen=[version.document],
        unattended=unattended,
    )
    living = catalog.claim_review(this_process(), review)
    settle(catalog)
    assert living is not None
    assert catalog.review(review.tenant, review.id).state == "running"

    catalog.release_review(living, "failed")
    catalog.claim_review(DEAD, review)
    settle(catalog)
    assert catalog.review(review.tenant, review.id).state == state
    assert catalog.review(review.tenant, review.id).owner == ""
    catalog.delete_review(review)


def test_documents_are_chosen_by_whatever_names_them(catalog: Catalog, contracts: CollectionRecord) -> None:
    made = {path: add(catalog, contracts, path).document for path in ("a.txt", "b/c.txt", "b/d.md")}

    def chosen(*names: str) -> list[str]:
        found = choose_documents(catalog, contracts, names)
        return [path for path, document in made.items() if document in found]

    assert chosen() == []
    assert chosen("a.txt") == chosen(made["a.txt"]) == chosen("/home/a.txt") == ["a.txt"]
    assert chosen("b") == chosen("b/") == chosen("/home/b") == ["b/c.txt", "b/d.md"]
    assert chosen("*.txt") == ["a.txt", "b/c.txt"]
    assert chosen("b", "b/d.md", "a.txt") == ["a.txt", "b/c.txt", "b/d.md"]
    with pytest.raises(UnknownName, match=r"no document named 'c\.txt'"):
        chosen("a.txt", "c.txt")
