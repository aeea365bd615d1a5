"""How rerank endpoints want to be asked, and what they answer: a table, and one reading of all shapes.

| server | request | reply |
|---|---|---|
| Jina, Cohere, vLLM, Infinity, llama.cpp | ``documents``, ``top_n`` | ``results``: ``relevance_score`` |
| Voyage | ``documents``, ``top_k`` | ``data``: ``relevance_score`` |
| SGLang, at ``/v1/rerank`` only | ``documents`` | a list: ``score`` |
| Text Embeddings Inference | ``texts``, at most 32, no model | a list: ``score`` |
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from pydantic import AliasChoices, BaseModel, Field, TypeAdapter, ValidationError

from service.reranking.contract import RerankingFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ENDING = "/rerank"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to ask."""

    hosts: tuple[str, ...] = ()
    path: str = _ENDING
    """Where an address names none."""
    texts: str = "documents"
    count: str | None = "top_n"
    names_model: bool = True
    constant: Mapping[str, object] = field(default_factory=dict[str, object])
    most: int | None = None
    """Texts a request; scores of several requests compare, for each text is scored by itself."""


PLAIN = Dialect()
TEXTS = Dialect(
    texts="texts", count=None, names_model=False, constant={"truncate": True, "raw_scores": True}, most=32
)
"""Text Embeddings Inference; raw scores, because those squeezed into 0..1 become equal at its ends."""
_HOSTED = (
    Dialect(hosts=("api.jina.ai",), path="/v1/rerank", constant={"return_documents": False}),
    Dialect(hosts=("api.cohere.com", "api.cohere.ai"), path="/v2/rerank"),
    Dialect(hosts=("api.voyageai.com",), path="/v1/rerank", count="top_k"),
)


def dialect_of(base_url: str) -> Dialect:
    """The dialect of a known host; the usual one elsewhere."""
    host = urlsplit(base_url).hostname or ""
    return next((row for row in _HOSTED if host in row.hosts), PLAIN)


def address_of(base_url: str) -> str:
    """The whole address, whether the given one ends in the path, in a version, or in the host."""
    parts = urlsplit(base_url)
    path = parts.path.rstrip("/")
    if not path:
        path = dialect_of(base_url).path
    elif not path.endswith(_ENDING):
        path += _ENDING
    return urlunsplit(parts._replace(path=path, fragment=""))


def request_body(
    dialect: Dialect, model: str | None, question: str, passages: Sequence[str]
) -> dict[str, object]:
    """The JSON object to send."""
    body: dict[str, object] = {"query": question, dialect.texts: list(passages), **dialect.constant}
    if model is not None and dialect.names_model:
        body["model"] = model
    if dialect.count is not None:
        body[dialect.count] = len(passages)
    return body


def wants_texts(status: int, content: bytes) -> bool:
    """Whether a refusal is that of a server which looks for another field."""
    return status in {400, 422} and b"missing field" in content and b"texts" in content


def read_scores(content: bytes, count: int) -> list[float]:
    """The score of each of ``count`` texts, in the order of the request.

    Raises:
        RerankingFailed: the reply is none, or not one finite score for every text.
    """
    try:
        items = _REPLY.validate_json(content)
    except ValidationError as error:
        raise RerankingFailed("the reply holds no scores") from error
    if not isinstance(items, list):
        items = items.results
    scores = {item.index: item.score for item in items}
    if len(items) != count or scores.keys() != set(range(count)):
        raise RerankingFailed(f"the reply has not one score for each of {count} texts, but {len(items)}")
    if not all(map(math.isfinite, scores.values())):
        raise RerankingFailed("a score is no finite number")
    return [scores[index] for index in range(count)]


class _Item(BaseModel):
    index: int
    score: float = Field(validation_alias=AliasChoices("relevance_score", "score"))


class _Results(BaseModel):
    results: list[_Item] = Field(validation_alias=AliasChoices("results", "data"))


_REPLY: TypeAdapter[list[_Item] | _Results] = TypeAdapter(list[_Item] | _Results)
