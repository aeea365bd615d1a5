"""How documents are named: by ids, by paths, by patterns of paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest.catalog.catalog import open_catalog
from ingest.errors import UnknownName
from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.sandbox import InlineParser
from service.library import Library
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import LEASE, write_texts
from tests.fakes.memory_index import MemoryIndex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.catalog.records import CollectionRecord

PATHS = ("lease.md", "leases.md", "old/lease.md", "why?.md", "whys.md", "a*.md", "ab.md", "[x].md", "x.md")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    write_texts(tmp_path / "docs", {path: f"# {path}\n\n{LEASE}" for path in PATHS})
    with open_catalog(tmp_path / "catalog.sqlite") as catalog:
        ingester = Ingester(catalog, MemoryIndex(), WordEmbedder(), InlineParser(read))
        ingester.ingest("default", "docs", [tmp_path / "docs"], largest=2**20, on_progress=lambda _: None)
        yield Library(catalog)


@pytest.fixture
def docs(library: Library) -> CollectionRecord:
    return library.collection("default", "docs")


def paths(library: Library, docs: CollectionRecord, *names: str) -> list[str]:
    return sorted(library.version(docs, number).path for number in library.chosen(docs, names))


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("lease.md", ["lease.md"]),
        ("l?ase*", ["lease.md", "leases.md"]),
        ("*lease.md", ["lease.md", "old/lease.md"]),
        ("old/*", ["old/lease.md"]),
        ("*", sorted(PATHS)),
        ("[x].*", ["[x].md"]),
        # What is a path itself is no pattern.
        ("why?.md", ["why?.md"]),
        ("a*.md", ["a*.md"]),
    ],
)
def test_documents_are_chosen_by_path_or_by_a_pattern_of_paths(
    name: str, chosen: list[str], library: Library, docs: CollectionRecord
) -> None:
    assert paths(library, docs, name) == chosen
    identity = library.catalog.document_at("default", "docs", "x.md").id
    assert paths(library, docs, identity, name, name) == sorted({*chosen, "x.md"})


@pytest.mark.parametrize("name", ["Lease.md", "lease", "*.txt", "l[e]ase.m*", "?"])
def test_what_names_nothing_is_unknown(name: str, library: Library, docs: CollectionRecord) -> None:
    with pytest.raises(UnknownName, match="document"):
        library.chosen(docs, ["lease.md", name])


def test_many_patterns_read_the_catalog_once(
    library: Library, docs: CollectionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_paths, asked = library.catalog.ready_paths, list[str]()

    def watched(collection: CollectionRecord) -> dict[str, int]:
        asked.append(collection.name)
        return read_paths(collection)

    monkeypatch.setattr(library.catalog, "ready_paths", watched)

    assert len(library.chosen(docs, [f"*{path[-4:]}" for path in PATHS])) == len(PATHS)
    library.chosen(docs, ["lease.md", "why?.md"])
    assert asked == ["docs"]
