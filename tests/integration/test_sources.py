"""What connectors have delivered: apart for each tenant, and gone with what was made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest.readers.llama import Loaded
from ingest.readers.options import ChosenReader
from service.loading import adopt, folder_of, forget_removed, materialise, old_folder_of
from service.settings import Settings
from tests.fakes.live_service import live_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.live_service import LiveService

WIKI = ChosenReader("acme.wiki:Wiki", (), "")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[LiveService]:
    with live_in_memory(Settings(data=tmp_path / "data")) as running:
        yield running


def loaded(**texts: str) -> list[Loaded]:
    return [Loaded(text, title, {"title": title}) for title, text in texts.items()]


def deliver(service: LiveService, *, tenant: str = "default", **texts: str) -> Path:
    """As ``lectern ingest --reader`` does; the folder of the source."""
    folder = folder_of(service.services.settings.data, tenant, "docs", WIKI)
    service.ingest(*materialise(folder, loaded(**texts)).files, collection="docs", tenant=tenant)
    return folder


def deliver_as_before(service: LiveService, *, tenant: str = "default", **texts: str) -> Path:
    """As it was done when tenants shared folders."""
    folder = old_folder_of(service.services.settings.data, "docs", WIKI)
    service.ingest(*materialise(folder, loaded(**texts)).files, collection="docs", tenant=tenant)
    return folder


def on_disk(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_tenants_with_the_same_reader_keep_their_files_apart(service: LiveService) -> None:
    ours = deliver(service, policy="Travel is first class.")
    theirs = deliver(service, tenant="acme", policy="Travel is on foot.", rules="None.")

    assert on_disk(ours) == {"policy.txt": "Travel is first class."}
    assert on_disk(theirs) == {"policy.txt": "Travel is on foot.", "rules.txt": "None."}


def test_a_delivered_file_goes_with_its_document_and_its_collection(service: LiveService) -> None:
    folder = deliver(service, policy="Travel is first class.", rules="None.", more="Some.")
    theirs = deliver(service, tenant="acme", policy="Travel is on foot.")
    documents = service.documents("docs")

    assert service.http.delete(f"/v1/documents/{documents['policy.txt']['id']}").status_code == 204
    assert set(on_disk(folder)) == {"rules.txt", "more.txt"}
    assert service.http.delete("/v1/collections/docs").status_code == 204
    assert not folder.exists()
    assert set(on_disk(theirs)) == {"policy.txt"}


def test_files_of_before_go_too(service: LiveService) -> None:
    folder = deliver_as_before(service, policy="Travel is first class.", rules="None.")
    documents = service.documents("docs")

    assert service.http.delete(f"/v1/documents/{documents['policy.txt']['id']}").status_code == 204
    assert set(on_disk(folder)) == {"rules.txt"}
    assert service.http.delete("/v1/collections/docs").status_code == 204
    assert on_disk(folder) == {}


def test_what_lies_elsewhere_is_its_owners_and_stays(service: LiveService, tmp_path: Path) -> None:
    own = tmp_path / "mine" / "policy.txt"
    own.parent.mkdir()
    own.write_text("Travel is first class.")
    service.ingest(own, collection="docs")

    assert service.http.delete("/v1/collections/docs").status_code == 204
    assert own.exists()


def test_documents_of_before_stay_the_same_and_get_files_of_their_own(service: LiveService) -> None:
    wired, texts = service.services, {"policy": "Travel is first class.", "dropped": "Gone by now."}
    before = deliver_as_before(service, **texts)
    deliver_as_before(service, tenant="acme", **texts)
    known = service.documents("docs")["policy.txt"]
    folder = folder_of(wired.settings.data, "default", "docs", WIKI)

    adopt(wired, "docs", folder, before)
    deliver(service, policy="Travel is first class.")
    forget_removed(wired, "docs", folder)

    assert service.documents("docs") == {"policy.txt": known}
    assert on_disk(folder) == {"policy.txt": "Travel is first class."}
    assert wired.catalog.location("default", known["id"]) == str(folder / "policy.txt")
    assert set(on_disk(before)) == {"policy.txt", "dropped.txt"}, "another tenant's documents name them"

    wired.delete_collection("acme", "docs")
    adopt(wired, "docs", folder, before)

    assert not before.exists()
    assert on_disk(folder) == {"policy.txt": "Travel is first class."}


def test_of_a_new_collection_nothing_is_old(service: LiveService, tmp_path: Path) -> None:
    old = tmp_path / "data" / "loaded" / "new" / "x"
    old.mkdir(parents=True)

    adopt(service.services, "new", tmp_path / "data" / "delivered", old)

    assert not old.exists()
