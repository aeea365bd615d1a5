"""A `Layout` in the words of a Qdrant server: how collections are made, and brought to another layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qdrant_client import models

from ingest.store.payload import DENSE, OPENINGS, SPARSE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.store.layout import Layout, Quantization

MOST_AT_ONCE = 1_000_000
"""Hits, or documents counted, that one request may ask for."""
MOST_POINTS = 10_000
"""In one write: as many as fit into one of `BATCH_BYTES` without any words."""
OVERSAMPLING = 2.0
"""So many times the hits are taken from quantised vectors before they are scored again."""
LIMITS = models.StrictModeConfig(
    enabled=True,
    unindexed_filtering_retrieve=False,
    unindexed_filtering_update=False,
    max_query_limit=MOST_AT_ONCE,
    max_timeout=120,
    search_max_oversampling=2 * OVERSAMPLING,
    search_max_batchsize=100,
    upsert_max_batchsize=MOST_POINTS,
    filter_max_conditions=16,
    max_payload_index_count=8,
)
"""What Lectern never asks for, and would be dear for whoever shares the server.

Exact counts are what it asks for, so ``search_allow_exact`` stays; so does the size of a condition, which
names all documents that a question is put to.
"""


def creation(layout: Layout, dimensions: int) -> dict[str, Any]:
    """The arguments of ``create_collection``."""
    dense = models.VectorParams(
        size=dimensions,
        distance=models.Distance.COSINE,
        datatype=models.Datatype.FLOAT16,
        on_disk=layout.vectors_on_disk,
    )
    words = models.SparseVectorParams(modifier=models.Modifier.IDF)
    return {
        "vectors_config": {DENSE: dense},
        "sparse_vectors_config": {SPARSE: words, OPENINGS: words},
        # No search crosses scopes, so there is a graph for each scope and none over all of them.
        "hnsw_config": models.HnswConfigDiff(m=0, payload_m=16),
        "shard_number": layout.shards,
        "replication_factor": layout.replicas,
        "write_consistency_factor": layout.consistency,
        "on_disk_payload": layout.payload_on_disk,
        "quantization_config": _int8() if layout.quantization == "int8" else None,
        "strict_mode_config": None if layout.strict is False else LIMITS,
    }


def changes(layout: Layout, found: models.CollectionConfig) -> dict[str, Any]:
    """The arguments of ``update_collection`` that bring a collection to the layout; none where it has it."""
    params = found.params
    asked = {
        "write_consistency_factor": (layout.consistency, params.write_consistency_factor or 1),
        "on_disk_payload": (layout.payload_on_disk, params.on_disk_payload),
    }
    diff = {name: wanted for name, (wanted, there) in asked.items() if wanted not in (None, there)}
    made: dict[str, Any] = {}
    if diff:
        made["collection_params"] = models.CollectionParamsDiff.model_validate(diff)
    on_disk = layout.vectors_on_disk
    if on_disk is not None and on_disk != bool(_dense(params).on_disk):
        made["vectors_config"] = {DENSE: models.VectorParamsDiff(on_disk=on_disk)}
    if layout.quantization not in (None, quantization_of(found)):
        made["quantization_config"] = _int8() if layout.quantization == "int8" else models.Disabled.DISABLED
    if layout.strict is not None and layout.strict != _is_strict(found):
        made["strict_mode_config"] = LIMITS if layout.strict else models.StrictModeConfig(enabled=False)
    return made


def fixed(layout: Layout, found: models.CollectionConfig) -> Iterator[str]:
    """What only a new collection can have otherwise, in words."""
    asked = {
        "shards": (layout.shards, found.params.shard_number or 1),
        "replicas": (layout.replicas, found.params.replication_factor or 1),
    }
    for name, (wanted, there) in asked.items():
        if wanted not in (None, there):
            yield f"{name}: {there}, and not {wanted}"


def quantization_of(found: models.CollectionConfig) -> Quantization | None:
    """How its vectors are quantised; None for a way that is not ours."""
    config = found.quantization_config
    if config is None:
        return "none"
    scalar = isinstance(config, models.ScalarQuantization)
    return "int8" if scalar and config.scalar.type == models.ScalarType.INT8 else None


def _int8() -> models.ScalarQuantization:
    scalar = models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, always_ram=True)
    return models.ScalarQuantization(scalar=scalar)


def _is_strict(found: models.CollectionConfig) -> bool:
    return found.strict_mode_config is not None and bool(found.strict_mode_config.enabled)


def _dense(params: models.CollectionParams) -> models.VectorParams:
    vectors = params.vectors
    assert isinstance(vectors, dict), "a collection is looked at before it is changed"
    return vectors[DENSE]
