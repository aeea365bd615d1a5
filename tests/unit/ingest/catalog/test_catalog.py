"""The catalog against a model of it: whatever happens, in whatever order."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ingest.catalog.catalog import open_catalog
from ingest.catalog.records import FileFacts
from ingest.errors import Gone
from ingest.model import Document, Passage
from tests.fakes.versions import begin, publish

if TYPE_CHECKING:
    from ingest.catalog.records import CollectionRecord, VersionRecord

PATHS = st.sampled_from(["a.pdf", "b.pdf", "c.pdf"])
TEXTS = st.sampled_from(["one", "two", "three"])


class Numbers(RuleBasedStateMachine):
    """``ready``, ``pending`` and ``old`` hold what the catalog must; ``given`` all numbers ever seen."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.catalog = open_catalog(Path(self.folder.name) / "catalog.sqlite")
        self.tenant = secrets.token_hex(4)
        self.ready: dict[str, tuple[VersionRecord, str]] = {}
        self.pending: dict[tuple[str, str], VersionRecord] = {}
        self.old: dict[int, str] = {}
        self.given: set[int] = set()
        self.collection = self.opened()

    def opened(self) -> CollectionRecord:
        return self.catalog.ensure_collection(self.tenant, "c", embedder="e", dimensions=0, check_vector=b"")

    def teardown(self) -> None:
        self.catalog.close()
        self.folder.cleanup()

    @rule(path=PATHS, text=TEXTS)
    def begin(self, path: str, text: str) -> None:
        file = FileFacts(path, text, len(text), 0, "text/plain", "text/1", "chunks/1", "e")
        version = begin(self.catalog, self.collection, file)
        if (path, text) in self.pending:
            assert version == self.pending[path, text]
        else:
            assert version.number not in self.given
        self.given.add(version.number)
        self.pending[path, text] = version

    @rule(path=PATHS, text=TEXTS)
    def publish(self, path: str, text: str) -> None:
        self.begin(path, text)
        version = self.pending.pop((path, text))
        document = Document(text, "", ())
        version = publish(self.catalog, version, document, (Passage(1, 0, len(text)),), chunks=2)
        if path in self.ready:
            superseded, its_text = self.ready[path]
            self.old[superseded.number] = its_text
        self.ready[path] = version, text

    @rule(path=PATHS, text=TEXTS)
    def discard(self, path: str, text: str) -> None:
        version = self.pending.pop((path, text), None)
        if version is not None:
            self.catalog.discard_version(version)

    @rule(path=PATHS)
    def delete(self, path: str) -> None:
        if path not in self.ready:
            return
        document = self.ready.pop(path)[0].document
        lost = self.catalog.delete_document(self.tenant, document)
        self.pending = {key: held for key, held in self.pending.items() if key[0] != path}
        self.old = {number: text for number, text in self.old.items() if number not in lost}

    @rule()
    def purge(self) -> None:
        assert self.catalog.purge_superseded(self.collection) == tuple(sorted(self.old))
        self.old = {}

    @rule()
    def delete_collection(self) -> None:
        self.catalog.delete_collection(self.tenant, "c")
        self.collection = self.opened()
        self.ready, self.pending, self.old = {}, {}, {}

    @invariant()
    def it_holds_what_it_should(self) -> None:
        catalog, collection = self.catalog, self.collection
        assert catalog.manifest(collection) == {held.number: 2 for held, _ in self.ready.values()}
        assert {held.number for held in catalog.pending_versions(collection)} == {
            held.number for held in self.pending.values()
        }
        listed = catalog.documents(self.tenant, "c", limit=9).documents
        assert [found.version for found in listed] == [self.ready[path][0] for path in sorted(self.ready)]
        texts = {held.number: text for held, text in self.ready.values()} | self.old
        for number, text in texts.items():
            assert catalog.text(self.tenant, "c", number) == text
        for number in self.given - set(texts) - {held.number for held in self.pending.values()}:
            with pytest.raises(Gone):
                catalog.version(self.tenant, "c", number)


Numbers.TestCase.settings = settings(max_examples=10, stateful_step_count=15, deadline=None)
TestNumbers = Numbers.TestCase


def test_deleted_text_is_gone_from_the_file(tmp_path: Path) -> None:
    place = tmp_path / "catalog.sqlite"
    words = secrets.token_hex(2000)  # does not compress to nothing, and is found again byte for byte
    with open_catalog(place) as catalog:
        collection = catalog.ensure_collection("t", "c", embedder="e", dimensions=0, check_vector=b"")
        file = FileFacts("secret.txt", "h", 1, 1, "text/plain", "text/1", "chunks/1", "e")
        version = begin(catalog, collection, file)
        publish(catalog, version, Document(words, "", ()), (), chunks=1)
        catalog.save_session("t", "s", "c", turns=words, documents=[version.number])
    assert words[:64].encode() in place.read_bytes()

    with open_catalog(place) as catalog:
        catalog.delete_document("t", version.document)

    held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert words[:64].encode() not in held
    assert b"secret.txt" not in held


def test_a_publication_that_fails_half_way_changes_nothing(tmp_path: Path) -> None:
    with open_catalog(tmp_path / "catalog.sqlite") as catalog:
        collection = catalog.ensure_collection("t", "c", embedder="e", dimensions=0, check_vector=b"")
        facts = [FileFacts("a.txt", h, 1, 1, "text/plain", "text/1", "chunks/1", "e") for h in "xy"]
        old = begin(catalog, collection, facts[0])
        old = publish(catalog, old, Document("old", "", ()), (), chunks=1)
        new = begin(catalog, collection, facts[1])

        with pytest.raises(OverflowError):  # the database refuses it after the old version was retired
            publish(catalog, new, Document("new", "", ()), (), chunks=2**70)

        assert catalog.document("t", old.document).version == old
        assert catalog.manifest(collection) == {old.number: 1}
        assert catalog.pending_versions(collection) == (new,)
