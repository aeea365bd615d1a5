"""Ids of models."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.http.chat.naming import SUFFIXES, ModelName, model_id, resolve

KNOWN = {"default", "a/b", "lectern/odd", "plans:map", "plans"}


@pytest.mark.parametrize(
    ("model", "collection", "options"),
    [
        ("lectern/default", "default", {}),
        ("default", "default", {}),
        ("a/b", "a/b", {}),
        ("lectern/odd", "lectern/odd", {}),
        ("lectern/lectern/odd", "lectern/odd", {}),
        ("lectern/default:footnotes", "default", {"citations": "footnotes"}),
        ("default:agent:both", "default", {"mode": "agent", "citations": "both"}),
        ("default:both:none", "default", {"citations": "none"}),
        ("plans:map", "plans:map", {}),
        ("plans:map:map", "plans:map", {"mode": "map"}),
        ("plans:high", "plans", {"accuracy": "high"}),
    ],
)
def test_what_an_id_means(model: str, collection: str, options: dict[str, str]) -> None:
    assert resolve(model, KNOWN) == ModelName(collection, options)


@pytest.mark.parametrize(
    "model", ["", "lectern/", "gpt-4o", "default:loud", "default:", ":footnotes", "Default"]
)
def test_what_names_nothing(model: str) -> None:
    assert resolve(model, KNOWN) is None


@given(st.text(min_size=1), st.lists(st.sampled_from(sorted(SUFFIXES)), max_size=3))
def test_every_listed_id_leads_back_to_its_collection(name: str, suffixes: list[str]) -> None:
    found = resolve(":".join([model_id(name), *suffixes]), {name})
    assert found is not None
    assert found.collection == name
