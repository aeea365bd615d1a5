"""Every route with every kind of access key: one table says what each may do."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, cast

import pytest
from pydantic import SecretStr
from reportlab.pdfgen.canvas import Canvas

from ingest.catalog.job_records import JobRequest
from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.sandbox import InlineParser
from prompts.reviewing import ReviewQuestion
from service.access.keys import make_key
from service.http.app import create_app
from service.reviewing.cells import ReviewOrder, encode_order
from service.settings import Settings
from tests.fakes.calls import call
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import live

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx2

    from ingest.catalog.key_records import KeyRecord, Permission
    from tests.fakes.live_service import LiveService

TENANT, COLLECTION = "acme", "contracts"
Holder = Literal[
    "nobody",
    "wrong",
    "expired",
    "revoked",
    "read",
    "write",
    "read+write",
    "limited",
    "admin",
    "stranger",
]
"""``limited`` reads and writes another collection of the tenant; ``stranger`` administers another tenant."""
UNKNOWN: frozenset[Holder] = frozenset(("nobody", "wrong", "expired", "revoked"))
GRANTED: dict[Holder, frozenset[Permission]] = {
    "read": frozenset(("read",)),
    "write": frozenset(("write",)),
    "read+write": frozenset(("read", "write")),
    "limited": frozenset(("read", "write")),
    "admin": frozenset(("read", "write", "admin")),
    "stranger": frozenset(("read", "write", "admin")),
}
READ, WRITE, FOLLOW, ADMIN = (
    frozenset[str](names) for names in (("read",), ("write",), ("read", "write"), ("admin",))
)
"""A route asks for any one of these."""
OPEN = frozenset[str]()
"""Of a route that asks for no key."""


@dataclass(frozen=True)
class Asked:
    """A request that is right in all but, perhaps, who makes it."""

    path: str
    body: dict[str, Any] | None = None
    files: dict[str, Any] | None = None
    content: bytes | None = None


@dataclass(frozen=True)
class Row:
    """What a route answers to whom."""

    route: str
    asks_for: frozenset[str]
    make: Callable[[Stage], Asked]
    done: int = 200
    limited: int = 404
    stranger: int = 404

    def status(self, holder: Holder) -> int:
        if not self.asks_for:
            return self.done
        if holder in UNKNOWN:
            return 401
        if not self.asks_for & GRANTED[holder]:
            return 403
        return {"limited": self.limited, "stranger": self.stranger}.get(holder, self.done)


@dataclass
class Stage:
    """One service with a tenant's documents, and a key of each kind."""

    service: LiveService
    folder: Path
    keys: dict[Holder, str]
    labels: dict[Holder, str]
    holder: Holder = "nobody"
    """Who asks next: what is somebody's own is made theirs."""

    def ingest(self, name: str) -> str:
        """A document of this file; its id."""
        wired = self.service.services
        ingester = Ingester(wired.catalog, wired.index, wired.embedder, InlineParser(read))
        path = self.folder / name
        ingester.ingest(TENANT, COLLECTION, [path], largest=2**20, on_progress=lambda _: None)
        return wired.catalog.document_at(TENANT, COLLECTION, name).id

    def document(self, part: str = "") -> Asked:
        return Asked(f"/v1/documents/{self.ingest('lease.md')}{part}")

    def unread(self) -> Asked:
        """A file that could not be read."""
        catalog = self.service.services.catalog
        record = catalog.collection(TENANT, COLLECTION)
        catalog.record_failure(record, "unread.pdf", "unreadable", "no pages", size=0, modified_ns=0)
        return Asked(f"/v1/documents?collection={COLLECTION}&path=unread.pdf")

    def doomed(self) -> Asked:
        name = f"{secrets.token_hex(4)}.md"
        (self.folder / name).write_text(f"# Note {name}\n\nIt is short.\n", encoding="utf-8")
        return Asked(f"/v1/documents/{self.ingest(name)}")

    @property
    def owner(self) -> str:
        """Whose a conversation is: the asker's, where they may have had one here."""
        theirs = self.holder in {"read", "write", "read+write"}
        return self.labels[self.holder] if theirs else "somebody"

    def session(self) -> Asked:
        identity = secrets.token_hex(8)
        self.service.services.catalog.save_session(
            TENANT, identity, COLLECTION, turns="[]", documents=[], key=self.owner
        )
        return Asked(f"/v1/sessions/{identity}")

    def job(self, part: str = "", *, ended: bool = True) -> Asked:
        """Of another place, so that nobody here runs it."""
        catalog = self.service.services.catalog
        job = catalog.add_job(TENANT, COLLECTION, "ingest", JobRequest(paths=("/x",)), place="elsewhere")
        assert not ended or catalog.move_job(job, "cancelled")
        return Asked(f"/v1/jobs/{job.id}{part}")

    def review(self, part: str = "", body: dict[str, Any] | None = None) -> Asked:
        order = encode_order(ReviewOrder((ReviewQuestion("rent", "What is the rent?"),)))
        review = self.service.services.catalog.add_review(
            TENANT,
            COLLECTION,
            name="",
            request=order,
            chosen=[self.ingest("lease.md")],
            unattended=False,
        )
        return Asked(f"/v1/reviews/{review.id}{part}", body)

    def key(self) -> Asked:
        _, record = make_key(self.service.services.catalog, TENANT, "of somebody who leaves")
        return Asked(f"/v1/keys/{record.id}")

    def explanation(self) -> Asked:
        made = call(TENANT, collection=COLLECTION, key=self.owner, session=secrets.token_hex(4))
        self.service.services.ledger.record(made)
        return Asked(f"/v1/answers/{made.answer}/explanation")


QUESTIONS = [{"id": "rent", "question": "What is the rent?"}]
ORDER: dict[str, Any] = {"collection": COLLECTION, "questions": QUESTIONS}
ROWS = (
    Row("GET /healthz", OPEN, lambda _: Asked("/healthz")),
    Row("GET /readyz", OPEN, lambda _: Asked("/readyz")),
    Row(
        "GET /metrics", OPEN, lambda _: Asked("/metrics"), done=401
    ),  # which is of all: no tenant's key opens it
    Row("GET /openapi.json", OPEN, lambda _: Asked("/openapi.json")),
    Row("GET /docs", OPEN, lambda _: Asked("/docs")),
    Row("GET /", OPEN, lambda _: Asked("/")),
    Row("GET /web/{path:path}", OPEN, lambda _: Asked("/web/main.js")),
    Row(
        "POST /v1/query",
        READ,
        lambda _: Asked("/v1/query", {"question": "What is the rent?", "collection": COLLECTION}),
    ),
    Row("POST /v1/search", READ, lambda _: Asked("/v1/search", {"query": "rent", "collection": COLLECTION})),
    Row(
        "POST /v1/chat/completions",
        READ,
        lambda _: Asked(
            "/v1/chat/completions",
            {"model": f"lectern/{COLLECTION}", "messages": [{"role": "user", "content": "The rent?"}]},
        ),
    ),
    Row("GET /v1/models", READ, lambda _: Asked("/v1/models"), limited=200, stranger=200),
    Row("GET /v1/models/{model:path}", READ, lambda _: Asked(f"/v1/models/lectern/{COLLECTION}")),
    Row(
        "POST /v1/documents",
        WRITE,
        lambda _: Asked(
            "/v1/documents",
            {"collection": "inbox"},
            files={"file": ("sent.md", b"# Sent\n\nIt was sent.\n")},
        ),
        done=202,
        stranger=202,
    ),
    Row("GET /v1/documents", READ, lambda _: Asked(f"/v1/documents?collection={COLLECTION}")),
    Row("GET /v1/documents/{document_id}", READ, lambda stage: stage.document()),
    Row("GET /v1/documents/{document_id}/versions", READ, lambda stage: stage.document("/versions")),
    Row("GET /v1/documents/{document_id}/text", READ, lambda stage: stage.document("/text")),
    Row("GET /v1/documents/{document_id}/outline", READ, lambda stage: stage.document("/outline")),
    Row("GET /v1/documents/{document_id}/place", READ, lambda stage: stage.document("/place?start=0&end=4")),
    Row("GET /v1/documents/{document_id}/pages", READ, lambda stage: stage.document("/pages")),
    Row(
        "GET /v1/documents/{document_id}/pages/{page}/image",
        READ,
        lambda stage: Asked(f"/v1/documents/{stage.ingest('plan.pdf')}/pages/1/image"),
    ),
    Row("DELETE /v1/documents", WRITE, lambda stage: stage.unread(), done=204),
    Row("DELETE /v1/documents/{document_id}", WRITE, lambda stage: stage.doomed(), done=204),
    Row("GET /v1/collections", READ, lambda _: Asked("/v1/collections"), limited=200, stranger=200),
    Row("GET /v1/collections/{name:path}", READ, lambda _: Asked(f"/v1/collections/{COLLECTION}")),
    Row(
        "PUT /v1/collections/{name:path}/pinned",
        WRITE,
        lambda _: Asked(f"/v1/collections/{COLLECTION}/pinned", {"documents": []}),
    ),
    Row(
        "PUT /v1/collections/{name:path}/egress",
        ADMIN,
        lambda stage: Asked(
            f"/v1/collections/{stage.ingest('lease.md') and COLLECTION}/egress", {"egress": "any"}
        ),
    ),
    Row(
        "POST /v1/collections/{name:path}/warm",
        WRITE,
        lambda _: Asked(f"/v1/collections/{COLLECTION}/warm", {}),
    ),
    Row(
        "DELETE /v1/collections/{name:path}",
        ADMIN,
        lambda stage: Asked(f"/v1/collections/{stage.ingest('lease.md') and COLLECTION}"),
        done=204,
    ),
    Row("GET /v1/sessions", READ, lambda _: Asked("/v1/sessions"), limited=200, stranger=200),
    Row("GET /v1/sessions/{session_id}", READ, lambda stage: stage.session()),
    Row("DELETE /v1/sessions/{session_id}", READ, lambda stage: stage.session(), done=204),
    Row("GET /v1/jobs", READ, lambda _: Asked("/v1/jobs"), limited=200, stranger=200),
    Row("GET /v1/jobs/{job_id}", FOLLOW, lambda stage: stage.job()),
    Row("GET /v1/jobs/{job_id}/events", FOLLOW, lambda stage: stage.job("/events")),
    Row("POST /v1/jobs/{job_id}/cancel", WRITE, lambda stage: stage.job("/cancel", ended=False)),
    Row("POST /v1/jobs/{job_id}/retry", WRITE, lambda stage: stage.job("/retry"), done=202),
    Row(
        "POST /v1/ingests",
        ADMIN,
        lambda stage: Asked("/v1/ingests", {"paths": [str(stage.folder)], "collection": "folders"}),
        done=202,
        stranger=403,  # what lies on the machine is not theirs
    ),
    Row("POST /v1/reviews", WRITE, lambda _: Asked("/v1/reviews", ORDER), done=202),
    Row("POST /v1/reviews/estimate", READ, lambda _: Asked("/v1/reviews/estimate", ORDER)),
    Row(
        "POST /v1/reviews/questions",
        READ,
        lambda _: Asked("/v1/reviews/questions?name=q.csv", content=b"question\nWhat is the rent?\n"),
        limited=200,
        stranger=200,
    ),
    Row("GET /v1/reviews", READ, lambda _: Asked("/v1/reviews"), limited=200, stranger=200),
    Row("GET /v1/reviews/{review_id}", READ, lambda stage: stage.review()),
    Row("GET /v1/reviews/{review_id}/export", READ, lambda stage: stage.review("/export?format=csv")),
    Row("POST /v1/reviews/{review_id}/resume", WRITE, lambda stage: stage.review("/resume", {}), done=202),
    Row("POST /v1/reviews/{review_id}/cancel", WRITE, lambda stage: stage.review("/cancel")),
    Row("DELETE /v1/reviews/{review_id}", WRITE, lambda stage: stage.review(), done=204),
    Row("GET /v1/keys", ADMIN, lambda _: Asked("/v1/keys"), stranger=200),
    Row("POST /v1/keys", ADMIN, lambda _: Asked("/v1/keys", {}), done=201, stranger=201),
    Row("DELETE /v1/keys/{key_id}", ADMIN, lambda stage: stage.key()),
    Row("GET /v1/audit", ADMIN, lambda _: Asked("/v1/audit"), stranger=200),
    Row("GET /v1/usage", READ, lambda _: Asked("/v1/usage"), limited=200, stranger=200),
    Row("GET /v1/answers/{answer_id}/explanation", READ, lambda stage: stage.explanation()),
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("docs")
    (folder / "lease.md").write_text("# Lease\n\nThe rent is 4,200 euros.\n", encoding="utf-8")
    page = Canvas(str(folder / "plan.pdf"), pagesize=(200, 100))
    page.drawString(20, 50, "The plan of the house.")
    page.save()
    with Glm5Server(lambda _: Reply("The documents do not say.")) as glm5:
        settings = Settings(
            data=tmp_path_factory.mktemp("data"),
            llm_base_url=glm5.base_url,
            llm_provider="zai",
            llm_api_key=SecretStr("key"),
            ingest_roots=(folder,),
            tenant=TENANT,
        )
        with live(settings) as service:
            yield _staged(service, folder)


def _staged(service: LiveService, folder: Path) -> Stage:
    catalog = service.services.catalog
    made: dict[Holder, tuple[str, KeyRecord]] = {}
    for holder, granted in GRANTED.items():
        made[holder] = make_key(
            catalog,
            "other" if holder == "stranger" else TENANT,
            holder,
            permissions=granted - {"admin"} if holder == "limited" else granted,
            collections=["elsewhere"] if holder == "limited" else None,
        )
    expired, revoked = (make_key(catalog, TENANT, name, permissions=["admin"]) for name in ("old", "lost"))
    catalog.revoke_key(TENANT, revoked[1].id)
    past = replace(expired[1], id="0" * 12, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    short = expired[0].replace(expired[1].id, past.id)
    catalog.add_key(replace(past, digest=sha256(short.encode()).hexdigest()))
    keys: dict[Holder, str] = {holder: key for holder, (key, _) in made.items()}
    keys |= {"wrong": made["admin"][0][:-4] + "AAAA", "expired": short, "revoked": revoked[0]}
    return Stage(service, folder, keys, {holder: record.id for holder, (_, record) in made.items()})


def ask(stage: Stage, row: Row, holder: Holder) -> httpx2.Response:
    stage.holder = holder
    stage.ingest("lease.md")  # where it was deleted
    asked = row.make(stage)
    headers = {"Authorization": f"Bearer {stage.keys[holder]}"} if holder in stage.keys else {}
    method = row.route.partition(" ")[0]
    sent: dict[str, Any] = {"headers": headers, "files": asked.files, "content": asked.content}
    sent["data" if asked.files else "json"] = asked.body
    return stage.service.http.request(method, asked.path, **sent)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: cast("Row", row).route)
def test_a_route_answers_each_as_the_table_says(stage: Stage, row: Row) -> None:
    holders: list[Holder] = [*sorted(UNKNOWN), *GRANTED]

    answers = {holder: ask(stage, row, holder) for holder in holders}

    found = {holder: answer.status_code for holder, answer in answers.items()}
    assert found == {holder: row.status(holder) for holder in holders}
    for holder, answer in answers.items():
        assert (answer.status_code == 401) == ("www-authenticate" in answer.headers), holder


def test_no_route_is_without_a_row(stage: Stage) -> None:
    routes = set(_routes(create_app(stage.service.services).routes))

    assert routes == {row.route for row in ROWS}
    assert len(ROWS) == len(routes)


def _routes(found: object, prefix: str = "") -> Iterator[str]:
    """Methods and paths, those that the description leaves out as well; `/mcp` has tests of its own."""
    for route in cast("list[Any]", found):
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _routes(inner.routes, prefix + route.include_context.prefix)
        elif getattr(route, "methods", None):
            yield from (f"{method} {prefix}{route.path}" for method in route.methods - {"HEAD"})
