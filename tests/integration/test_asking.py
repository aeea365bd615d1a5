"""What a command says where nobody is there to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.asking import events
from service.http.requests import QueryRequest
from service.models.errors import ModelUnreachable
from service.settings import Settings
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import Glm5Server
from tests.fakes.live_service import live

if TYPE_CHECKING:
    from pathlib import Path


def test_of_a_provider_that_is_not_there_host_and_setting_are_named(tmp_path: Path) -> None:
    with Glm5Server([]) as server:
        address = server.base_url
    settings = Settings(data=tmp_path / "data", llm_base_url=address, llm_attempts=1)
    write_texts(tmp_path / "docs", {"lease.md": LEASE})
    with live(Settings(data=tmp_path / "data")) as service:
        service.ingest(tmp_path / "docs")
    request = QueryRequest(question="What is the rent?", mode="retrieve")

    with pytest.raises(ModelUnreachable) as raised:
        list(events(settings, request))

    host = address.split("/")[2]
    assert str(raised.value).startswith(f"{host} cannot be reached, see setting llm_base_url: ")
