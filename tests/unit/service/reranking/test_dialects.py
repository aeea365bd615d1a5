"""Addresses, bodies and replies of rerank endpoints."""

from __future__ import annotations

import json

import pytest

from service.reranking.contract import RerankingFailed
from service.reranking.dialects import (
    TEXTS,
    address_of,
    dialect_of,
    read_scores,
    request_body,
    wants_texts,
)


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        ("https://api.cohere.com", "https://api.cohere.com/v2/rerank"),
        ("https://api.cohere.com/v1/", "https://api.cohere.com/v1/rerank"),
        ("https://api.jina.ai", "https://api.jina.ai/v1/rerank"),
        ("https://api.jina.ai/v1/rerank", "https://api.jina.ai/v1/rerank"),
        ("https://api.voyageai.com/v1", "https://api.voyageai.com/v1/rerank"),
        ("http://localhost:8000", "http://localhost:8000/rerank"),
        ("http://localhost:8000/v1", "http://localhost:8000/v1/rerank"),
        ("http://localhost:8000/rerank/", "http://localhost:8000/rerank"),
        ("https://x.example/models/rerank?api-version=2", "https://x.example/models/rerank?api-version=2"),
        ("https://x.example/v1?key=a", "https://x.example/v1/rerank?key=a"),
    ],
)
def test_an_address_is_completed(given: str, whole: str) -> None:
    assert address_of(given) == whole
    assert address_of(whole) == whole


def test_each_server_is_asked_in_its_own_way() -> None:
    def body(url: str, model: str | None = "m") -> dict[str, object]:
        return request_body(dialect_of(url), model, "q", ["a", "b"])

    usual = {"model": "m", "query": "q", "documents": ["a", "b"], "top_n": 2}
    assert body("http://localhost:8000/v1") == usual
    assert body("https://api.cohere.com") == usual
    assert body("https://api.jina.ai") == {**usual, "return_documents": False}
    assert body("https://api.voyageai.com") == {
        "model": "m",
        "query": "q",
        "documents": ["a", "b"],
        "top_k": 2,
    }
    assert "model" not in body("http://localhost:8000", None)
    assert request_body(TEXTS, "m", "q", ["a"]) == {
        "query": "q",
        "texts": ["a"],
        "truncate": True,
        "raw_scores": True,
    }


def test_a_server_that_looks_for_texts_says_so() -> None:
    said = (
        b"Failed to deserialize the JSON body into the target type: missing field `texts` at line 1 column 9"
    )

    assert wants_texts(422, said)
    assert not wants_texts(500, said)
    assert not wants_texts(422, b"missing field `model`")


@pytest.mark.parametrize(
    "reply",
    [
        {"results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": -2}], "meta": {}},
        {"data": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": -2}]},
        {"results": [{"index": 0, "score": -2, "document": {"text": "a"}}, {"index": 1, "score": 0.9}]},
        [{"index": 1, "score": 0.9, "document": "b"}, {"index": 0, "score": -2.0}],
    ],
)
def test_scores_come_in_the_order_of_the_request(reply: object) -> None:
    assert read_scores(json.dumps(reply).encode(), 2) == [-2.0, 0.9]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b'{"error": "x"}',
        b'{"results": null}',
        b'{"results": [{"index": 0, "relevance_score": 0.5}]}',
        b'{"results": [{"index": 0, "relevance_score": 0.5}, {"index": 0, "relevance_score": 0.4}]}',
        b'{"results": [{"index": 0, "relevance_score": 0.5}, {"index": 2, "relevance_score": 0.4}]}',
        b'{"results": [{"index": 0, "relevance_score": 0.5}, {"index": -1, "relevance_score": 0.4}]}',
        b'{"results": [{"index": 0, "relevance_score": NaN}, {"index": 1, "relevance_score": 0.4}]}',
        b'[{"index": 0, "score": Infinity}, {"index": 1, "score": 0.4}]',
        b'[{"index": 0, "score": 1}, {"index": 1, "score": 0.4}, {"index": 1, "score": 0.4}]',
        b'[{"index": "first", "score": 1}, {"index": 1, "score": 0.4}]',
        b"[" * 100_000,
        b'[{"index": 0, "score": "\xff"}, {"index": 1, "score": 0.4}]',
    ],
)
def test_anything_but_one_finite_score_each_is_a_failure(content: bytes) -> None:
    with pytest.raises(RerankingFailed):
        read_scores(content, 2)
