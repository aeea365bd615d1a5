"""Readers of LlamaIndex's in the place of Lectern's own."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from ingest.errors import UnreadableFile, UnusableReader
from ingest.readers.llama import choose, load, read_file

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.model import Document

FAKES = "tests.fakes.llama_readers"


def read(folder: Path, content: str, reader: str, **arguments: str) -> Document:
    place = folder / "notes.odd"
    place.write_text(content)
    return read_file(
        place, "notes.odd", choose(f"{FAKES}:{reader}", list(arguments.items()), takes_files=True)
    )


def test_pages_are_joined_each_under_its_number(tmp_path: Path) -> None:
    document = read(tmp_path, "The rent is due.\nThe term ends.", "Pages", mark="> ")
    assert document.text == "Page 1\n\n> The rent is due.\n\nPage 2\n\n> The term ends."
    assert [e.text for e in document.elements if e.kind == "heading"] == ["Page 1", "Page 2"]
    assert document.title == "notes"
    for element in document.elements:
        assert element.text == document.text[element.start : element.end]


def test_one_text_stands_without_a_heading(tmp_path: Path) -> None:
    assert read(tmp_path, "The rent is due.", "Pages").text == "The rent is due."


def test_a_lazy_reader_is_given_a_place_and_typed_arguments(tmp_path: Path) -> None:
    assert read(tmp_path, "rent", "LazyLines", upper="true").text == "RENT"
    assert read(tmp_path, "rent", "LazyLines", upper="false").text == "rent"


def test_a_reader_of_llama_index_itself(tmp_path: Path) -> None:
    place = tmp_path / "a.json"
    place.write_text('{"warehouse": "Harbour"}')
    chosen = choose("llama_index.core.readers.json:JSONReader", [("clean_json", "true")], takes_files=True)
    assert read_file(place, "a.json", chosen).text == '"warehouse": "Harbour"'
    assert chosen.identity.startswith(f"{chosen.name}/{version('llama-index-core')}+")


def test_arguments_and_the_code_of_the_module_make_the_identity() -> None:
    plain = choose(f"{FAKES}:Wiki", [("count", "1")], takes_files=False).identity
    assert re.fullmatch(rf"{FAKES}:Wiki/[0-9a-f]{{8}}\+[0-9a-f]{{8}}", plain)
    assert plain != choose(f"{FAKES}:Wiki", [("count", "2")], takes_files=False).identity


def test_a_file_on_which_a_reader_raises_is_broken(tmp_path: Path) -> None:
    with pytest.raises(
        UnreadableFile, match=r"^broken: .*Pages failed: ZeroDivisionError: the page is blank"
    ):
        read(tmp_path, "broken", "Pages")
    with pytest.raises(UnreadableFile, match="no_text"):
        read(tmp_path, "\n", "Pages")


def test_a_connector_delivers() -> None:
    loaded = load(choose(f"{FAKES}:Wiki", [("count", "2"), ("word", "lighthouse")], takes_files=False))
    assert [each.text for each in loaded] == [f"Page {n} tells of the lighthouse." for n in (1, 2)]
    assert loaded[1].said("title") == "Page 2"


def test_a_connector_that_raises_is_named() -> None:
    with pytest.raises(UnusableReader, match="ConnectionError: the wiki does not answer"):
        load(choose(f"{FAKES}:Wiki", [("count", "101")], takes_files=False))


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("nowhere:Reader", {}, "no module named 'nowhere'"),
        ("no/module:Reader", {}, "no module named"),
        (f"{FAKES}:Missing", {}, "has no class 'Missing'"),
        (FAKES, {}, "write module:Class"),
        ("bad", {}, "write module:Class"),
        (f"{FAKES}:NoReader", {}, "is no reader"),
        (f"{FAKES}:Unmakeable", {}, "cannot be made: RuntimeError: needs a token"),
        (f"{FAKES}:Wiki", {}, "missing a required argument: 'count'"),
        (f"{FAKES}:Wiki", {"count": "1", "size": "2"}, "takes no argument size; it takes count, word"),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_is_read(
    name: str, arguments: dict[str, str], said: str
) -> None:
    with pytest.raises(UnusableReader, match=re.escape(said)):
        choose(name, list(arguments.items()), takes_files=False)


def test_a_reader_that_takes_no_file_is_refused_for_files() -> None:
    name = "llama_index.core.readers.string_iterable:StringIterableReader"
    choose(name, [("texts", '["a"]')], takes_files=False)
    with pytest.raises(UnusableReader, match="texts"):
        choose(name, [("texts", '["a"]')], takes_files=True)
