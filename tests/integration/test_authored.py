"""Whatever is written, in whatever format, is read: whole, in order, and with sound elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.discovery import Skipped, discover
from ingest.reading import read, readers_of
from tests.fakes.authored import authored, words_of
from tests.fakes.writers import WRITERS
from tests.properties import check_document

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.authored import Block

_EXAMPLES = settings.get_profile(settings.get_current_profile_name()).max_examples // 8
"""Of each format: few in CI, more for who explores."""
_LATIN_ONLY = frozenset({"a.pdf"})


def check(folder: Path, name: str, blocks: list[Block]) -> None:
    location = folder / name
    WRITERS[name](location, blocks)
    (source,) = discover([location]).found
    assert not isinstance(source, Skipped), source
    document = read(source)
    check_document(document)
    assert document.reader in readers_of(source.media_type)
    position = 0
    for word in words_of(blocks):
        found = document.text.find(word, position)
        assert found >= 0, f"{word!r} is missing after {document.text[:position][-60:]!r}"
        position = found + len(word)


def documents(name: str) -> st.SearchStrategy[list[Block]]:
    return authored(odd=name not in _LATIN_ONLY)


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=_EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_every_word_is_read(name: str, tmp_path: Path, data: st.DataObject) -> None:
    check(tmp_path, name, data.draw(documents(name)))
