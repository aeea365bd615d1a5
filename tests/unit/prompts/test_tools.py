"""The tools are constant, in order, and what their schemas say is what is read."""

from __future__ import annotations

import json
from contextlib import suppress
from hashlib import blake2b
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.tool_arguments import BadCall, document_number, read_call
from prompts.tools import Grep, ListDocuments, ReadPassages, SearchDocuments, tools, tools_text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = ("query", "top_k", "documents", "pattern", "limit", "document", "first", "last", "after", "prefix")


def test_they_are_the_snapshot() -> None:
    assert [tool.name for tool in tools()] == ["grep", "list_documents", "read_passages", "search_documents"]
    assert blake2b(tools_text().encode(), digest_size=8).hexdigest() == "27f9b5cda0db5b65"


def test_their_schemas_are_schemas() -> None:
    for tool in tools():
        schema = json.loads(tool.parameters)
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["additionalProperties"] is False
        assert set(schema["required"]) <= set(schema["properties"])


@pytest.mark.parametrize(
    ("name", "arguments", "call"),
    [
        ("grep", '{"pattern": "fee"}', Grep("fee")),
        ("grep", '{"pattern": " fee ", "limit": 99, "documents": "D7"}', Grep(" fee ", 20, ("D7",))),
        ("list_documents", "", ListDocuments()),
        ("list_documents", "{}", ListDocuments()),
        ("list_documents", '{"after": 7, "query": null}', ListDocuments(after="D7")),
        ("list_documents", '{"after": "", "prefix": "a/"}', ListDocuments(prefix="a/")),
        ("read_passages", '{"document": "D7", "first": 3, "last": "5"}', ReadPassages("D7", 3, 5)),
        ("read_passages", '{"document": 7, "first": 3.0}', ReadPassages("D7", 3, 3)),
        ("read_passages", '{"document": "a.md", "first": 1, "last": 900}', ReadPassages("a.md", 1, 41)),
        ("search_documents", '{"query": "fee"}', SearchDocuments("fee")),
        (
            "search_documents",
            '{"query": "fee", "top_k": 3, "documents": [7, "D7", "x.md"]}',
            SearchDocuments("fee", 3, ("D7", "x.md")),
        ),
    ],
)
def test_what_is_meant_is_read(name: str, arguments: str, call: object) -> None:
    assert read_call(name, arguments) == call


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("search", "{}", "there is no tool 'search'; the tools are grep, list_documents, read_passages"),
        ("search_documents", "{", "not valid JSON"),
        ("search_documents", "[" * 100_000, "not valid JSON"),
        ("search_documents", '"rent"', "must be a JSON object"),
        ("search_documents", "{}", "search_documents needs query"),
        ("search_documents", '{"query": " "}', "search_documents needs query"),
        ("search_documents", '{"query": ["rent"]}', "query must be a string"),
        ("search_documents", '{"query": "\\ud800"}', "query holds half of a surrogate pair"),
        ("search_documents", f'{{"query": "{"x" * 2_001}"}}', "query is longer than 2000 characters"),
        ("search_documents", '{"query": "rent", "k": 3}', "search_documents takes no argument 'k'"),
        ("search_documents", '{"query": "rent", "top_k": 0}', "top_k must be 1 or more"),
        ("search_documents", '{"query": "rent", "top_k": true}', "top_k must be a whole number"),
        ("search_documents", '{"query": "rent", "top_k": 2.5}', "top_k must be a whole number"),
        ("search_documents", '{"query": "rent", "top_k": 1e999}', "top_k must be a whole number"),
        ("search_documents", '{"query": "rent", "documents": [""]}', "documents must name documents"),
        ("search_documents", '{"query": "rent", "documents": [[1]]}', "documents must name documents"),
        ("grep", '{"pattern": ""}', "grep needs pattern"),
        ("read_passages", '{"first": 1}', "read_passages needs document"),
        ("read_passages", '{"document": "D7"}', "read_passages needs first"),
        ("read_passages", '{"document": "D7", "first": 5, "last": 3}', "last must not be less than first"),
    ],
)
def test_what_is_wrong_is_told(name: str, arguments: str, told: str) -> None:
    with pytest.raises(BadCall) as caught:
        read_call(name, arguments)
    assert told in str(caught.value)


@given(st.sampled_from([tool.name for tool in tools()]), st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_whatever_a_model_writes_is_a_call_or_a_complaint(name: str, arguments: dict[str, Any]) -> None:
    text = json.dumps(arguments)
    with suppress(BadCall):
        assert isinstance(read_call(name, text), (Grep, ListDocuments, ReadPassages, SearchDocuments))


@given(st.text(max_size=60), st.text(max_size=60))
def test_so_is_text(name: str, arguments: str) -> None:
    with pytest.raises(BadCall):
        read_call(name, arguments)


@pytest.mark.parametrize(
    ("name", "number"),
    [("D7", 7), ("d7", 7), ("7", 7), (" [D7:31] ", 7), ("D7:3-5", 7), ("7.md", None), ("Deed", None)],
)
def test_documents_go_by_number_or_path(name: str, number: int | None) -> None:
    assert document_number(name) == number
