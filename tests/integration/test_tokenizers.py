"""Tokenizer endpoints over real sockets: Z.ai's and vLLM's as scripted, llama.cpp's as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from service.diagnosis import check_tokenizer
from service.models.providers import PROVIDERS
from service.models.tokenizers import CountingFailed, EndpointTokenizer
from service.recording import Origin
from service.settings import Settings
from service.tokens import count_tokens
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import live
from tests.fakes.llama import needs_llama, running_llama

if TYPE_CHECKING:
    from pathlib import Path

TEXT = LEASE * 3
RUSSIAN = "\n\n".join(
    f"Арендная плата за склад номер {n} составляет {n * 100} рублей в месяц. Арендатор вносит её не позднее "
    f"{n} числа каждого месяца на расчётный счёт Арендодателя, указанный в настоящем договоре."
    for n in range(2, 28)
)
ORIGIN = Origin("default", "docs")
RENT = "What is the monthly rent?"


def server() -> Glm5Server:
    return Glm5Server(lambda _: Reply("The documents do not say."))


@pytest.mark.parametrize("name", ["zai", "vllm", "sglang"])
def test_a_text_is_counted(name: str) -> None:
    with server() as glm5:
        tokenizer = EndpointTokenizer(PROVIDERS[name], f"{glm5.base_url}/v1", "key")

        once, twice = (
            tokenizer.count(TEXT, "glm-5", origin=ORIGIN),
            tokenizer.count(TEXT * 2, "glm-5", origin=ORIGIN),
        )

    assert once > 100
    assert twice == pytest.approx(2 * once, rel=0.05)


@pytest.mark.parametrize("name", ["openrouter", "apiyi", "ktransformers"])
def test_where_none_is_known_nobody_is_asked(name: str) -> None:
    with pytest.raises(CountingFailed, match="has no tokenizer that is known"):
        EndpointTokenizer(PROVIDERS[name], "http://127.0.0.1:9/v1").count(TEXT, "glm-5", origin=ORIGIN)


def test_a_server_that_is_away_or_has_none_is_told() -> None:
    with pytest.raises(CountingFailed, match=r"127\.0\.0\.1:9"):
        EndpointTokenizer(PROVIDERS["vllm"], "http://127.0.0.1:9/v1").count(TEXT, "glm-5", origin=ORIGIN)
    with server() as glm5:
        glm5.tokenizes = False
        with pytest.raises(CountingFailed, match="status 404"):
            EndpointTokenizer(PROVIDERS["zai"], glm5.base_url).count(TEXT, "glm-5", origin=ORIGIN)


@needs_llama
def test_a_real_llama_server_counts_as_it_reads() -> None:
    with running_llama() as llama:
        counted = EndpointTokenizer(PROVIDERS["ollama"], llama.base_url).count(TEXT, "smollm2", origin=ORIGIN)

        assert counted == len(llama.tokens(TEXT))
        assert counted != count_tokens(TEXT)


class TestService:
    def test_the_first_prompt_is_foretold_in_the_providers_tokens(self, tmp_path: Path) -> None:
        """Of Russian the scripted server counts fewer tokens than the estimate."""
        wrong = {exact: _first_prompt(tmp_path, exact=exact) for exact in (False, True)}

        assert wrong[True] < wrong[False] / 3

    def test_one_that_fails_is_a_warning_and_no_more(self, tmp_path: Path) -> None:
        with server() as glm5:
            glm5.tokenizes = False
            with live(_settings(glm5, tmp_path / "data", exact=True)) as service:
                service.ingest(_docs(tmp_path))
                told = [service.ask(RENT, mode="retrieve")["plan"]["warnings"] for _ in range(2)]
        assert "tokenizer was asked and gave no count" in told[0][0]
        assert told[1] == []
        assert len(glm5.counted) == 1

    def test_nobody_is_asked_unless_the_settings_say_so(self, tmp_path: Path) -> None:
        with server() as glm5, live(_settings(glm5, tmp_path / "data", exact=False)) as service:
            service.ingest(_docs(tmp_path))
            service.ask(RENT)
            assert list(check_tokenizer(service.services)) == []
        assert glm5.counted == []

    def test_the_doctor_tells_the_count(self, tmp_path: Path) -> None:
        with server() as glm5, live(_settings(glm5, tmp_path / "data", exact=True)) as service:
            service.ingest(_docs(tmp_path))
            [found] = check_tokenizer(service.services)
            assert (found.check, found.state) == ("tokens of latin text", "ok")
            assert re.fullmatch(r"glm-5 reads 0\.\d\d for each one that is estimated", found.detail)
            glm5.tokenizes = False
            [found] = check_tokenizer(service.services)
            assert (found.state, found.detail[-10:]) == ("note", "status 404")


def _first_prompt(folder: Path, *, exact: bool) -> float:
    """How far the estimate of a first prompt lies from the provider's count, as a share of that."""
    with server() as glm5, live(_settings(glm5, folder / f"data-{exact}", exact=exact)) as service:
        write_texts(folder / "russian", {"аренда.md": RUSSIAN})
        service.ingest(folder / "russian")
        answer = service.ask("Какова арендная плата за склад?", mode="retrieve")
        service.services.ledger.settle()
        [call] = service.services.ledger.explanation("default", answer["id"]).calls
        assert len(glm5.counted) == exact
        return abs(call.planned_tokens - call.prompt_tokens) / call.prompt_tokens


def _docs(folder: Path) -> Path:
    write_texts(folder / "docs", {"lease.md": LEASE})
    return folder / "docs"


def _settings(glm5: Glm5Server, data: Path, *, exact: bool) -> Settings:
    return Settings(
        data=data,
        llm_base_url=glm5.base_url,
        llm_provider="zai",
        llm_api_key=SecretStr("key"),
        exact_tokens=exact,
    )
