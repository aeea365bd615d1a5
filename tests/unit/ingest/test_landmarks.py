"""What words that mean about the same have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.landmarks import BEGINNING, LANDMARKS, NEAREST, Landmarks
from ingest.terms import RELATED, Analyzer
from ingest.unpacked import shared

if TYPE_CHECKING:
    from ingest.unpacked import Unpacked


def shared_part(one: str, two: str) -> float:
    landmarks = Landmarks()
    first, second = set(landmarks.of(one)), set(landmarks.of(two))
    return len(first & second) / len(first | second)


def test_words_that_mean_about_the_same_share_landmarks_and_others_do_not() -> None:
    assert shared_part("король", "королевой") > shared_part("король", "кислород") == 0.0
    assert shared_part("汽车", "轿车") > shared_part("汽车", "氧气") == 0.0


def test_a_word_is_known_by_a_few_landmarks_of_each_piece() -> None:
    landmarks = Landmarks()
    found = landmarks.of("кислородный")
    assert len(found) == NEAREST * len(shared().pieces_of("кислородный"))
    assert all(0 <= landmark < LANDMARKS for landmark in found)
    assert landmarks.of("кислородный") == Landmarks().of("кислородный") == found
    assert len(landmarks.of("汽车")) == NEAREST
    assert shared().pieces_of("汽车")[0] == BEGINNING


def test_the_encoder_is_loaded_at_the_first_word() -> None:
    loaded: list[Unpacked] = []

    def load() -> Unpacked:
        loaded.append(shared())
        return loaded[-1]

    landmarks = Landmarks(load)
    assert not loaded
    landmarks.of("срок")
    landmarks.of("дата")
    assert len(loaded) == 1


def test_only_texts_with_letters_of_many_forms_have_landmarks() -> None:
    analyzer = Analyzer()
    assert analyzer.alike("The agreement of 1999") == []
    assert analyzer.places_terms("The agreement") == analyzer.terms("The agreement")
    exact, loose = analyzer.places_terms("Срок в Internet2")
    assert exact == analyzer.terms("Срок в Internet2").exact
    assert len(loose) > len(analyzer.terms("Срок в Internet2").loose)


def test_a_question_asks_for_landmarks_beside_its_words_and_of_no_question_word() -> None:
    analyzer = Analyzer()
    beside = analyzer.terms_beside("Сколько длится срок?")
    (term,) = analyzer.document_terms("срок")
    assert set(beside[term]) >= set(analyzer.alike("срок"))
    assert not {landmark for terms in beside.values() for landmark in terms} & (
        set(analyzer.alike("сколько")) - set(analyzer.alike("длится срок"))
    )
    assert analyzer.terms_beside("Who pays the rent?") == {}


def test_a_root_that_is_asked_for_counts_more_than_a_landmark() -> None:
    analyzer = Analyzer()
    (term,) = analyzer.document_terms("кодирование")
    (root,) = analyzer.terms("кодирование").loose
    beside = analyzer.terms_beside("кодирование")[term]
    assert beside == dict.fromkeys(analyzer.alike("кодирование"), 1.0) | {root: RELATED}
