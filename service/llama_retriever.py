"""A retriever of LlamaIndex's over a running Lectern server, for those who have a pipeline already.

    engine = RetrieverQueryEngine.from_args(LecternRetriever("http://127.0.0.1:8421"), llm=llm)

Importing this takes seconds, which are LlamaIndex's; nothing else here imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeRelationship, NodeWithScore, RelatedNodeInfo, TextNode

from service.client import AsyncClient, Client
from service.http.requests import SearchRequest
from service.links import source_link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.callbacks import CallbackManager
    from llama_index.core.schema import QueryBundle

    from service.http.place_shapes import Hit, SearchResponse

_SHOWN = frozenset({"title", "section", "pages"})
"""What models and embeddings read of the metadata; the rest is for programs."""


class LecternRetriever(BaseRetriever):
    """Finds the places that answer a query, best first, exact to the character.

    Args:
        url: of the server.
        access_key: its key, if it has one.
        collection: where to look.
        documents: ids of the only documents to look in; all of the collection without them.
        top_k: places at most, 1 to 500.
        public_url: the address that people reach the server by, which links begin with; by default ``url``.
        callback_manager: LlamaIndex's.

    Raises:
        ValueError: one of these is not as it must be.
    """

    def __init__(
        self,
        url: str,
        access_key: str | None = None,
        *,
        collection: str = "default",
        documents: Sequence[str] | None = None,
        top_k: int = 10,
        public_url: str | None = None,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        super().__init__(callback_manager=callback_manager)  # pyright: ignore[reportUnknownMemberType] — its dictionaries have no types
        chosen = list(documents) if documents is not None else None
        self._wanted = SearchRequest(query="-", collection=collection, documents=chosen, top_k=top_k)
        self._client = Client(url, access_key)
        self._place = url, access_key
        self._public = public_url or url

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return self._nodes(self._client.search(self._request(query_bundle)))

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """By a client of its own: one's connections belong to an event loop, and pipelines have several."""
        async with AsyncClient(*self._place) as client:
            return self._nodes(await client.search(self._request(query_bundle)))

    def _request(self, query: QueryBundle) -> SearchRequest:
        return SearchRequest.model_validate({**self._wanted.model_dump(), "query": query.query_str})

    def _nodes(self, found: SearchResponse) -> list[NodeWithScore]:
        return [NodeWithScore(node=_node(hit, self._public), score=hit.score) for hit in found.hits]


def _node(hit: Hit, server: str) -> TextNode:
    """Its id is that of the place in that version: the same for every query."""
    link = source_link(server, hit.document_id, hit.number, hit.start_char, hit.end_char)
    metadata = _metadata(hit, link)
    hidden = sorted(metadata.keys() - _SHOWN)
    source = RelatedNodeInfo(
        node_id=hit.document_id, metadata={"title": hit.title, "path": hit.path, "version": hit.version}
    )
    return TextNode(
        id_=str(
            uuid5(NAMESPACE_URL, f"lectern:{hit.document_id}/{hit.number}/{hit.start_char}-{hit.end_char}")
        ),
        text=hit.text,
        start_char_idx=hit.start_char,
        end_char_idx=hit.end_char,
        metadata=metadata,
        excluded_embed_metadata_keys=hidden,
        excluded_llm_metadata_keys=hidden,
        relationships={NodeRelationship.SOURCE: source},
    )


def _metadata(hit: Hit, link: str) -> dict[str, str | int]:
    """Flat, as vector stores want it; offsets are code points of the document's text."""
    return {
        "title": hit.title,
        "section": " › ".join(hit.section),
        "pages": _span(hit.page_start, hit.page_end),
        "lines": _span(hit.line_start, hit.line_end),
        "path": hit.path,
        "document_id": hit.document_id,
        "marker": hit.passages[0],
        "start_char": hit.start_char,
        "end_char": hit.end_char,
        "link": link,
    }


def _span(first: int | None, last: int | None) -> str:
    if first is None:
        return ""
    return str(first) if first == last else f"{first}-{last}"
