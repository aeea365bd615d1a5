"""The retriever inside LlamaIndex's own engines, over a real server and with LlamaIndex's mock model."""

from __future__ import annotations

import asyncio
import copy
import pickle
from typing import TYPE_CHECKING

import pytest
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import CitationQueryEngine, RetrieverQueryEngine
from llama_index.core.schema import MetadataMode, NodeRelationship, TextNode

from service.client import ServerRefused
from service.llama_retriever import LecternRetriever
from service.settings import Settings
from tests.fakes.files import LEASE, write_texts
from tests.fakes.live_service import live_in_memory

if TYPE_CHECKING:
    from collections.abc import Generator

    from llama_index.core.schema import NodeWithScore

    from tests.fakes.live_service import LiveService

RENT = "What is the monthly rent?"
TEXTS = {"lease.md": LEASE, "policy.txt": "Travel policy\n\nThe monthly rent of a car is not paid.\n"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Generator[LiveService]:
    folder = tmp_path_factory.mktemp("docs")
    write_texts(folder, TEXTS)
    with live_in_memory(Settings(data=tmp_path_factory.mktemp("data"))) as running:
        running.ingest(folder)
        yield running


def text_node(found: NodeWithScore) -> TextNode:
    assert isinstance(found.node, TextNode)
    return found.node


class TestNodes:
    def test_they_are_places_of_the_documents_best_first(self, service: LiveService) -> None:
        found = LecternRetriever(service.url).retrieve(RENT)
        scores = [node.score or 0 for node in found]
        assert scores == sorted(scores, reverse=True)
        for node in map(text_node, found):
            text = service.get(f"/v1/documents/{node.metadata['document_id']}/text")["text"]
            assert text[node.start_char_idx : node.end_char_idx] == node.text
            assert text[node.metadata["start_char"] : node.metadata["end_char"]] == node.text
            assert node.ref_doc_id == node.metadata["document_id"]
            assert node.relationships[NodeRelationship.SOURCE]
            place = f"{node.metadata['start_char']}-{node.metadata['end_char']}"
            assert node.metadata["link"].startswith(f"{service.url}/#/document/{node.ref_doc_id}/")
            assert node.metadata["link"].endswith(place)
        best = text_node(found[0])
        assert "4,200 euros" in best.text
        assert (best.metadata["title"], best.metadata["path"], best.metadata["pages"]) == (
            "Lease of the Harbour Warehouse",
            "lease.md",
            "",
        )
        assert best.metadata["marker"].startswith("D")

    def test_a_place_has_one_id_whoever_finds_it(self, service: LiveService) -> None:
        found = LecternRetriever(service.url).retrieve(RENT)
        again = asyncio.run(LecternRetriever(service.url).aretrieve(RENT))
        assert [node.node_id for node in found] == [node.node_id for node in again]
        assert len({node.node_id for node in found}) == len(found)
        assert [node.score for node in found] == [node.score for node in again]

    def test_a_model_reads_where_it_is_and_no_bookkeeping(self, service: LiveService) -> None:
        for mode in (MetadataMode.LLM, MetadataMode.EMBED):
            read = text_node(LecternRetriever(service.url).retrieve(RENT)[0]).get_content(mode)
            assert "title: Lease of the Harbour Warehouse" in read
            assert "1. Rent" in read
            assert "start_char" not in read
            assert "http" not in read

    def test_what_is_looked_in_may_be_chosen(self, service: LiveService) -> None:
        policy = service.documents()["policy.txt"]["id"]
        found = LecternRetriever(service.url, documents=[policy], top_k=1).retrieve(RENT)
        assert [node.node.metadata["path"] for node in found] == ["policy.txt"]
        with pytest.raises(ServerRefused, match="no collection named 'x'"):
            LecternRetriever(service.url, collection="x").retrieve(RENT)
        with pytest.raises(ValueError, match="top_k"):
            LecternRetriever(service.url, top_k=0)

    def test_links_may_begin_with_the_address_of_people(self, service: LiveService) -> None:
        found = LecternRetriever(service.url, public_url="https://lectern.example").retrieve(RENT)
        assert found[0].node.metadata["link"].startswith("https://lectern.example/#/document/")

    def test_it_can_be_copied_and_sent_to_another_process(self, service: LiveService) -> None:
        retriever = LecternRetriever(service.url, top_k=1)
        for twin in (copy.deepcopy(retriever), pickle.loads(pickle.dumps(retriever))):
            assert [n.node_id for n in twin.retrieve(RENT)] == [n.node_id for n in retriever.retrieve(RENT)]


class TestEngines:
    def test_a_query_engine_reads_the_places(self, service: LiveService) -> None:
        engine = RetrieverQueryEngine.from_args(LecternRetriever(service.url, top_k=2), llm=MockLLM())
        answer = engine.query(RENT)
        assert "4,200 euros" in str(answer)
        assert "title: Lease of the Harbour Warehouse" in str(answer)
        assert len(answer.source_nodes) == 2

    def test_a_citation_engine_cites_them(self, service: LiveService) -> None:
        engine = CitationQueryEngine(LecternRetriever(service.url, top_k=2), llm=MockLLM())
        answer = asyncio.run(engine.aquery(RENT))
        assert "Source 1:" in str(answer)
        assert answer.source_nodes[0].node.metadata["link"].startswith(service.url)
