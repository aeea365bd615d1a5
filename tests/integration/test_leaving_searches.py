"""A client that leaves a search ends what the search waits for on other machines."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from service.http.turns import OF_ONE_KEY
from service.settings import PREFIX, load_settings
from tests.fakes.files import TEXTS, write_texts
from tests.fakes.live_service import live
from tests.fakes.recipient import Recipient

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator
    from pathlib import Path

    from tests.fakes.live_service import LiveService

SEARCH = {"query": "What is the rent?"}


@pytest.fixture
def recipient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Recipient]:
    """By the environment: the index process reads its settings there."""
    with Recipient() as server:
        for name, value in {**server.settings, "rerank_timeout": 60, "data": tmp_path / "data"}.items():
            monkeypatch.setenv(f"{PREFIX}{name.upper()}", str(value))
        monkeypatch.chdir(tmp_path)
        yield server


def search_and_leave(service: LiveService, asked: threading.Event) -> None:
    """Go once somebody is waited for."""
    place = urlsplit(service.url)
    assert place.hostname is not None
    connection = HTTPConnection(place.hostname, place.port)
    connection.request("POST", "/v1/search", json.dumps(SEARCH), {"Content-Type": "application/json"})
    assert asked.wait(30)
    connection.close()


@pytest.mark.parametrize("kind", ["embeddings", "rerank"])
def test_what_a_search_waits_for_ends_with_its_client(
    recipient: Recipient, tmp_path: Path, kind: str
) -> None:
    write_texts(tmp_path / "docs", TEXTS)
    with live(load_settings(os.environ, tmp_path)) as service:
        service.ingest(tmp_path / "docs")
        recipient.silent = kind

        with ThreadPoolExecutor(OF_ONE_KEY) as clients:
            asked = recipient.asked_in_vain
            left = [clients.submit(search_and_leave, service, asked) for _ in range(OF_ONE_KEY)]
        for each in left:
            each.result()

        assert recipient.hung_up.wait(10)
        recipient.silent = ""  # whose turns were those of all who left
        answer = service.http.post("/v1/search", json=SEARCH, timeout=20)
        assert answer.json()["hits"]
