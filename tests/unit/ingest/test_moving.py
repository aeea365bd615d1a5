"""Which file is which document, when names have changed."""

from __future__ import annotations

from ingest.catalog.records import KnownFile
from ingest.media import MARKDOWN
from ingest.model import Document, Element
from ingest.moving import match_moves, title_of_moved


def known(path: str, digest: str, title: str = "Lease") -> KnownFile:
    stamp = (1, 1, digest, "markdown/1", "sentences/1", "use/3")
    return KnownFile(path, f"id of {path}", 1, "ready", *stamp, f"/docs/{path}", MARKDOWN, title)


def moves(files: dict[str, str], before: dict[str, str]) -> dict[str, str]:
    """Where documents went: files as they are, and as they were, by path and content."""
    documents = {path: known(path, digest) for path, digest in before.items()}
    arrived = {path: digest for path, digest in files.items() if before.get(path) != digest}
    lost = [document for path, document in documents.items() if files.get(path) != before[path]]
    return {path: document.path for path, document in match_moves(arrived, lost, documents).items()}


def test_a_renamed_file_is_the_document_that_it_was() -> None:
    assert moves({"b": "x"}, {"a": "x"}) == {"b": "a"}


def test_a_copy_is_a_new_document() -> None:
    assert moves({"a": "x", "b": "x"}, {"a": "x"}) == {}


def test_a_copy_of_what_a_file_held_before_its_edit_is_new_too() -> None:
    assert moves({"a": "y", "backup/a": "x"}, {"a": "x"}) == {}


def test_swapped_and_rotated_names_are_followed() -> None:
    assert moves({"a": "y", "b": "x"}, {"a": "x", "b": "y"}) == {"b": "a", "a": "b"}
    turned = moves({"a": "z", "b": "x", "c": "y"}, {"a": "x", "b": "y", "c": "z"})
    assert turned == {"a": "c", "b": "a", "c": "b"}


def test_a_chain_is_followed_to_its_free_end() -> None:
    assert moves({"b": "x", "c": "y"}, {"a": "x", "b": "y"}) == {"b": "a", "c": "b"}


def test_a_file_that_takes_the_place_of_another_is_its_next_version() -> None:
    assert moves({"a": "y"}, {"a": "x", "b": "y"}) == {}


def test_equal_files_of_a_moved_folder_are_told_by_their_paths() -> None:
    before = {"old/one/LICENSE": "x", "old/two/LICENSE": "x", "old/a": "y"}
    after = {"new/one/LICENSE": "x", "new/two/LICENSE": "x", "new/a": "y"}

    assert moves(after, before) == {path: path.replace("new", "old") for path in after}


def test_what_may_be_either_is_neither() -> None:
    assert moves({"c": "x"}, {"a": "x", "b": "x"}) == {}
    assert moves({"c": "x", "d": "x"}, {"a": "x", "b": "x"}) == {}


def test_one_of_several_equal_ones_is_told_by_its_name() -> None:
    assert moves({"new/b": "x"}, {"a": "x", "b": "x"}) == {"new/b": "b"}


def headed(words: str) -> Document:
    return Document(words, "Lease", (Element(0, len(words), words, "heading", 1),))


def test_a_title_that_is_the_name_follows_it() -> None:
    file = known("old/Lease.md", "x")

    assert title_of_moved(file, Document("rent", "Lease", ()), "Rent.md") == "Rent"
    assert title_of_moved(file, Document("rent", "Lease", ()), "new/Lease.md") is None


def test_a_title_that_stands_in_the_text_stays() -> None:
    assert title_of_moved(known("Lease.md", "x"), headed("# Lease"), "Rent.md") is None
    assert title_of_moved(known("a.md", "x"), headed("# Lease"), "b.md") is None
