"""The catalog over SQLite, and over PostgreSQL where LECTERN_TEST_DATABASE_URL names a server."""

from __future__ import annotations

import subprocess
import sys
import threading
from array import array
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.database import Database, sqlite_url
from ingest.catalog.records import FileFacts
from ingest.errors import Gone, UnknownName, UnsupportedStore
from ingest.model import Document, Element, Line, Page, Passage
from tests.fakes.versions import begin
from tests.fakes.versions import publish as publish_one

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord, VersionRecord

CHECK = array("f", [0.6, 0.8]).tobytes()


def make_collection(catalog: Catalog, tenant: str, name: str = "contracts") -> CollectionRecord:
    return catalog.ensure_collection(tenant, name, embedder="use/3", dimensions=2, check_vector=CHECK)


def facts(path: str = "a.pdf", content_hash: str = "aa") -> FileFacts:
    return FileFacts(path, content_hash, 10, 20, "application/pdf", "pdf/1", "chunks/1", "use/3")


def written(text: str = "Ann Lee signs.") -> Document:
    line = Line(0, len(text), 1, 10.0, 20.0, array("f", range(len(text) + 1)))
    element = Element(0, len(text), text, "paragraph", None, 1, (line,))
    return Document(text, "Deed", (element,), (Page(1, 0, len(text), 612.0, 792.0),), (), "pdf/1")


def publish(
    catalog: Catalog, collection: CollectionRecord, path: str = "a.pdf", text: str = "Ann Lee signs."
) -> VersionRecord:
    version = begin(catalog, collection, facts(path, text))
    passages = (Passage(1, 0, len(text), ("Article I",)),)
    return publish_one(catalog, version, written(text), passages, chunks=3)


class TestCollections:
    def test_one_is_made_once(self, catalog: Catalog, tenant: str) -> None:
        made = make_collection(catalog, tenant)

        assert make_collection(catalog, tenant) == made
        assert catalog.collection(tenant, "contracts") == made
        assert made.scope.generation == 1

    @pytest.mark.parametrize(
        ("embedder", "dimensions", "check"),
        [("other", 2, CHECK), ("use/3", 3, CHECK), ("use/3", 2, array("f", [0.8, 0.6]).tobytes())],
    )
    def test_another_embedder_asks_for_a_reindex(
        self, catalog: Catalog, tenant: str, embedder: str, dimensions: int, check: bytes
    ) -> None:
        make_collection(catalog, tenant)

        with pytest.raises(UnsupportedStore, match="re-index"):
            catalog.ensure_collection(
                tenant, "contracts", embedder=embedder, dimensions=dimensions, check_vector=check
            )

    def test_another_processor_rounds_otherwise(self, catalog: Catalog, tenant: str) -> None:
        made = make_collection(catalog, tenant)
        check = array("f", [0.6001, 0.7999]).tobytes()

        again = catalog.ensure_collection(
            tenant, "contracts", embedder="use/3", dimensions=2, check_vector=check
        )

        assert again == made

    def test_they_are_listed_by_name_and_tenant(self, catalog: Catalog, tenant: str) -> None:
        for name in ("b", "a", "Ы"):
            make_collection(catalog, tenant, name)
        make_collection(catalog, f"{tenant}-other", "c")

        assert [found.name for found in catalog.collections(tenant)] == ["a", "b", "Ы"]

    def test_an_unknown_one_is_named(self, catalog: Catalog, tenant: str) -> None:
        with pytest.raises(UnknownName, match="'nowhere'"):
            catalog.collection(tenant, "nowhere")

    def test_a_deleted_one_is_gone_and_its_numbers_stay_burnt(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        tenant = contracts.tenant
        old = publish(catalog, contracts)
        catalog.record_failure(contracts, "b.pdf", "broken", "no trailer", size=1, modified_ns=2)
        catalog.save_session(tenant, "s1", "contracts", turns="[]", documents=[old.number])

        assert catalog.delete_collection(tenant, "contracts").scope == contracts.scope

        assert catalog.collections(tenant) == ()
        with pytest.raises(UnknownName):
            catalog.delete_collection(tenant, "contracts")
        with pytest.raises(UnknownName):
            begin(catalog, contracts, facts())
        with pytest.raises(UnknownName):
            catalog.session(tenant, "s1")
        with pytest.raises(Gone):
            catalog.document(tenant, old.document)
        again = make_collection(catalog, tenant)
        assert again.generation == 2
        assert catalog.known_files(again) == {}
        assert catalog.failures(again) == {}
        assert publish(catalog, again).number == old.number + 1
        with pytest.raises(Gone):
            catalog.text(tenant, "contracts", old.number)


class TestVersions:
    def test_a_version_is_published_whole(self, catalog: Catalog, contracts: CollectionRecord) -> None:
        version = publish(catalog, contracts)

        assert version.state == "ready"
        assert (version.characters, version.pages, version.passages, version.chunks) == (14, 1, 1, 3)
        assert catalog.version(contracts.tenant, "contracts", version.number) == version
        content = catalog.content(contracts.tenant, "contracts", version.number)
        assert content.document == written()
        assert content.passages == (Passage(1, 0, 14, ("Article I",)),)
        assert content.path == version.path != ""
        citable = catalog.citable(contracts.tenant, "contracts", version.number)
        assert (citable.text, citable.passages) == ("Ann Lee signs.", content.passages)
        assert catalog.text(contracts.tenant, "contracts", version.number) == "Ann Lee signs."
        assert catalog.manifest(contracts) == {version.number: 3}

    def test_what_a_killed_run_began_keeps_its_number(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        first = begin(catalog, contracts, facts("a.pdf"))
        second = begin(catalog, contracts, facts("b.pdf"))

        assert [first.number, second.number] == [1, 2]
        assert catalog.pending_versions(contracts) == (first, second)
        assert begin(catalog, contracts, facts("a.pdf")) == first
        assert begin(catalog, contracts, facts("a.pdf", "changed")).number == 3

    def test_a_change_supersedes_and_the_old_text_stays(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        old = publish(catalog, contracts, text="Ann Lee signs.")
        new = publish(catalog, contracts, text="Bob Ray signs.")

        assert (new.document, new.number) == (old.document, old.number + 1)
        assert (old.ordinal, new.ordinal) == (1, 2)
        assert [version.number for version in catalog.superseded_versions(contracts)] == [old.number]
        assert catalog.manifest(contracts) == {new.number: 3}
        assert catalog.text(contracts.tenant, "contracts", old.number) == "Ann Lee signs."
        assert catalog.document(contracts.tenant, old.document).version == new

    def test_purged_text_is_gone(self, catalog: Catalog, contracts: CollectionRecord) -> None:
        old, new = (publish(catalog, contracts, text=text) for text in ("one", "two"))

        assert catalog.purge_superseded(contracts) == (old.number,)

        with pytest.raises(Gone):
            catalog.text(contracts.tenant, "contracts", old.number)
        assert catalog.text(contracts.tenant, "contracts", new.number) == "two"

    def test_a_discarded_number_is_not_given_again(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        version = begin(catalog, contracts, facts())

        catalog.discard_version(version)

        assert catalog.known_files(contracts) == {}
        assert begin(catalog, contracts, facts()).number == version.number + 1

    def test_a_ready_version_is_neither_published_again_nor_discarded(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        version = publish(catalog, contracts)

        with pytest.raises(ValueError, match="ready"):
            publish_one(catalog, version, written("forged"), (), chunks=1)
        with pytest.raises(ValueError, match="ready"):
            catalog.discard_version(version)
        assert catalog.text(contracts.tenant, "contracts", version.number) == "Ann Lee signs."

    def test_a_number_never_given_is_unknown(self, catalog: Catalog, contracts: CollectionRecord) -> None:
        for number in (0, 1, -1):
            with pytest.raises(UnknownName):
                catalog.version(contracts.tenant, "contracts", number)
        with pytest.raises(UnknownName):
            catalog.text(contracts.tenant, "nowhere", 1)

    def test_known_files_say_what_makes_them_stale(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        version = publish(catalog, contracts)
        begin(catalog, contracts, facts("a.pdf", "changed"))
        begin(catalog, contracts, facts("b.pdf"))
        catalog.touch(version, size=11, modified_ns=22, location="/new/a.pdf")

        known = catalog.known_files(contracts)

        assert set(known) == {"a.pdf", "b.pdf"}
        assert (known["a.pdf"].state, known["a.pdf"].number) == ("ready", version.number)
        assert (known["a.pdf"].size, known["a.pdf"].modified_ns) == (11, 22)
        assert known["b.pdf"].state == "pending"

    def test_of_few_files_only_what_concerns_them_is_read(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        """By path, by the folder that they lie in, by what they hold."""
        for path, folder in (("a.pdf", "/new"), ("b.pdf", "/old"), ("c.pdf", "/old_2"), ("d.pdf", "/old/e")):
            located = replace(facts(path, content_hash=path), location=f"{folder}/{path}")
            publish_one(catalog, begin(catalog, contracts, located), Document("text", path, ()), (), chunks=0)
        pending = begin(catalog, contracts, replace(facts("e.pdf", content_hash="e"), location="/old/e.pdf"))

        def known(paths: set[str], *folders: str) -> set[str]:
            found = catalog.known_files(contracts, paths=paths, folders=folders)
            every = catalog.known_files(contracts)
            assert all(file == every[path] for path, file in found.items())
            return {*found}

        assert known({"a.pdf", "z.pdf"}) == {"a.pdf"}
        assert known(set(), "/old") == {"b.pdf", "d.pdf", "e.pdf"}
        assert known(set(), "/old/b.pdf", "/new/") == {"a.pdf", "b.pdf"}
        assert known(set(), "/") == {"a.pdf", "b.pdf", "c.pdf", "d.pdf", "e.pdf"}
        assert known(set()) == known({"%"}) == known(set(), "/ol_") == set()
        many = {f"{number}" for number in range(3_000)}
        copies = catalog.known_copies(contracts, {"c.pdf", pending.content_hash, *many})
        assert copies == [catalog.known_files(contracts)["c.pdf"]]
        assert catalog.known_copies(contracts, set()) == []

    def test_a_title_that_no_database_takes_is_mended(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        version = begin(catalog, contracts, facts())
        document = Document("a\0\ud800", "Deed\0 \ud800", ())

        publish_one(catalog, version, document, (), chunks=0)

        assert catalog.version(contracts.tenant, "contracts", version.number).title == "Deed ?"
        assert catalog.content(contracts.tenant, "contracts", version.number).document == document

    def test_they_are_found_by_words_of_title_or_path(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        deed = publish(catalog, contracts, "a.pdf")
        named = publish(catalog, contracts, "Amendment 1.pdf")
        publish(catalog, contracts, "100%.pdf")

        def found(*words: str, after: int = 0) -> list[int]:
            return catalog.titled_numbers(contracts, words, after=after)[0]

        assert found("amendment") == [named.number]
        assert deed.number in found("DEED")
        assert found("0_") == []
        second = begin(catalog, contracts, facts("Amendment 2.pdf"))
        assert found("amendment") == [named.number], "only what can be read"
        assert catalog.titled_numbers(contracts, ["amendment"], after=named.number) == ([], [second.number])
        assert found("amendment", after=named.number - 1) == [named.number]


class TestDocuments:
    def test_they_are_listed_by_path_page_by_page(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        for path in ("b/é.pdf", "a.pdf", "b/z.pdf", "B.pdf", "договор.pdf"):
            publish(catalog, contracts, path)
        begin(catalog, contracts, facts("pending.pdf"))

        seen: list[str] = []
        after: str | None = None
        while True:
            page = catalog.documents(contracts.tenant, "contracts", limit=2, after=after)
            seen += [found.version.path for found in page.documents]
            after = page.next
            if after is None:
                break

        assert seen == ["B.pdf", "a.pdf", "b/z.pdf", "b/é.pdf", "договор.pdf"]

    def test_another_tenant_sees_nothing(self, catalog: Catalog, contracts: CollectionRecord) -> None:
        version = publish(catalog, contracts)
        stranger = make_collection(catalog, f"{contracts.tenant}-other")

        assert catalog.documents(stranger.tenant, "contracts", limit=9).documents == ()
        for look in (
            lambda: catalog.document(stranger.tenant, version.document),
            lambda: catalog.delete_document(stranger.tenant, version.document),
            lambda: catalog.content(stranger.tenant, "contracts", version.number),
            lambda: catalog.version(stranger.tenant, "contracts", version.number),
        ):
            with pytest.raises(UnknownName):
                look()
        catalog.delete_document(contracts.tenant, version.document)
        with pytest.raises(UnknownName):
            catalog.document(stranger.tenant, version.document)

    def test_deleted_means_gone(self, catalog: Catalog, contracts: CollectionRecord) -> None:
        tenant = contracts.tenant
        old, new = (publish(catalog, contracts, text=text) for text in ("one", "two"))
        begun = begin(catalog, contracts, facts("a.pdf", "three"))
        kept = publish(catalog, contracts, "kept.pdf")
        catalog.save_session(tenant, "used", "contracts", turns="[1]", documents=[old.number, kept.number])
        catalog.save_session(tenant, "unused", "contracts", turns="[2]", documents=[kept.number])

        assert catalog.delete_document(tenant, new.document) == (old.number, new.number, begun.number)

        for number in (old.number, new.number):
            with pytest.raises(Gone):
                catalog.text(tenant, "contracts", number)
        with pytest.raises(Gone):
            catalog.document(tenant, new.document)
        with pytest.raises(Gone):
            catalog.delete_document(tenant, new.document)
        with pytest.raises(Gone):
            publish_one(catalog, begun, written("three"), (), chunks=1)
        with pytest.raises(UnknownName):
            catalog.session(tenant, "used")
        assert catalog.session(tenant, "unused").documents == (kept.number,)
        assert catalog.manifest(contracts) == {kept.number: 3}
        again = publish(catalog, contracts)
        assert again.document != new.document
        assert again.number == kept.number + 1


class TestFailures:
    def test_a_failure_is_kept_until_the_file_is_published(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        catalog.record_failure(contracts, "a.pdf", "empty", "0 bytes", size=0, modified_ns=1)
        failure = catalog.record_failure(
            contracts,
            "a.pdf",
            "broken",
            "no \0trailer",
            size=5,
            modified_ns=2,
            content_hash="aa",
            reader="pdf/1",
        )

        assert catalog.failures(contracts) == {"a.pdf": failure}
        assert (failure.reason, failure.detail) == ("broken", "no trailer")
        publish(catalog, contracts)
        assert catalog.failures(contracts) == {}

    def test_a_failure_of_a_removed_file_is_forgotten(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        for path in ("a.pdf", "b.pdf"):
            catalog.record_failure(contracts, path, "broken", "", size=5, modified_ns=2)

        catalog.forget_failures(contracts, ["b.pdf", "never.pdf"])

        assert set(catalog.failures(contracts)) == {"a.pdf"}


class TestSessions:
    def test_a_session_is_saved_again_and_again(self, catalog: Catalog, contracts: CollectionRecord) -> None:
        tenant = contracts.tenant
        first, second = (publish(catalog, contracts, path) for path in ("a.pdf", "b.pdf"))
        catalog.save_session(tenant, "s", "contracts", turns="[]", documents=[])
        begun = catalog.session(tenant, "s")
        catalog.save_session(tenant, "s", "contracts", turns='["Кто?"]', documents=[2, 1, 2])

        saved = catalog.session(tenant, "s")

        assert saved.turns == '["Кто?"]'
        assert saved.documents == (first.number, second.number)
        assert saved.created_at == begun.created_at
        catalog.delete_session(tenant, "s")
        catalog.delete_session(tenant, "s")
        with pytest.raises(UnknownName):
            catalog.session(tenant, "s")

    def test_a_session_belongs_to_one_tenant_and_collection(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        tenant = contracts.tenant
        make_collection(catalog, tenant, "other")
        catalog.save_session(tenant, "s", "contracts", turns="[]", documents=[])

        with pytest.raises(UnknownName):
            catalog.session(f"{tenant}-other", "s")
        with pytest.raises(UnknownName):
            catalog.save_session(tenant, "s", "other", turns="[1]", documents=[])
        with pytest.raises(UnknownName):
            catalog.save_session(tenant, "t", "nowhere", turns="[1]", documents=[])

    def test_a_session_cannot_keep_what_was_deleted_while_it_was_answered(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        version = publish(catalog, contracts)
        catalog.delete_document(contracts.tenant, version.document)

        with pytest.raises(Gone):
            catalog.save_session(
                contracts.tenant, "s", "contracts", turns="Ann Lee signs.", documents=[version.number]
            )

    def test_one_that_may_repeat_any_document_ends_with_whichever_is_deleted(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        tenant = contracts.tenant
        old, kept = publish(catalog, contracts, text="one"), publish(catalog, contracts, "kept.pdf")
        make_collection(catalog, tenant, "other")
        for name in ("contracts", "other"):
            catalog.save_session(tenant, name, name, turns="[]", documents=[], repeats=True)
        catalog.purge_superseded(contracts)
        assert catalog.session(tenant, "contracts").documents == (), "nothing was there to be purged"

        catalog.delete_document(tenant, kept.document)

        with pytest.raises(UnknownName):
            catalog.session(tenant, "contracts")
        assert catalog.session(tenant, "other").documents == ()
        catalog.save_session(tenant, "again", "contracts", turns="[]", documents=[old.number], repeats=True)
        publish(catalog, contracts, text="two")
        catalog.save_session(tenant, "said", "contracts", turns="[]", documents=[], repeats=True)
        assert catalog.purge_superseded(contracts) == (old.number,)
        with pytest.raises(UnknownName):
            catalog.session(tenant, "said")

    def test_one_that_was_deleted_does_not_come_back(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        def save(*, kept: bool, extend: bool) -> None:
            catalog.save_session(
                contracts.tenant, "s", "contracts", turns="[]", documents=[], kept=kept, extend=extend
            )

        save(kept=False, extend=False)
        save(kept=True, extend=False)
        save(kept=True, extend=True)
        catalog.delete_session(contracts.tenant, "s")

        for extend in (False, True):
            with pytest.raises(Gone, match="session"):
                save(kept=True, extend=extend)
        with pytest.raises(UnknownName):
            catalog.session(contracts.tenant, "s")

    def test_nothing_is_saved_that_a_deletion_has_overtaken(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        def save(deletions: int | None) -> bool:
            return catalog.save_session(
                contracts.tenant, "s", "contracts", turns="[]", documents=[], deletions=deletions
            )

        tenant, version = contracts.tenant, publish(catalog, contracts)
        before = catalog.deletions(tenant, "contracts")
        assert save(before)
        catalog.delete_document(tenant, version.document)

        assert catalog.deletions(tenant, "contracts") == before + 1
        assert catalog.deletions(tenant, "others") == 0
        with pytest.raises(Gone, match="session"):
            save(before)
        assert save(before + 1)
        assert save(None)

    def test_one_is_found_by_the_longest_beginning_that_is_known(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        tenant = contracts.tenant
        for session, prints in (("long", "abcd"), ("tip", "abc"), ("other", "ax")):
            catalog.save_session(
                tenant, session, "contracts", turns="[]", documents=[], fingerprints=list(prints)
            )

        assert catalog.known_session(tenant, "contracts", list("abc")) == ("tip", 3)
        assert catalog.known_session(tenant, "contracts", list("abcd!")) == ("long", 4)
        assert catalog.known_session(tenant, "contracts", list("a!")) == ("other", 1), "the newest of alike"
        assert catalog.known_session(tenant, "contracts", ["!"]) is None
        assert catalog.known_session(tenant, "others", list("abc")) is None
        assert catalog.known_session(f"{tenant}-other", "contracts", list("abc")) is None

    def test_one_that_has_gone_on_otherwise_is_not_replaced(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        def save(turns: str, *, extend: bool) -> bool:
            prints = list(turns)
            return catalog.save_session(
                contracts.tenant,
                "s",
                "contracts",
                turns=turns,
                documents=[],
                fingerprints=prints,
                extend=extend,
            )

        assert save("ab", extend=True)
        assert save("abc", extend=True)
        assert not save("abd", extend=True)
        assert catalog.session(contracts.tenant, "s").turns == "abc"
        assert save("abd", extend=False)
        assert catalog.known_session(contracts.tenant, "contracts", list("abc")) == ("s", 2)

    def test_one_that_has_grown_since_it_was_read_is_not_replaced(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        def save(turns: str, *, read: int | None) -> bool:
            return catalog.save_session(
                contracts.tenant,
                "s",
                "contracts",
                turns=turns,
                documents=[],
                fingerprints=list(turns),
                read=read,
            )

        assert save("a", read=0)
        assert save("ab", read=1)
        assert not save("ac", read=1)
        assert catalog.session(contracts.tenant, "s").turns == "ab"
        assert catalog.known_session(contracts.tenant, "contracts", list("ab")) == ("s", 2)
        assert save("abc", read=2)
        assert save("x", read=None)

    def test_a_deleted_document_takes_what_its_sessions_are_known_by(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        tenant, version = contracts.tenant, publish(catalog, contracts)
        catalog.save_session(
            tenant, "s", "contracts", turns="[]", documents=[version.number], fingerprints=["a"]
        )
        catalog.delete_document(tenant, version.document)
        assert catalog.known_session(tenant, "contracts", ["a"]) is None


class TestPins:
    def test_a_pin_follows_its_document(self, catalog: Catalog, contracts: CollectionRecord) -> None:
        first, second = (publish(catalog, contracts, path) for path in ("a.pdf", "b.pdf"))
        catalog.set_pinned(contracts, [second.document, first.document, second.document])
        assert catalog.pinned(contracts) == (first, second)

        newer = publish(catalog, contracts, "a.pdf", "Bob Ray signs.")
        assert catalog.pinned(contracts) == (second, newer)
        catalog.delete_document(contracts.tenant, second.document)
        assert catalog.pinned(contracts) == (newer,)
        catalog.set_pinned(contracts, [])
        assert catalog.pinned(contracts) == ()

    def test_what_is_not_in_the_collection_is_refused_and_nothing_changes(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        other = make_collection(catalog, contracts.tenant, "other")
        held, foreign = publish(catalog, contracts), publish(catalog, other)
        catalog.set_pinned(contracts, [held.document])
        with pytest.raises(UnknownName, match="document"):
            catalog.set_pinned(contracts, [foreign.document])
        assert catalog.pinned(contracts) == (held,)
        catalog.delete_collection(contracts.tenant, "contracts")
        with pytest.raises(UnknownName, match="collection"):
            catalog.set_pinned(contracts, [])


WRITER = """
import sys
from ingest.catalog.catalog import open_catalog
from ingest.catalog.records import FileFacts
url, tenant, name, count = sys.argv[1:]
with open_catalog(url) as catalog:
    made = catalog.ensure_collection(tenant, "shared", embedder="e", dimensions=0, check_vector=b"")
    for at in range(int(count)):
        facts = FileFacts(f"{name}/{at}", "h", 1, 1, "text/plain", "text/1", "chunks/1", "e")
        print(catalog.begin_versions(made, [facts])[0].number)
"""


def start_writer(url: str, tenant: str, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, url, tenant, name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def numbers_of(writer: subprocess.Popen[str]) -> list[int]:
    output, _ = writer.communicate(timeout=60)
    assert writer.returncode == 0
    return [int(line) for line in output.split()]


class TestProcesses:
    def test_two_writers_share_one_counter(self, url: str, catalog: Catalog, tenant: str) -> None:
        writers = [start_writer(url, tenant, name, 100) for name in ("one", "two")]

        given = [number for writer in writers for number in numbers_of(writer)]

        assert sorted(given) == list(range(1, 201))
        assert len(catalog.known_files(catalog.collection(tenant, "shared"))) == 200

    def test_a_new_catalog_is_made_once(self, tmp_path: Path) -> None:
        url = sqlite_url(tmp_path / "catalog.sqlite")

        writers = [start_writer(url, "default", str(at), 1) for at in range(3)]

        assert sorted(number for writer in writers for number in numbers_of(writer)) == [1, 2, 3]

    def test_a_reader_does_not_wait_for_a_writer(
        self, url: str, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        version = publish(catalog, contracts)
        read: list[str] = []
        reader = threading.Thread(
            target=lambda: read.append(catalog.text(contracts.tenant, "contracts", version.number))
        )
        other = Database(url)
        with other.write():
            reader.start()
            reader.join(5)
            assert read == ["Ann Lee signs."]
        other.close()

    def test_threads_share_a_catalog(self, catalog: Catalog, contracts: CollectionRecord) -> None:
        threads = [
            threading.Thread(target=publish, args=(catalog, contracts, f"{at}.pdf")) for at in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        assert sorted(catalog.manifest(contracts)) == list(range(1, 9))
