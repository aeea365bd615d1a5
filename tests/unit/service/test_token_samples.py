"""Counts of the provider's tokenizer: asked for once, kept, and done without where there is none."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from service.calibration import Calibration
from service.models.tokenizers import CountingFailed
from service.recording import Origin
from service.token_samples import FILE, RETRY_SECONDS, SAMPLE, TokenSamples
from service.tokens import count_tokens

if TYPE_CHECKING:
    from pathlib import Path

ENGLISH = "The tenant pays the rent within thirty days after receipt of the invoice. " * 20
RUSSIAN = "Арендатор вносит плату в течение тридцати дней после получения счёта. " * 20
ORIGIN = Origin("default", "docs")


@dataclass
class Doubling:
    """Counts two tokens for each one of the estimate, and what it adds to a text."""

    overhead: int = 0
    fails: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def count(self, text: str, model: str, *, origin: Origin) -> int:
        assert origin == replace(ORIGIN, tenant=origin.tenant)
        self.asked.append((text, model))
        if self.fails:
            raise CountingFailed("no such path")
        return 2 * (count_tokens(text) + self.overhead)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("overhead", [0, 12])
def test_the_estimate_is_calibrated_before_any_answer(tmp_path: Path, overhead: int) -> None:
    samples, calibration = TokenSamples(Doubling(overhead), count_tokens, tmp_path), Calibration()

    assert samples.begin(calibration, "zai", "glm-5", ENGLISH, origin=ORIGIN) is None

    assert calibration.ratio(ENGLISH) == 2.0
    assert calibration.ratio(RUSSIAN) == 1.0


def test_a_model_and_script_are_asked_about_once(tmp_path: Path) -> None:
    tokenizer = Doubling()
    samples = TokenSamples(tokenizer, count_tokens, tmp_path)

    for _ in range(3):
        for model in ("glm-5", "glm-5-code"):
            samples.begin(Calibration(), "zai", model, ENGLISH, origin=ORIGIN)
        samples.begin(Calibration(), "zai", "glm-5", RUSSIAN, origin=ORIGIN)

    assert [model for _, model in tokenizer.asked] == ["glm-5", "glm-5-code", "glm-5"]


def test_another_process_finds_the_counts(tmp_path: Path) -> None:
    TokenSamples(Doubling(), count_tokens, tmp_path).begin(
        Calibration(), "zai", "glm-5", ENGLISH, origin=ORIGIN
    )
    later, calibration = Doubling(), Calibration()

    TokenSamples(later, count_tokens, tmp_path).begin(calibration, "zai", "glm-5", ENGLISH, origin=ORIGIN)

    assert later.asked == []
    assert calibration.ratio(ENGLISH) == 2.0


def test_no_tenant_learns_from_what_another_one_had_counted(tmp_path: Path) -> None:
    tokenizer = Doubling()
    for tenant in ("acme", "other", "acme"):
        TokenSamples(tokenizer, count_tokens, tmp_path).begin(
            Calibration(), "zai", "glm-5", ENGLISH, origin=Origin(tenant, "docs")
        )

    assert len(tokenizer.asked) == 2


def test_a_broken_file_is_counted_anew(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    tokenizer, calibration = Doubling(), Calibration()

    TokenSamples(tokenizer, count_tokens, tmp_path).begin(calibration, "zai", "glm-5", ENGLISH, origin=ORIGIN)

    assert len(tokenizer.asked) == 1
    assert calibration.ratio(ENGLISH) == 2.0


def test_what_answers_have_told_is_not_asked_for(tmp_path: Path) -> None:
    tokenizer, calibration = Doubling(), Calibration()
    calibration.observe(ENGLISH, 100, 110)

    TokenSamples(tokenizer, count_tokens, tmp_path).begin(calibration, "zai", "glm-5", ENGLISH, origin=ORIGIN)

    assert tokenizer.asked == []
    assert calibration.ratio(ENGLISH) == pytest.approx(1.1)


def test_only_the_beginning_is_sent_and_nothing_of_a_word(tmp_path: Path) -> None:
    tokenizer = Doubling()
    samples = TokenSamples(tokenizer, count_tokens, tmp_path)

    samples.begin(Calibration(), "zai", "glm-5", "Rent.", origin=ORIGIN)
    samples.begin(Calibration(), "zai", "glm-5", ENGLISH * 100, origin=ORIGIN)

    assert [len(text) for text, _ in tokenizer.asked] == [SAMPLE]


def test_a_failure_is_told_once_and_tried_again_later(tmp_path: Path) -> None:
    tokenizer, clock, calibration = Doubling(fails=True), Clock(), Calibration()
    samples = TokenSamples(tokenizer, count_tokens, tmp_path, clock=clock)

    told = [samples.begin(calibration, "zai", "glm-5", ENGLISH, origin=ORIGIN) for _ in range(3)]
    assert [warning is None for warning in told] == [False, True, True]
    assert "no such path" in str(told[0])
    assert calibration.ratio(ENGLISH) == 1.0

    tokenizer.fails, clock.now = False, RETRY_SECONDS
    assert samples.begin(calibration, "zai", "glm-5", ENGLISH, origin=ORIGIN) is None
    assert calibration.ratio(ENGLISH) == 2.0
