"""From settings to providers: which are asked where, with what key, for what price."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from service.models.assembling import Upstreams, secret
from service.models.contract import Message, ModelRequest, complete
from service.models.errors import CircuitOpen, KeyRejected, ModelFailed
from service.models.prices import FREE, Price
from service.observing import Observer
from service.settings import SettingsError, load_settings
from tests.fakes.egress import EverythingMayLeave
from tests.fakes.glm5 import ErrorReply, Glm5Server, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.settings import Settings

REQUEST = ModelRequest((Message("user", "Who signs?"),), max_tokens=100)
NO_FOLDER = Path("/nonexistent")


def loaded(**environment: object) -> Settings:
    return load_settings(
        {
            f"LECTERN_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
            for name, value in environment.items()
        },
        NO_FOLDER,
    )


class TestSettings:
    def test_a_list_in_the_environment(self) -> None:
        settings = loaded(
            llm_api_key="first-key",
            fallbacks=[
                {"provider": "openrouter", "api_key": "second-key"},
                {
                    "base_url": "http://127.0.0.1:8000/v1",
                    "model": "house",
                    "context": 65_536,
                    "price": {"input": 0.5, "output": 2.0},
                },
            ],
        )
        zai, openrouter, own = Upstreams(settings, EverythingMayLeave(), Observer()).endpoints
        assert (zai.provider.name, zai.api_key, zai.model) == ("zai", "first-key", "glm-5")
        assert openrouter.provider.name == "openrouter"
        assert openrouter.base_url == "https://openrouter.ai/api/v1"
        assert (openrouter.api_key, openrouter.model) == ("second-key", "z-ai/glm-5")
        assert openrouter.price == Price(0.8, 0.16, 2.56)
        assert openrouter.limits.context == 202_752
        assert (own.provider.name, own.model, own.api_key) == ("openai", "house", "")
        assert own.price == Price(0.5, 0.5, 2.0)
        assert own.limits.context == 65_536

    def test_tables_in_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "lectern.toml").write_text(
            'llm_api_key = "k"\n[[fallbacks]]\nprovider = "vllm"\nbase_url = "http://gpu:8000/v1"\n'
        )
        _, vllm = Upstreams(load_settings({}, tmp_path), EverythingMayLeave(), Observer()).endpoints
        assert (vllm.provider.name, vllm.base_url, vllm.price) == ("vllm", "http://gpu:8000/v1", FREE)

    @pytest.mark.parametrize(
        ("fallbacks", "complaint"),
        [
            ([{"model": "glm-5"}], "fallbacks.0: .*needs a provider or a base_url"),
            ([{"provider": "zai", "api_kye": "x"}], "fallbacks.0.api_kye"),
            ('[{"provider": "zai", "api_key": "very-secret"', "setting fallbacks: .*must be a JSON list"),
        ],
    )
    def test_what_is_wrong_is_named_and_no_key_is(self, fallbacks: object, complaint: str) -> None:
        with pytest.raises(SettingsError, match=complaint) as raised:
            loaded(llm_api_key="k", fallbacks=fallbacks)
        assert "very-secret" not in str(raised.value)

    @pytest.mark.parametrize(
        ("fallback", "complaint"),
        [
            ({"provider": "nobody"}, "setting fallbacks.0.provider: must be one of apiyi"),
            ({"provider": "vllm"}, "setting fallbacks.0.base_url: vllm has no address of its own"),
        ],
    )
    def test_who_cannot_be_found_is_named(self, fallback: Mapping[str, str], complaint: str) -> None:
        with pytest.raises(SettingsError, match=complaint):
            Upstreams(loaded(llm_api_key="k", fallbacks=[fallback]), EverythingMayLeave(), Observer())

    def test_unknown_servers_are_told_apart_by_their_hosts(self) -> None:
        observer = Observer()
        addresses = ["http://user:secret@gpu:8000/v1", "http://gpu2/v1", "https://api.z.ai/v4"]
        first, *others = [{"base_url": address} for address in addresses]
        settings = loaded(llm_base_url=first["base_url"], llm_api_key="k", fallbacks=others)
        made = Upstreams(settings, EverythingMayLeave(), observer)

        assert [endpoint.label for endpoint in made.endpoints] == [
            "openai at gpu:8000",
            "openai at gpu2",
            "zai",
        ]
        assert [endpoint.provider.name for endpoint in made.endpoints] == ["openai", "openai", "zai"]
        assert set(observer.circuits) == {"openai at gpu:8000", "openai at gpu2", "zai"}

    def test_keys_are_not_shown(self) -> None:
        settings = loaded(llm_api_key="k", fallbacks=[{"provider": "zai", "api_key": "very-secret"}])
        assert "very-secret" not in repr(settings)
        assert "very-secret" not in repr(Upstreams(settings, EverythingMayLeave(), Observer()).endpoints)
        assert secret(settings.fallbacks[0].api_key) == "very-secret"


def upstreams(first: Glm5Server, *others: Glm5Server, **settings: object) -> Upstreams:
    fallbacks = [{"provider": "vllm", "base_url": other.base_url, "api_key": "other-key"} for other in others]
    return Upstreams(
        loaded(
            llm_base_url=first.base_url,
            llm_provider="zai",
            llm_api_key="first-key",
            fallbacks=fallbacks,
            **settings,
        ),
        EverythingMayLeave(),
        Observer(),
    )


@pytest.mark.anyio
async def test_each_is_asked_in_its_own_way() -> None:
    """Address, key, name of the model, and how thinking is switched off."""
    with (
        Glm5Server([ErrorReply(401, code="1000")]) as first,
        Glm5Server([Reply("Bo Li.")]) as other,
    ):
        connection = upstreams(first, other).connect()
        request = ModelRequest(
            REQUEST.messages, max_tokens=100, model="glm-5", thinking=False, session="s", cache_salt="t"
        )
        reply = await complete(connection.model, request)
        await connection.close()

    assert reply.text == "Bo Li."
    assert reply.diverted is not None
    assert (reply.diverted.provider, reply.diverted.price) == ("vllm", FREE)
    [asked], [asked_elsewhere] = first.requests, other.requests
    assert (asked.headers["authorization"], asked.body["model"]) == ("Bearer first-key", "glm-5")
    assert asked.body["thinking"] == {"type": "disabled"}
    assert asked_elsewhere.headers["authorization"] == "Bearer other-key"
    assert asked_elsewhere.body["model"] == "zai-org/GLM-5-FP8"
    assert asked_elsewhere.body["chat_template_kwargs"] == {"enable_thinking": False}
    assert "thinking" not in asked_elsewhere.body
    assert asked_elsewhere.body["cache_salt"] == "t"


@pytest.mark.anyio
async def test_errors_and_warnings_name_the_host_of_an_unknown_server() -> None:
    with Glm5Server(lambda _: ErrorReply(500)) as first, Glm5Server(lambda _: Reply("Bo Li.")) as other:
        fallbacks = [{"base_url": other.base_url}]
        settings = {"llm_base_url": first.base_url, "llm_attempts": 1, "llm_circuit_failures": 1}
        alone = Upstreams(loaded(**settings), EverythingMayLeave(), Observer()).connect()
        with pytest.raises(ModelFailed) as failed:
            await complete(alone.model, REQUEST)
        with pytest.raises(CircuitOpen, match=f"^openai at {host(first)} has failed too often") as refused:
            await complete(alone.model, REQUEST)
        both = Upstreams(loaded(**settings, fallbacks=fallbacks), EverythingMayLeave(), Observer()).connect()
        reply = await complete(both.model, REQUEST)
        await alone.close()
        await both.close()

    told = [(error.value.provider, error.value.host) for error in (failed, refused)]
    assert told == [(f"openai at {host(first)}", host(first))] * 2
    assert reply.diverted is not None
    assert reply.diverted.provider == "openai", "which the ledger knows it by"
    assert reply.diverted.warning.startswith(f"openai at {host(other)} answered with glm-5: ")


def host(server: Glm5Server) -> str:
    return server.base_url.split("/")[2]


@pytest.mark.anyio
async def test_a_provider_with_another_behind_it_is_asked_twice_at_most() -> None:
    with Glm5Server(lambda _: ErrorReply(500)) as first, Glm5Server(lambda _: Reply("Bo Li.")) as other:
        made = upstreams(first, other, llm_attempts=5)
        connection = made.connect()
        for _ in range(6):
            assert (await complete(connection.model, REQUEST)).text == "Bo Li."
        await connection.close()

    assert made.endpoints[0].circuit.is_open
    assert len(first.requests) == 8, "from then on it is left alone"
    assert len(other.requests) == 6


@pytest.mark.anyio
async def test_clients_of_one_provider_share_its_state() -> None:
    """What the answers' client has found out, the one of side calls knows."""
    with Glm5Server(lambda _: ErrorReply(500)) as first:
        made = upstreams(first, llm_attempts=1, llm_circuit_failures=2)
        answers, side = made.connect(), made.connect(attempts=2)
        for _ in range(2):
            with pytest.raises(ModelFailed):
                await complete(answers.model, REQUEST)
        with pytest.raises(CircuitOpen):
            await complete(side.model, REQUEST)
        await answers.close()
        await side.close()
    assert len(first.requests) == 2


@pytest.mark.anyio
async def test_the_settings_attempts_bound_those_of_side_calls() -> None:
    with Glm5Server(lambda _: ErrorReply(500)) as first:
        connection = upstreams(first, llm_attempts=1).connect(attempts=2)
        with pytest.raises(ModelFailed):
            await complete(connection.model, REQUEST)
        await connection.close()
    assert len(first.requests) == 1


@pytest.mark.anyio
async def test_a_refused_key_is_not_asked_again() -> None:
    with Glm5Server(lambda _: ErrorReply(401, code="1000")) as first:
        connection = upstreams(first).connect()
        with pytest.raises(KeyRejected):
            await complete(connection.model, REQUEST)
        await connection.close()
    assert len(first.requests) == 1
