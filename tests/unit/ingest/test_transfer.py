from __future__ import annotations

import multiprocessing
import threading
from typing import TYPE_CHECKING, cast

from hypothesis import given, settings

from ingest.elements import Elements
from ingest.model import Document, Element
from ingest.transfer import receive_document, send_document
from tests.fakes.documents import documents

if TYPE_CHECKING:
    from ingest.transfer import Shipment


def across(document: Document) -> Document:
    ours, theirs = multiprocessing.Pipe()
    sender = threading.Thread(target=send_document, args=[theirs, document])
    sender.start()
    with ours, theirs:
        received = receive_document(cast("Shipment", ours.recv()), ours.recv_bytes)
        sender.join()
    return received


@settings(deadline=None)
@given(documents())
def test_a_document_arrives_as_it_was_sent(document: Document) -> None:
    assert across(document) == document


def test_a_long_text_arrives_in_pieces() -> None:
    text = "Щ\U0001f600 long\n" * 2_500_000
    document = Document(text, "long", Elements.of((Element(0, 3, text[:3], "heading"),), text))
    assert across(document) == document
