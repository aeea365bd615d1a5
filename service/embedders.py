"""The embedder that the settings ask for."""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from ingest.embedding import UniversalSentenceEncoder
from ingest.parallel_embedding import ParallelEmbedder
from ingest.remote_embedding import EmbeddingService
from service.embedding_connection import LoopConnection

if TYPE_CHECKING:
    from collections.abc import Generator

    from ingest.costs import Costs
    from ingest.embedding import Embedder
    from service.settings import Settings

_MOST_WORKERS = 8
"""More than that wait for one another: the terms, the index and the catalog are one process each."""


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
        connect=LoopConnection,
    )


@contextmanager
def embedding_in_parallel(settings: Settings, embedder: Embedder, costs: Costs) -> Generator[Embedder]:
    """For as long as the block runs, the same embedder in several processes, if it computes here.

    What they take is counted in ``costs``.
    """
    workers = settings.embed_workers or default_workers()
    if workers == 1 or not isinstance(embedder, UniversalSentenceEncoder):
        yield embedder
        return
    spent = partial(costs.add, "embed")
    with ParallelEmbedder(UniversalSentenceEncoder, workers, spent=spent) as parallel:
        yield parallel


def default_workers() -> int:
    """One process for each core that this one may use, within reason."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _MOST_WORKERS)
