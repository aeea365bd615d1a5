"""What connectors deliver becomes files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import UnusableReader
from ingest.readers.llama import Loaded
from ingest.readers.options import ChosenReader
from service.loading import folder_of, materialise

if TYPE_CHECKING:
    from pathlib import Path


def loaded(text: str, identity: str = "7", **metadata: object) -> Loaded:
    return Loaded(text, identity, metadata)


def written(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*") if p.is_file()}


def test_files_are_named_by_what_the_documents_say(tmp_path: Path) -> None:
    materialise(
        tmp_path,
        [
            loaded("One.", title="Travel policy"),
            loaded("# Two", title="travel policy"),
            loaded("Three.", title="travel policy"),
            loaded("def f(): ...", file_path="/src/tools/f.py"),
            loaded("Page one", file_path="a.pdf"),
            loaded("Page two", file_path="a.pdf"),
            loaded("By number.", identity="42"),
            loaded("By words.", identity="0b1f8f0e-6a3c-4a57-9d0c-1f6f2f3e4d5c"),
        ],
    )
    texts = written(tmp_path)
    (made_up,) = (name for name, text in texts.items() if text == "By words.")
    assert len(made_up) == len("0123456789ab.txt")
    assert texts == {
        "Travel_policy.txt": "One.",
        "travel_policy.md": "# Two",
        "travel_policy-2.txt": "Three.",
        "src/tools/f.py": "def f(): ...",
        "a.pdf.txt": "Page one\n\nPage two",
        "42.txt": "By number.",
        made_up: "By words.",
    }


def test_only_what_differs_is_written_and_what_is_gone_is_removed(tmp_path: Path) -> None:
    materialise(tmp_path, [loaded("a", title=name) for name in ("kept", "changed", "gone")])
    for path in tmp_path.iterdir():
        os.utime(path, ns=(1, 1))
    found = materialise(tmp_path, [loaded("a", title="kept"), loaded("b", title="changed")])
    assert found.files == [tmp_path / "changed.txt", tmp_path / "kept.txt"]
    assert written(tmp_path) == {"kept.txt": "a", "changed.txt": "b"}
    assert (tmp_path / "kept.txt").stat().st_mtime_ns == 1


def test_a_source_that_delivers_nothing_removes_nothing(tmp_path: Path) -> None:
    materialise(tmp_path, [loaded("a", title="kept")])
    with pytest.raises(UnusableReader, match="delivers no documents"):
        materialise(tmp_path, [])
    assert written(tmp_path) == {"kept.txt": "a"}


def test_other_tenants_collections_and_arguments_have_other_folders(tmp_path: Path) -> None:
    places = {
        folder_of(tmp_path, tenant, collection, ChosenReader("a.b:C", arguments, ""))
        for tenant in ("default", "acme", "Acme", "../acme")
        for collection in ("legal", "Legal docs", "Legal/docs", "../..")
        for arguments in ((), (("space", "1"),), (("space", "2"),))
    }
    assert len({str(place).casefold() for place in places}) == 48
    assert all(place.parent.parent.parent == tmp_path / "delivered" for place in places)
    assert all(".." not in place.parts for place in places)


@given(
    st.text(min_size=1, max_size=300) | st.sampled_from(["../../etc/passwd", "C:\\x", "con", "a/../b", "..."])
)
def test_no_name_leads_out_of_the_folder(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.mktemp("loaded")
    (place,) = materialise(folder, [loaded("a", file_path=name)]).files
    assert place.resolve().is_relative_to(folder.resolve())
    assert place.read_text() == "a"
