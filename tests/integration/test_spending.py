"""Budgeted keys over HTTP: what a call costs that no provider counted, and which key pays for a review."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from pydantic import SecretStr

from ingest.catalog.call_records import UsageWanted
from ingest.catalog.key_records import KeyLimits
from service.access.keys import KeyEnded, make_key
from service.http.review_shapes import ReviewRequest
from service.models.prices import Price
from service.reviewing.controlling import begin
from service.setting_groups.models import FallbackProvider, ModelPrice
from service.settings import Settings
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import CutStream, ErrorReply, Glm5Server, Hang, Reply
from tests.fakes.live_service import live

if TYPE_CHECKING:
    from collections.abc import Generator

    from ingest.catalog.call_records import UsageRow
    from tests.fakes.live_service import LiveService

RENT = "What is the monthly rent?"
QUERY = {"question": RENT, "mode": "retrieve"}
GLM5 = Price(1.0, 0.2, 3.2)
LONG = "word " * 400
CUT = CutStream(after=8, reply=Reply(LONG))
TITLE = (
    '### Task:\nGenerate a short title.\n### Output:\nJSON format: { "title": "…" }\n'
    "### Chat History:\n<chat_history>\nUSER: Hi\n</chat_history>"
)
ORDER = {"collection": "default", "questions": [{"question": RENT}]}


@pytest.fixture(scope="module")
def first() -> Generator[Glm5Server]:
    with Glm5Server(lambda _: Reply("The documents do not say.")) as server:
        yield server


@pytest.fixture(scope="module")
def other() -> Generator[Glm5Server]:
    with Glm5Server(lambda _: Reply("The documents do not say.")) as server:
        yield server


@pytest.fixture(scope="module")
def service(
    first: Glm5Server, other: Glm5Server, tmp_path_factory: pytest.TempPathFactory
) -> Generator[LiveService]:
    folder = tmp_path_factory.mktemp("docs")
    write_texts(folder, {"lease.md": LEASE})
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        llm_base_url=first.base_url,
        llm_provider="zai",
        llm_api_key=SecretStr("key"),
        llm_circuit_failures=1_000,
        fallbacks=(
            FallbackProvider(
                provider="vllm",
                base_url=other.base_url,
                model="house",
                price=ModelPrice(input=500.0, output=2_000.0),
            ),
        ),
    )
    with live(settings) as running:
        running.ingest(folder)
        make_key(running.services.catalog, "default", "the first key closes the server")
        yield running


@pytest.fixture
def down(first: Glm5Server) -> Generator[None]:
    """The first provider refuses, so that the other one answers."""
    yield from scripted(first, ErrorReply(401, code="1000"))


@pytest.fixture
def cut(first: Glm5Server) -> Generator[None]:
    """The first provider cuts its replies short."""
    yield from scripted(first, CUT)


def scripted(server: Glm5Server, step: ErrorReply | CutStream | Hang) -> Generator[None]:
    before = server.script
    server.script = lambda _: step
    yield
    server.script = before


class Payer:
    """A client with a key of its own."""

    def __init__(self, service: LiveService, usd: float = 50.0) -> None:
        self._services = service.services
        key, self.record = make_key(
            service.services.catalog,
            "default",
            "",
            permissions=("read", "write"),
            limits=KeyLimits(usd_per_day=usd),
        )
        headers = {"Authorization": f"Bearer {key}"}
        self.http = httpx2.Client(base_url=service.url, headers=headers, timeout=60, trust_env=False)

    def post(self, path: str, body: object) -> httpx2.Response:
        return self.http.post(path, json=body)

    def review(self, begun: httpx2.Response) -> Any:  # noqa: ANN401 — JSON
        """As it ended."""
        assert begun.status_code == 202, begun.text
        return self.ended(begun.json()["id"])

    def ended(self, identity: str) -> Any:  # noqa: ANN401 — JSON
        """A review at its end."""
        while True:
            review = self.http.get(f"/v1/reviews/{identity}").json()
            if review["state"] not in {"queued", "running"}:
                return review
            time.sleep(0.02)

    def spent(self, calls: int = 1) -> UsageRow:
        """What its calls took, once there are so many of them."""
        deadline = time.monotonic() + 10
        while True:
            total = self._services.ledger.usage("default", UsageWanted(key=self.record.id)).total
            if total.calls >= calls or time.monotonic() > deadline:
                return total
            time.sleep(0.02)


@pytest.fixture
def payer(service: LiveService) -> Generator[Payer]:
    made = Payer(service)
    with made.http:
        yield made


@pytest.mark.usefixtures("down")
def test_who_leaves_another_providers_answer_pays_for_what_came_and_may_ask_again(
    payer: Payer, other: Glm5Server
) -> None:
    before = other.script
    other.script = lambda _: Hang(after=8, reply=Reply(LONG))
    try:
        with payer.http.stream("POST", "/v1/query", json={**QUERY, "stream": True}) as response:
            assert any(line == "event: delta" for line in response.iter_lines())
    finally:
        other.script = before

    left = payer.spent()
    assert (left.failed, left.unpriced) == (1, 0)
    assert left.usd is not None
    assert left.usd > (left.planned_tokens * 500 + 2_000) / 1e6
    again = payer.post("/v1/query", QUERY)
    assert again.status_code == 200, again.text


@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/query", QUERY),
        ("/v1/query", {**QUERY, "mode": "agent"}),
        ("/v1/query", {**QUERY, "mode": "map"}),
        ("/v1/collections/default/warm", {}),
        (
            "/v1/chat/completions",
            {"model": "lectern/default", "messages": [{"role": "user", "content": TITLE}]},
        ),
        ("/v1/reviews", ORDER),
    ],
    ids=["answer", "agent", "map", "warm", "chore", "review"],
)
def test_a_cut_reply_is_charged_for_what_came(payer: Payer, path: str, body: dict[str, object]) -> None:
    asked = payer.post(path, body)
    if path == "/v1/reviews":
        payer.review(asked)

    spent = payer.spent()
    assert (spent.failed, spent.unpriced) == (spent.calls, 0)
    assert spent.usd is not None
    assert spent.usd > (spent.planned_tokens + spent.calls) * GLM5.input / 1e6  # more than the prompts


class TestAttemptsThatAreLost:
    """The provider may have read each of them, whatever came after."""

    @pytest.fixture
    def silent(self, first: Glm5Server) -> Generator[None]:
        """The first provider takes the prompt and hangs up."""
        yield from scripted(first, CutStream(after=0))

    @pytest.mark.usefixtures("silent")
    def test_they_are_charged_with_the_answer(self, payer: Payer, first: Glm5Server) -> None:
        before = len(first.requests)
        answer = payer.post("/v1/query", QUERY)

        assert answer.status_code == 200, answer.text
        lost = len(first.requests) - before
        assert lost == 2
        spent = payer.spent()
        planned = spent.planned_tokens * lost * GLM5.input / 1e6
        assert spent.usd == pytest.approx(answer.json()["cost"]["usd"] + planned)

    def test_they_are_charged_where_the_first_provider_may_not_be_asked(
        self, payer: Payer, first: Glm5Server, other: Glm5Server, service: LiveService
    ) -> None:
        catalog, asked = service.services.catalog, len(first.requests)
        catalog.set_egress("default", "default", "vllm")
        cutting = scripted(other, CutStream(after=0))
        next(cutting)
        try:
            before = len(other.requests)
            answer = payer.post("/v1/query", QUERY)
            lost = len(other.requests) - before
        finally:
            next(cutting, None)
            catalog.set_egress("default", "default", "any")

        assert answer.status_code == 502, answer.text  # not 403: somebody was asked
        assert (len(first.requests), lost) == (asked, 5)
        spent = payer.spent()
        assert (spent.calls, spent.failed, spent.unpriced) == (1, 1, 0)
        assert spent.usd == pytest.approx(spent.planned_tokens * lost * 500.0 / 1e6)


class TestReviews:
    def test_who_goes_on_pays(self, service: LiveService, payer: Payer, first: Glm5Server) -> None:
        poor = Payer(service, usd=0.000_001)
        with poor.http:
            begun = poor.post("/v1/reviews", {**ORDER, "name": "shared"})
            assert poor.review(begun)["state"] == "failed"
        asked = len(first.requests)

        resumed = payer.post(f"/v1/reviews/{begun.json()['id']}/resume", {})

        assert payer.review(resumed)["state"] == "done"
        assert payer.spent().calls == len(first.requests) - asked == 1
        assert poor.spent(0).calls == 0

    def test_and_so_does_who_begins_one_of_the_same_name(self, service: LiveService, payer: Payer) -> None:
        poor = Payer(service, usd=0.000_001)
        with poor.http:
            begun = poor.post("/v1/reviews", {**ORDER, "name": "again"})
            assert poor.review(begun)["state"] == "failed"

        again = payer.post("/v1/reviews", {**ORDER, "name": "again"})

        assert again.json()["id"] == begun.json()["id"]
        assert payer.review(again)["state"] == "done"
        assert payer.spent().calls == 1

    def test_a_used_up_key_begins_none_and_goes_on_with_none(
        self, service: LiveService, payer: Payer
    ) -> None:
        done = payer.review(payer.post("/v1/reviews", ORDER))
        broke = Payer(service, usd=0.0)
        with broke.http:
            begun = broke.post("/v1/reviews", ORDER)
            resumed = broke.post(f"/v1/reviews/{done['id']}/resume", {})
            nobodys = broke.post("/v1/reviews/nothing/resume", {})
        assert (begun.status_code, resumed.status_code, nobodys.status_code) == (429, 429, 404)
        assert begun.json()["code"] == "insufficient_quota"
        assert service.services.catalog.review("default", done["id"]).key == payer.record.id

    def test_a_revoked_key_pays_for_nothing_more(
        self, service: LiveService, payer: Payer, first: Glm5Server
    ) -> None:
        leaked, asked = Payer(service), len(first.requests)
        hanging = scripted(first, Hang(after=0))
        next(hanging)
        with leaked.http:
            begun = leaked.post("/v1/reviews", {**ORDER, "name": "leaked"})
            identity = begun.json()["id"]
            while len(first.requests) == asked:
                time.sleep(0.02)
            service.services.catalog.revoke_key("default", leaked.record.id)
        try:
            ended = payer.ended(identity)
        finally:
            next(hanging, None)

        assert (ended["state"], ended["reason"]) == ("failed", str(KeyEnded()))
        resumed = payer.post(f"/v1/reviews/{identity}/resume", {})
        assert payer.review(resumed)["state"] == "done"
        assert (leaked.spent().calls, payer.spent().calls) == (1, 1)

    @pytest.mark.parametrize("how", ["revoked", "expired", "unknown"])
    def test_nor_for_what_still_waits(
        self, service: LiveService, payer: Payer, first: Glm5Server, how: str
    ) -> None:
        soon = datetime.now(UTC) + timedelta(milliseconds=50)
        catalog, asked = service.services.catalog, len(first.requests)
        _, key = make_key(catalog, "default", "", expires_at=soon if how == "expired" else None)
        if how == "revoked":
            catalog.revoke_key("default", key.id)
        time.sleep(0.1)
        order = ReviewRequest.model_validate(ORDER).to_order()
        label = "0" * 12 if how == "unknown" else key.id

        waiting = begin(service.services, "default", "default", order, key=label, unattended=True).review

        ended = payer.ended(waiting.id)
        assert (ended["state"], ended["reason"]) == ("failed", str(KeyEnded()))
        assert len(first.requests) == asked
