from __future__ import annotations

import pytest

from service.links import source_link


@pytest.mark.parametrize("server", ["http://127.0.0.1:8421", "http://127.0.0.1:8421/"])
def test_a_link_names_version_and_range(server: str) -> None:
    assert source_link(server, "doc_a", 7, 120, 180) == "http://127.0.0.1:8421/#/document/doc_a/7/120-180"


def test_a_link_within_the_page_has_no_server_and_no_open_ends() -> None:
    assert source_link("", "a/b?c#d", 1, 0, 5) == "#/document/a%2Fb%3Fc%23d/1/0-5"
