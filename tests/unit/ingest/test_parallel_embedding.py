from __future__ import annotations

import multiprocessing
import os
import signal
import sys

import numpy as np
import pytest

from ingest.embedding import UniversalSentenceEncoder
from ingest.parallel_embedding import ParallelEmbedder
from tests.fakes.embedder import FailingEmbedder, WordEmbedder

TEXTS = [f"The tenant pays {'more and ' * (i % 40)}rent, part {i}." for i in range(300)]


def children() -> set[int | None]:
    return {child.pid for child in multiprocessing.active_children() if child.name == "lectern-embedder"}


def test_the_vectors_are_those_of_one_process() -> None:
    with ParallelEmbedder(WordEmbedder, 3, enough=0) as embedder:
        assert np.array_equal(embedder.embed(TEXTS), WordEmbedder().embed(TEXTS))
        assert len(children()) == 3
        assert np.array_equal(embedder.embed(TEXTS[:2]), WordEmbedder().embed(TEXTS[:2]))
        assert embedder.embed([]).shape == (0, 8)
        assert (embedder.identity, embedder.dimensions) == ("words/1", 8)
    assert not children()


def test_the_encoder_hardly_cares_what_texts_it_is_given_together() -> None:
    encoder = UniversalSentenceEncoder()
    together = encoder.embed(TEXTS[:12])
    apart = np.concatenate([encoder.embed(TEXTS[:1]), encoder.embed(TEXTS[1:12])])
    assert np.abs(together - apart).max() < 1e-6


def test_nothing_starts_before_it_pays() -> None:
    with ParallelEmbedder(WordEmbedder, 2, enough=sum(map(len, TEXTS)) + 1) as embedder:
        embedder.embed(TEXTS)
        assert not children()
        embedder.embed(TEXTS)
        assert len(children()) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs Unix signals")
def test_the_loss_of_a_process_is_no_loss() -> None:
    with ParallelEmbedder(WordEmbedder, 2, enough=0) as embedder:
        expected = embedder.embed(TEXTS)
        for child in children():
            os.kill(child or 0, signal.SIGKILL)
        assert np.array_equal(embedder.embed(TEXTS), expected)
        assert not children()


def test_what_an_embedder_raises_is_raised() -> None:
    with (
        ParallelEmbedder(FailingEmbedder, 2, enough=0) as embedder,
        pytest.raises(ZeroDivisionError, match="by accident"),
    ):
        embedder.embed(TEXTS)
