"""What the settings say of a Qdrant server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.store.layout import Layout

if TYPE_CHECKING:
    from service.settings import Settings


def qdrant_key(settings: Settings) -> str | None:
    """The API key of the Qdrant server."""
    return settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None


def layout_of(settings: Settings) -> Layout:
    """How the Qdrant server is to keep its collections."""
    return Layout(
        shards=settings.qdrant_shards,
        replicas=settings.qdrant_replicas,
        consistency=settings.qdrant_consistency,
        quantization=settings.qdrant_quantization,
        vectors_on_disk=settings.qdrant_vectors_on_disk,
        payload_on_disk=settings.qdrant_payload_on_disk,
        strict=settings.qdrant_strict,
    )
