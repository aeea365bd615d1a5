"""Uploads and jobs over a real server, with its worker, its parsing process and its index process."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from reportlab.pdfgen.canvas import Canvas

from service.settings import Settings
from tests.fakes.files import LEASE, TEXTS, write_texts
from tests.fakes.live_service import live, parse_events

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.live_service import LiveService

PATIENCE = 120
Files = dict[str, str | bytes]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shared")
    write_texts(folder, {"policy.txt": TEXTS["policy.txt"]})
    return folder


@pytest.fixture(scope="module")
def service(data: Path, shared: Path) -> Iterator[LiveService]:
    with live(Settings(data=data, largest_file_mb=1, largest_upload_mb=6, ingest_roots=(shared,))) as running:
        yield running


def send(
    service: LiveService,
    files: Files,
    collection: str | list[str],
    *,
    status: int = 202,
    **fields: str | list[str],
) -> Any:  # noqa: ANN401 — JSON
    parts = [("file", (path, content)) for path, content in files.items()]
    answer = service.http.post("/v1/documents", files=parts, data={"collection": collection, **fields})
    assert answer.status_code == status, answer.text
    return answer.json()


def page_of(words: str) -> bytes:
    """A PDF."""
    file = BytesIO()
    canvas = Canvas(file)
    canvas.drawString(100, 700, words)
    canvas.save()
    return file.getvalue()


def ended(service: LiveService, job: str) -> Any:  # noqa: ANN401 — JSON
    deadline = time.monotonic() + PATIENCE
    while (found := service.get(f"/v1/jobs/{job}"))["state"] in {"queued", "running"}:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def send_and_wait(service: LiveService, files: Files, collection: str, state: str = "done") -> None:
    assert ended(service, send(service, files, collection)["id"])["state"] == state


def on_disk(data: Path) -> list[Path]:
    return [path for path in (data / "uploads").rglob("*") if path.is_file() and path.name != "lock"]


class TestUpload:
    def test_files_become_documents_under_the_paths_given(self, service: LiveService) -> None:
        job = send(
            service,
            {"lease.md": LEASE, "notes.exe": b"MZ", "empty.md": b""},
            "first",
            path=["contracts/Miete.md", "notes.exe", "empty.md"],
        )
        events = service.http.get(f"/v1/jobs/{job['id']}/events", timeout=PATIENCE)

        assert (job["state"], job["kind"], job["paths_total"]) == ("queued", "upload", 3)
        told = parse_events(events.text)
        outcomes = {body["path"]: body["outcome"] for name, body in told if name == "file"}
        assert outcomes == {"contracts/Miete.md": "indexed", "notes.exe": "failed", "empty.md": "failed"}
        assert told[0][0] == "progress"
        assert told[-1][0] == "done"
        found = service.get(f"/v1/jobs/{job['id']}")
        assert {f["path"]: f["reason"] for f in found["failures"]} == {
            "notes.exe": "unsupported",
            "empty.md": "empty",
        }
        assert list(service.documents("first")) == ["contracts/Miete.md"]
        late = parse_events(service.http.get(f"/v1/jobs/{job['id']}/events").text)
        assert [name for name, _ in late] == ["progress", "file", "file", "file", "done"]
        again = service.post(f"/v1/jobs/{job['id']}/retry", {}, 202)
        assert again["state"] == "queued"
        assert ended(service, job["id"])["report"]["unchanged"] == 1
        service.post(f"/v1/jobs/{job['id']}/cancel", {}, 409)

    def test_the_same_path_again_is_a_new_version_and_deleting_it_deletes_the_original(
        self, service: LiveService, data: Path
    ) -> None:
        before = set(on_disk(data))
        for text in (LEASE, LEASE + "\nAddendum: none.\n", LEASE + "\nAddendum: none.\n"):
            assert ended(service, send(service, {"lease.md": text}, "second")["id"])["state"] == "done"

        document = service.documents("second")["lease.md"]
        assert document["version"] == 2
        assert "Addendum" in service.get(f"/v1/documents/{document['id']}/text")["text"]
        original = service.services.originals.original(
            "default", "second", "lease.md", document["content_hash"]
        )
        assert original is not None
        assert "Addendum" in original.read_text()
        assert service.http.delete(f"/v1/documents/{document['id']}").status_code == 204
        assert set(on_disk(data)) == before

    def test_a_purge_deletes_the_files_of_versions_that_were_replaced_and_no_others(
        self, service: LiveService, data: Path
    ) -> None:
        before = set(on_disk(data))
        secret = "The old rent was 3,900 euros.\n"
        for text in (LEASE + secret, LEASE):
            send_and_wait(service, {"lease.md": text, "other.md": text}, "purged")
        send_and_wait(service, {"broken.pdf": b"%PDF-1.4 no pages"}, "purged", state="failed")
        send_and_wait(service, {"lease.md": b""}, "purged", state="failed")
        record = service.services.catalog.collection("default", "purged")
        assert len(set(on_disk(data)) - before) == 6

        assert len(service.services.purge(record)) == 2

        left = {path: path.read_bytes() for path in set(on_disk(data)) - before}
        assert sorted(left.values()) == sorted([b"", b"%PDF-1.4 no pages", *[LEASE.encode()] * 2])
        document = service.documents("purged")["lease.md"]
        kept = service.services.originals.original("default", "purged", "lease.md", document["content_hash"])
        assert kept in left

    def test_a_file_that_could_not_be_read_goes_with_the_one_that_takes_its_place(
        self, service: LiveService, data: Path
    ) -> None:
        before = set(on_disk(data))
        send_and_wait(service, {"scan.pdf": b"%PDF-1.4 no pages"}, "mended", state="failed")
        send_and_wait(service, {"scan.pdf": b"%PDF-1.4 none either"}, "mended", state="failed")
        assert [path.read_bytes() for path in set(on_disk(data)) - before] == [b"%PDF-1.4 none either"]

        whole = page_of("The rent is 4,200 euros.")
        send_and_wait(service, {"scan.pdf": whole}, "mended")

        assert [path.read_bytes() for path in set(on_disk(data)) - before] == [whole]

    def test_a_file_that_could_not_be_read_can_be_deleted(self, service: LiveService, data: Path) -> None:
        before = set(on_disk(data))
        send_and_wait(service, {"lost.pdf": b"%PDF-1.4 no pages", "lease.md": LEASE}, "unread")
        gone = {"collection": "unread", "path": "lost.pdf"}

        assert service.http.delete("/v1/documents", params={**gone, "path": "lease.md"}).status_code == 404
        assert service.http.delete("/v1/documents", params=gone).status_code == 204
        assert service.http.delete("/v1/documents", params=gone).status_code == 404

        assert service.get("/v1/collections/unread")["failures"] == []
        assert [path.read_text() for path in set(on_disk(data)) - before] == [LEASE]

    def test_the_pages_of_what_was_sent_are_shown_also_of_the_version_before(
        self, service: LiveService
    ) -> None:
        for words in ("The rent is 4,200 euros.", "The rent is 4,300 euros."):
            assert (
                ended(service, send(service, {"lease.pdf": page_of(words)}, "shown")["id"])["state"] == "done"
            )

        document = service.documents("shown")["lease.pdf"]
        path = f"/v1/documents/{document['id']}"
        pictures = [
            service.http.get(f"{path}/pages/1/image?width=300&number={document['number'] - age}")
            for age in (0, 1)
        ]
        assert [answer.status_code for answer in pictures] == [200, 200]
        assert pictures[0].content != pictures[1].content
        assert service.get(f"{path}/pages")["images"] is True

    def test_many_files_from_many_senders(self, service: LiveService) -> None:
        def one(sender: int) -> Any:  # noqa: ANN401 — JSON
            files: Files = {f"{sender}-{n}.txt": f"Sender {sender} wrote note {n}.\n" for n in range(10)}
            return send(service, files, f"many-{sender % 2}")

        with ThreadPoolExecutor(4) as senders:
            jobs = list(senders.map(one, range(4)))
            asked = service.post("/v1/search", {"query": "rent", "collection": "first"})

        assert asked["hits"]
        assert all(ended(service, job["id"])["report"]["indexed"] == 10 for job in jobs)
        assert [len(service.documents(f"many-{n}")) for n in range(2)] == [20, 20]
        listed = service.get("/v1/jobs?collection=many-0&state=done&limit=1")["jobs"]
        assert [job["collection"] for job in listed] == ["many-0"]

    def test_nothing_readable_is_a_failed_job(self, service: LiveService) -> None:
        found = ended(service, send(service, {"broken.pdf": b"%PDF-1.7 no"}, "broken")["id"])

        assert (found["state"], found["report"]["reason"]) == ("failed", "none of its files could be read")
        assert [failure["reason"] for failure in found["failures"]] == ["broken"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("files", "fields", "refusal"),
        [
            ({"a.md": "x"}, {"path": "../a.md"}, (422, "must be relative")),
            ({"a.md": "x"}, {"path": ["a", "b"]}, (422, "2 paths for 1 files")),
            ({"a.md": "x", "b/a.md": "y"}, {}, (422, "two different files")),
            ({"a.md": "x"}, {"colour": "red"}, (422, "'colour'")),
            ({"a.md": "x"}, {"collection": "a\nb"}, (422, "collection")),
            ({"a.md": b"x" * (2**20 + 1)}, {}, (413, "a.md: a file holds 1,048,576 bytes")),
            ({f"{n}.md": b"x" * 2**20 for n in range(7)}, {}, (413, "a body holds 6,291,456 bytes")),
        ],
    )
    def test_what_is_wrong_is_named_and_leaves_nothing(
        self,
        service: LiveService,
        data: Path,
        files: Files,
        fields: dict[str, str | list[str]],
        refusal: tuple[int, str],
    ) -> None:
        before = on_disk(data)
        status, said = refusal

        problem = send(service, files, status=status, **{"collection": "refused", **fields})

        assert said in problem["detail"]
        assert problem["status"] == status
        assert on_disk(data) == before
        assert list((data / "uploads" / "arriving").iterdir()) == []
        assert service.get("/v1/jobs?collection=refused")["jobs"] == []

    def test_a_body_of_another_kind_is_415_and_no_file_422(self, service: LiveService) -> None:
        service.post("/v1/documents", {}, 415)
        nothing = service.http.post("/v1/documents", files=[("collection", (None, "x"))])
        assert nothing.status_code == 422
        assert "no file was sent" in nothing.json()["detail"]

    def test_an_upload_that_breaks_off_leaves_nothing(self, service: LiveService, data: Path) -> None:
        address = urlsplit(service.url)
        before = on_disk(data)
        with socket.create_connection((address.hostname, address.port)) as line:
            line.sendall(
                b"POST /v1/documents HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n"
                b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
                b'Content-Disposition: form-data; name="file"; filename="a.md"\r\n\r\n' + b"x" * 1_100_000
            )
            deadline = time.monotonic() + PATIENCE
            while not list((data / "uploads" / "arriving").iterdir()):
                assert time.monotonic() < deadline
                time.sleep(0.01)
        while list((data / "uploads" / "arriving").iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert on_disk(data) == before

    def test_unknown_jobs_are_404(self, service: LiveService) -> None:
        for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/cancel"), ("POST", "/retry")):
            answer = service.http.request(method, f"/v1/jobs/nowhere{path}")
            assert (answer.status_code, answer.json()["detail"]) == (404, "no job named 'nowhere'")
        assert service.http.get("/v1/jobs?state=odd").status_code == 422

    def test_a_page_of_another_site_changes_nothing(self, service: LiveService) -> None:
        foreign = {"Origin": "http://elsewhere.example"}
        refused = service.http.post("/v1/documents", files={"file": ("a.md", "x")}, headers=foreign)
        assert refused.status_code == 403
        own = {"Origin": service.url}
        assert service.http.post("/v1/jobs/nowhere/cancel", headers=own).status_code == 404

    def test_what_was_deleted_is_not_tried_again(self, service: LiveService) -> None:
        job = send(service, {"a.md": LEASE, "empty.md": ""}, "doomed")
        assert ended(service, job["id"])["report"]["failed"] == 1
        service.http.delete("/v1/collections/doomed").raise_for_status()

        problem = service.post(f"/v1/jobs/{job['id']}/retry", {}, 409)

        assert "send them again" in problem["detail"]
        service.get("/v1/collections/doomed", 404)


class TestFolders:
    def test_only_below_the_roots_that_are_named(self, service: LiveService, shared: Path) -> None:
        for path in ("/etc", str(shared / ".." / ".."), "relative", "/nowhere"):
            problem = service.post("/v1/ingests", {"paths": [path]}, 403)
            assert "ingest_roots" in problem["detail"]
        (shared / "way-out").symlink_to("/etc")
        service.post("/v1/ingests", {"paths": [str(shared / "way-out")]}, 403)
        (shared / "way-out").unlink()
        service.post("/v1/ingests", {"paths": [str(shared / "nothing")]}, 404)

        job = service.post("/v1/ingests", {"paths": [str(shared)], "collection": "folder"}, 202)

        assert ended(service, job["id"])["report"]["indexed"] == 1
        assert list(service.documents("folder")) == ["policy.txt"]


class TestCancelling:
    def test_one_that_runs_ends_within_seconds_and_leaves_the_index_whole(self, service: LiveService) -> None:
        files: Files = {f"{n}.md": f"# Lease {n}\n\n" + LEASE * 20 for n in range(60)}
        job = send(service, files, "cancelled")
        waiting = send(service, {"a.md": LEASE}, "cancelled")
        deadline = time.monotonic() + PATIENCE
        while service.get(f"/v1/jobs/{job['id']}")["progress"]["files_done"] == 0:
            assert time.monotonic() < deadline
            time.sleep(0.05)

        assert service.post(f"/v1/jobs/{waiting['id']}/cancel", {})["state"] == "cancelled"
        began = time.monotonic()
        assert service.post(f"/v1/jobs/{job['id']}/cancel", {})["cancelling"]
        found = ended(service, job["id"])

        assert found["state"] == "cancelled"
        assert time.monotonic() - began < 10  # a second where the machine is free
        wired = service.services
        collection = wired.catalog.collection("default", "cancelled")
        assert dict(wired.index.counts(collection.scope)) == wired.catalog.manifest(collection)
        indexed = len(service.documents("cancelled"))
        assert 0 < indexed < 60
        service.http.delete("/v1/collections/cancelled")
