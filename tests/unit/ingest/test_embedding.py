from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ingest.embedding import UniversalSentenceEncoder, check_vector

if TYPE_CHECKING:
    from pathlib import Path

ENGLISH = "The agreement may be terminated with ninety days' notice."
RUSSIAN = "Договор может быть расторгнут с уведомлением за девяносто дней."
OTHER = "The cat sleeps on the warm roof."


@pytest.fixture(scope="module")
def encoder() -> UniversalSentenceEncoder:
    return UniversalSentenceEncoder()


def test_vectors_have_the_promised_shape_and_length(encoder: UniversalSentenceEncoder) -> None:
    vectors = encoder.embed([ENGLISH, RUSSIAN, "", " \n", "x" * 100_000])

    assert vectors.shape == (5, encoder.dimensions)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    assert np.linalg.norm(vectors[:2], axis=1) == pytest.approx(1, abs=1e-3)
    assert encoder.embed([]).shape == (0, encoder.dimensions)


def test_meaning_crosses_languages(encoder: UniversalSentenceEncoder) -> None:
    english, russian, other = encoder.embed([ENGLISH, RUSSIAN, OTHER])

    assert english @ russian > 0.6 > english @ other


def test_a_text_is_embedded_alike_alone_and_in_any_company(encoder: UniversalSentenceEncoder) -> None:
    crowd = [ENGLISH, *(f"{OTHER} {n}" for n in range(300)), RUSSIAN]

    vectors = encoder.embed(crowd)

    assert np.allclose(vectors[0], encoder.embed([ENGLISH])[0], atol=1e-4)
    assert np.allclose(vectors[-1], encoder.embed([RUSSIAN])[0], atol=1e-4)


def test_weights_that_were_unpacked_before_say_the_same_to_the_bit(
    encoder: UniversalSentenceEncoder, tmp_path: Path
) -> None:
    texts = [ENGLISH, RUSSIAN, OTHER, "x" * 5_000]
    wanted = encoder.embed(texts)
    assert np.array_equal(UniversalSentenceEncoder(tmp_path).embed(texts), wanted)
    (file,) = tmp_path.iterdir()
    kept = file.read_bytes()

    assert np.array_equal(UniversalSentenceEncoder(tmp_path).embed(texts), wanted)

    middle = len(kept) // 2
    file.write_bytes(kept[:-middle] + bytes(middle // 2) + kept[-(middle - middle // 2) :])
    assert np.array_equal(UniversalSentenceEncoder(tmp_path).embed(texts), wanted)
    assert file.read_bytes() == kept


def test_the_check_vector_tells_spaces_apart(encoder: UniversalSentenceEncoder) -> None:
    assert check_vector(encoder).shape == (512,)
    assert np.array_equal(check_vector(encoder), check_vector(UniversalSentenceEncoder()))
