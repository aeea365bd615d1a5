"""The embedder that the settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.embedding import UniversalSentenceEncoder
from ingest.remote_embedding import EmbeddingService

if TYPE_CHECKING:
    from ingest.embedding import Embedder
    from service.settings import Settings


def make_embedder(settings: Settings) -> Embedder:
    """The embedded encoder or, where an address is set, the endpoint there."""
    if settings.embeddings_base_url is None:
        return UniversalSentenceEncoder()
    key = settings.embeddings_api_key
    return EmbeddingService(
        settings.embeddings_base_url,
        key.get_secret_value() if key else None,
        model=settings.embeddings_model,
        dimensions=settings.embeddings_dimensions,
    )
