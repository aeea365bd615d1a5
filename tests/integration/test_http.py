"""Every route over a real server, with a real index process and the scripted GLM-5 behind it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from pydantic import SecretStr

from ingest.catalog.catalog import Catalog
from ingest.catalog.database import Database, sqlite_url
from service.http.gate import LARGEST_BODY
from service.settings import Settings
from service.wiring import open_services
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import live, parse_events, passages_of, relevant_of, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

FILLER = "".join(
    f"## {n}. Berth {n}\n\nBerth {n} is {n * 7} metres long and is let by the week to coasters only. " * 3
    + "\n\n"
    for n in range(1, 90)
)
TEXTS = {
    "lease.md": LEASE,
    "policy.txt": "Travel policy\n\nEmployees shall book trains for distances below 600 kilometres.\n",
    "berths.md": f"# Register of berths\n\n{FILLER}",
}
RENT = "What is the monthly rent?"
NOTICE = "With how much notice may the lease be terminated?"


def answer(request: Recorded) -> Reply:
    """Cite what the prompt calls most relevant, or the passage that holds the rent, word for word."""
    shown = passages_of(request)
    best = [m for m, text in shown.items() if "4,200 euros" in text]
    marker = [*best, *relevant_of(request), *shown][0]
    quote = shown[marker].split("\n")[0][:60]
    return Reply(
        f'The monthly rent is 4,200 euros [{marker} "{quote}"]. It is paid in shells [D999:1 "in shells"].',
        reasoning="The rent is in the first clause.",
    )


@pytest.fixture(scope="module")
def glm5() -> Iterator[Glm5Server]:
    with Glm5Server(answer) as server:
        yield server


@pytest.fixture(scope="module")
def service(glm5: Glm5Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    folder = tmp_path_factory.mktemp("docs")
    write_texts(folder, TEXTS)
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        llm_base_url=glm5.base_url,
        llm_provider="zai",
        llm_api_key=SecretStr("key"),
    )
    with live(settings) as running:
        report = running.ingest(folder)
        assert report.indexed == sorted(TEXTS)
        yield running


def test_a_body_of_unknown_fields_is_refused_in_few_words(service: LiveService) -> None:
    body = {"question": RENT, **{f"field_{number}": 1 for number in range(100_000)}}
    for path in ("/v1/query", "/v1/chat/completions"):
        refused = service.http.post(path, json=body)
        assert refused.status_code in {400, 422}
        assert len(refused.content) < 2_000


class TestQuery:
    def test_the_answer_has_the_documented_shape(self, service: LiveService) -> None:
        found = service.ask(RENT)

        assert set(found) == {
            *("id", "session_id", "answer", "llm_generated", "model", "grounded", "claims", "citations"),
            *("unresolved", "usage", "cost", "plan", "timings_ms", "confidence", "html"),
        }
        assert found["llm_generated"] is True
        assert found["confidence"] is None
        assert found["model"] == "glm-5"
        assert set(found["claims"][0]) >= {"start", "end", "supported", "score"}
        assert set(found["citations"][0]) >= {
            *("index", "marker", "answer_spans", "document_id", "version", "title", "path", "page_start"),
            *("page_end", "line_start", "line_end", "section", "start_char", "end_char", "cited_text"),
            *("quoted", "support", "boxes"),
        }
        assert set(found["usage"]) == {
            *("prompt_tokens", "cached_tokens", "predicted_cached_tokens", "completion_tokens"),
            "reasoning_tokens",
        }
        assert set(found["cost"]) == {"usd", "saved_usd", "cached_ratio", "alternatives"}
        assert set(found["plan"]) >= {"mode", "reason", "segments"}
        assert set(found["plan"]["segments"][0]) >= {"name", "stability", "tokens", "cached_tokens"}
        assert set(found["timings_ms"]) == {"search", "plan", "total"}

    def test_citations_are_the_stored_text_and_foreign_markers_are_named(self, service: LiveService) -> None:
        found = service.ask(RENT)

        [citation] = found["citations"]
        text = service.get(f"/v1/documents/{citation['document_id']}/text")["text"]
        assert citation["cited_text"] == text[citation["start_char"] : citation["end_char"]]
        assert citation["quoted"] == "exact"
        assert citation["path"] == "lease.md"
        assert citation["line_start"] == 1 + text.count("\n", 0, citation["start_char"])
        assert found["unresolved"] == ["D999:1"]
        assert found["grounded"] is False
        assert [claim["supported"] for claim in found["claims"]] == [True, False]
        for span in citation["answer_spans"]:
            assert found["answer"][span["start"] : span["end"]] == "[1]"

    def test_events_tell_the_same_in_order(self, service: LiveService) -> None:
        events = service.events(RENT, thinking=True)

        names = [name for name, _ in events]
        done = events[-1][1]
        assert names[0] == "plan"
        assert names[-2:] == ["usage", "done"]
        order = ("reasoning", "delta", "citation", "claim")
        assert set(names[1:-2]) == set(order)
        assert [names.index(name) for name in order] == sorted(names.index(name) for name in order)
        assert "".join(b["text"] for n, b in events if n == "reasoning") == "The rent is in the first clause."
        assert "".join(b["text"] for n, b in events if n == "delta") == done["answer"]
        last = {b["index"]: b for n, b in events if n == "citation"}
        assert list(last.values()) == done["citations"]
        assert [b for n, b in events if n == "claim"] == done["claims"]
        usage = next(b for n, b in events if n == "usage")
        assert usage == {"usage": done["usage"], "cost": done["cost"]}
        plan = events[0][1]
        assert plan == {"id": done["id"], "session_id": done["session_id"], "plan": done["plan"]}

    def test_the_model_is_asked_as_the_request_says(self, service: LiveService, glm5: Glm5Server) -> None:
        service.ask(
            RENT, thinking=False, temperature=0.9, max_tokens=77, model="glm-4.7", instructions="Be terse."
        )

        body = glm5.requests[-1].body
        assert (body["model"], body["temperature"], body["max_tokens"]) == ("glm-4.7", 0.9, 77)
        assert body["thinking"] == {"type": "disabled"}
        assert "Be terse." in glm5.requests[-1].question
        assert glm5.requests[-1].question.endswith(f"Question: {RENT}")

    def test_only_the_chosen_documents_are_read(self, service: LiveService, glm5: Glm5Server) -> None:
        policy = service.documents()["policy.txt"]

        for mode in ("retrieve", "pin", "auto"):
            service.ask(RENT, documents=[policy["id"]], mode=mode)
            shown = passages_of(glm5.requests[-1])
            assert {marker.split(":")[0] for marker in shown} == {f"D{policy['number']}"}, mode


class TestModes:
    def test_pin_sends_the_whole_document(self, service: LiveService, glm5: Glm5Server) -> None:
        berths = service.documents()["berths.md"]

        found = service.ask("How long is berth 88?", mode="pin", documents=[berths["id"]])

        assert found["plan"]["mode"] == "pin"
        assert len(passages_of(glm5.requests[-1])) == berths["passages"]
        assert set(found["cost"]["alternatives"]) == {"retrieve"}
        assert found["cost"]["alternatives"]["retrieve"] > 0
        assert [s["stability"] for s in found["plan"]["segments"]] == ["rules", "pinned", "fresh"]

    def test_retrieve_sends_passages_within_the_budget(
        self, service: LiveService, glm5: Glm5Server, tmp_path: Path
    ) -> None:
        write_texts(tmp_path, {"quays.md": TEXTS["berths.md"]})
        service.ingest(tmp_path, collection="quays")  # of which the cache holds nothing

        found = service.ask("How long is berth 88?", mode="retrieve", collection="quays")

        assert found["plan"]["mode"] == "retrieve"
        tokens = {s["name"]: s["tokens"] for s in found["plan"]["segments"]}
        assert 0 < tokens["passages"] <= 2_500
        shown = passages_of(glm5.requests[-1])
        assert not set(shown) & set(found["plan"]["left_out"])
        assert found["plan"]["left_out"]

        again = service.ask("How long is berth 87?", mode="retrieve", collection="quays")

        tokens = {s["name"]: s["tokens"] for s in again["plan"]["segments"]}
        assert 0 < tokens["shared passages"] <= 4 * 2_500, "what the cache holds from the first question"
        assert tokens.get("passages", 0) <= 2_500

    def test_auto_prices_the_plan_that_it_did_not_take(self, service: LiveService) -> None:
        lease = service.documents()["lease.md"]

        found = service.ask(RENT, documents=[lease["id"]])

        assert found["plan"]["mode"] == "pin"
        assert found["cost"]["alternatives"]["retrieve"] > 0
        assert found["cost"]["usd"] > 0

    def test_the_cache_serves_what_the_plan_foresaw(self, service: LiveService) -> None:
        berths = [service.documents()["berths.md"]["id"]]

        service.ask("How long is berth 3?", mode="pin", documents=berths)
        again = service.ask("How long is berth 4?", mode="pin", documents=berths)

        usage = again["usage"]
        assert usage["cached_tokens"] > 0.8 * usage["prompt_tokens"]
        # The scripted server counts four characters a token, in blocks of 64; the plan uses a vocabulary.
        predicted = usage["predicted_cached_tokens"] / again["plan"]["tokens"]
        assert predicted == pytest.approx(again["cost"]["cached_ratio"], abs=0.1)
        assert again["cost"]["saved_usd"] > 0


class TestSessions:
    def test_a_later_prompt_begins_with_the_earlier_one(self, service: LiveService, glm5: Glm5Server) -> None:
        lease = [service.documents()["lease.md"]["id"]]
        first = service.ask(RENT, mode="retrieve", documents=lease)
        one = glm5.requests[-1]
        second = service.ask(NOTICE, session_id=first["session_id"], documents=lease)
        two = glm5.requests[-1]
        third = service.ask("Who is the tenant?", session_id=first["session_id"], documents=lease)
        three = glm5.requests[-1]

        assert first["session_id"] == second["session_id"] == third["session_id"]
        for earlier, later in ((one, two), (two, three)):
            assert later.prompt.startswith(earlier.prompt.removesuffix("<|assistant|>"))
            assert later.messages[: len(earlier.messages)] == earlier.messages
            assert later.messages[len(earlier.messages)]["role"] == "assistant"
            assert later.messages[len(earlier.messages)]["content"] == answer(earlier).text
        assert [s["stability"] for s in second["plan"]["segments"]][:2] == ["rules", "history"]
        assert second["usage"]["cached_tokens"] > 0

    def test_no_passage_is_sent_twice(self, service: LiveService, glm5: Glm5Server) -> None:
        first = service.ask(RENT, mode="retrieve")
        service.ask(RENT, session_id=first["session_id"])

        prompt = "".join(str(turn["content"]) for turn in glm5.requests[-1].messages)
        markers = list(passages_of(glm5.requests[-1]))
        assert markers
        assert all(prompt.count(f"\n[{marker}] ") == 1 for marker in markers)

    def test_it_reads_as_it_was_shown(self, service: LiveService) -> None:
        first = service.ask(RENT)
        second = service.ask(NOTICE, session_id=first["session_id"])

        told = service.get(f"/v1/sessions/{first['session_id']}")

        asked = [(RENT, first), (NOTICE, second)]
        assert [(t["question"], t["answer"], t["mode"]) for t in told["turns"]] == [
            (question, answered["answer"], answered["plan"]["mode"]) for question, answered in asked
        ]
        assert "[1]" in told["turns"][0]["answer"]
        assert told["turns"][0]["answered_at"] < told["turns"][1]["answered_at"]

    def test_an_unknown_one_is_404(self, service: LiveService) -> None:
        problem = service.post("/v1/query", {"question": RENT, "session_id": "nowhere"}, 404)

        assert "session" in problem["detail"]


class TestSearch:
    def test_hits_are_places_best_first(self, service: LiveService) -> None:
        hits = service.post("/v1/search", {"query": "How long is berth 88?", "top_k": 5})["hits"]

        assert len(hits) == 5
        assert hits[0]["path"] == "berths.md"
        assert any("Berth 88" in hit["text"] for hit in hits)
        scores = [hit["score"] for hit in hits]
        assert scores == sorted(scores, reverse=True)
        text = service.get(f"/v1/documents/{hits[0]['document_id']}/text")["text"]
        for hit in hits:
            assert hit["text"] == text[hit["start_char"] : hit["end_char"]]

    def test_documents_narrow_it(self, service: LiveService) -> None:
        policy = service.documents()["policy.txt"]["id"]

        hits = service.post("/v1/search", {"query": RENT, "documents": [policy]})["hits"]

        assert {hit["document_id"] for hit in hits} == {policy}
        for names in (["policy.txt"], ["pol*.txt", policy]):
            assert service.post("/v1/search", {"query": RENT, "documents": names})["hits"] == hits
        service.post("/v1/search", {"query": RENT, "documents": ["nowhere/*"]}, 404)

    def test_more_patterns_than_are_worth_comparing_are_told_so(self, service: LiveService) -> None:
        body = {"query": RENT, "documents": [f"*{n}" for n in range(101)]}

        assert "at most 100 of them may be patterns" in json.dumps(service.post("/v1/search", body, 422))


def in_two_versions(service: LiveService, folder: Path, collection: str) -> Any:  # noqa: ANN401 — JSON
    """A document whose rent was 4,200 euros and is 5,100."""
    for rent in ("4,200", "5,100"):
        write_texts(folder, {"lease.md": LEASE.replace("4,200", rent)})
        service.ingest(folder, collection=collection)
    return service.documents(collection)["lease.md"]


class TestDocuments:
    def test_the_list_goes_on_where_the_page_ended(self, service: LiveService) -> None:
        first = service.get("/v1/documents?collection=default&limit=2")
        rest = service.get(f"/v1/documents?collection=default&limit=2&after={first['next']}")

        paths = [d["path"] for d in first["documents"] + rest["documents"]]
        assert paths == sorted(TEXTS)
        assert rest["next"] is None
        assert set(first["documents"][0]) >= {"id", "version", "number", "path", "title"}

    def test_one_of_them_and_its_text(self, service: LiveService) -> None:
        listed = service.documents()["lease.md"]

        assert service.get(f"/v1/documents/{listed['id']}") == listed
        text = service.get(f"/v1/documents/{listed['id']}/text")
        assert text["text"] == LEASE
        assert text["number"] == listed["number"]

    def test_every_version_by_its_place_and_by_its_number(self, service: LiveService, tmp_path: Path) -> None:
        listed = in_two_versions(service, tmp_path, "editions")
        text = f"/v1/documents/{listed['id']}/text"

        versions = service.get(f"/v1/documents/{listed['id']}/versions")["versions"]
        assert [(v["version"], v["number"]) for v in versions] == [
            (1, listed["number"] - 1),
            (2, listed["number"]),
        ]
        for place, rent in ((1, "4,200"), (2, "5,100")):
            number = versions[place - 1]["number"]
            by_place, by_number = (
                service.get(f"{text}?{q}") for q in (f"version={place}", f"number={number}")
            )
            assert by_place == by_number
            assert rent in by_place["text"]
        assert "5,100" in service.get(text)["text"]

        service.get(f"{text}?version=3", 404)
        service.get(f"{text}?number=4000", 404)
        service.get(f"{text}?version=0", 422)
        service.get("/v1/documents/unknown/versions", 404)

    def test_a_purged_version_is_gone(self, service: LiveService, tmp_path: Path) -> None:
        listed = in_two_versions(service, tmp_path, "purged")
        text = f"/v1/documents/{listed['id']}/text"

        service.services.catalog.purge_superseded(service.services.catalog.collection("default", "purged"))

        versions = service.get(f"/v1/documents/{listed['id']}/versions")["versions"]
        assert [v["version"] for v in versions] == [2]
        service.get(f"{text}?version=1", 410)
        service.get(f"{text}?number={listed['number'] - 1}", 410)
        assert "5,100" in service.get(f"{text}?version=2")["text"]

    def test_its_outline(self, service: LiveService) -> None:
        listed = service.documents()["lease.md"]

        outline = service.get(f"/v1/documents/{listed['id']}/outline")

        assert outline["number"] == listed["number"]
        assert set(outline) >= {"sections", "definitions", "references", "exhibits", "amendments"}
        assert outline["sections"]
        for section in outline["sections"]:
            heading = LEASE[section["start"] : section["heading_end"]]
            assert section["number"] in heading
            assert section["path"][-1] == section["heading"]

    def test_a_deleted_one_is_gone_with_the_sessions_that_saw_it(
        self, service: LiveService, tmp_path: Path
    ) -> None:
        write_texts(tmp_path, {"will.md": LEASE, "other.md": "# Other\n\nNothing of note.\n"})
        service.ingest(tmp_path, collection="doomed")
        found = service.ask(RENT, collection="doomed")
        will = service.documents("doomed")["will.md"]["id"]

        service.http.delete(f"/v1/documents/{will}").raise_for_status()

        for path in (f"/v1/documents/{will}", f"/v1/documents/{will}/text"):
            assert service.get(path, 410)["status"] == 410
        assert list(service.documents("doomed")) == ["other.md"]
        again = {"question": RENT, "collection": "doomed"}
        service.post("/v1/query", {**again, "session_id": found["session_id"]}, 404)
        service.post("/v1/query", {**again, "documents": [will]}, 410)
        hits = service.post("/v1/search", {"query": RENT, "collection": "doomed"})["hits"]
        assert {hit["path"] for hit in hits} <= {"other.md"}
        assert service.http.delete(f"/v1/documents/{will}").status_code == 410


class TestCollections:
    def test_list_one_and_delete(self, service: LiveService, tmp_path: Path) -> None:
        write_texts(tmp_path, {"a.md": LEASE, "blank.txt": " \n"})
        service.ingest(tmp_path, collection="passing")

        names = [c["name"] for c in service.get("/v1/collections")["collections"]]
        assert "default" in names
        assert "passing" in names
        one = service.get("/v1/collections/passing")
        assert one["documents"] == 1
        [failure] = one["failures"]
        assert (failure["path"], failure["reason"]) == ("blank.txt", "no_text")
        document = service.documents("passing")["a.md"]["id"]

        assert service.http.delete("/v1/collections/passing").status_code == 204

        service.get("/v1/collections/passing", 404)
        service.post("/v1/query", {"question": RENT, "collection": "passing"}, 404)
        service.get(f"/v1/documents/{document}", 410)

    def test_a_collection_made_again_holds_nothing_of_the_old(
        self, service: LiveService, tmp_path: Path
    ) -> None:
        write_texts(tmp_path, {"a.md": LEASE})
        service.ingest(tmp_path, collection="again")
        service.http.delete("/v1/collections/again").raise_for_status()
        (tmp_path / "a.md").write_text("# Menu\n\nSoup of the day.\n")
        service.ingest(tmp_path, collection="again")

        hits = service.post("/v1/search", {"query": RENT, "collection": "again"})["hits"]

        assert all("euros" not in hit["text"] for hit in hits)
        assert [d["number"] for d in service.documents("again").values()] == [2]

    def test_any_name_can_be_asked_for(self, service: LiveService, tmp_path: Path) -> None:
        write_texts(tmp_path, {"a.md": LEASE})
        service.ingest(tmp_path, collection="clients/Ёж & Co?")

        one = service.get("/v1/collections/clients/%D0%81%D0%B6%20%26%20Co%3F")

        assert one["documents"] == 1
        assert service.http.delete("/v1/collections/clients/%D0%81%D0%B6 & Co%3F").status_code == 204


class TestHealth:
    def test_a_catalog_that_does_not_answer_is_named(self, tmp_path: Path) -> None:
        nowhere = Catalog(Database(sqlite_url(tmp_path / "absent" / "catalog.sqlite")))
        with (
            open_services(Settings(data=tmp_path)) as wired,
            served(replace(wired, catalog=nowhere)) as url,
            httpx2.Client(base_url=url, trust_env=False) as http,
        ):
            said, problem = http.get("/readyz"), http.get("/v1/collections")

        assert (said.status_code, problem.status_code) == (503, 503)
        checks = said.json()["checks"]
        assert (checks["catalog"], checks["index"]) == (problem.json()["detail"], "ok")
        assert "unable to open" in problem.json()["detail"]

    def test_it_lives_and_is_ready(self, service: LiveService) -> None:
        assert service.get("/healthz")["status"] == "ok"
        ready = service.get("/readyz")
        assert (ready["status"], ready["advice"]) == ("ok", {})
        assert {"catalog", "index"} <= ready["checks"].keys()
        assert set(ready["checks"].values()) == {"ok"}

    def test_the_api_describes_itself(self, service: LiveService) -> None:
        paths = service.get("/openapi.json")["paths"]

        assert {"/v1/query", "/v1/search", "/v1/documents", "/v1/collections", "/healthz"} <= set(paths)
        assert service.http.get("/docs").status_code == 200


class TestAccess:
    @pytest.fixture
    def guarded(self, tmp_path: Path) -> Iterator[LiveService]:
        with live(Settings(data=tmp_path / "data", access_key=SecretStr("open-sesame"))) as running:
            yield running

    def test_without_the_key_nothing_but_its_health_is_told(self, guarded: LiveService) -> None:
        routes = [
            ("POST", "/v1/query"),
            ("POST", "/v1/search"),
            ("GET", "/v1/documents?collection=x"),
            ("GET", "/v1/documents/x"),
            ("GET", "/v1/documents/x/text"),
            ("DELETE", "/v1/documents/x"),
            ("GET", "/v1/collections"),
            ("GET", "/v1/collections/x"),
            ("DELETE", "/v1/collections/x"),
            ("GET", "/v1/usage"),
            ("GET", "/v1/answers/x/explanation"),
        ]
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic open-sesame"}):
            with httpx2.Client(base_url=guarded.url, headers=headers, trust_env=False) as stranger:
                for method, path in routes:
                    refused = stranger.request(method, path)
                    assert refused.status_code == 401, (method, path)
                    assert refused.headers["content-type"] == "application/problem+json"
                    assert refused.headers["www-authenticate"] == "Bearer"
                assert stranger.get("/healthz").status_code == 200

        assert guarded.get("/v1/collections") == {"collections": []}

    def test_a_stranger_learns_nothing_of_what_exists(self, guarded: LiveService) -> None:
        with httpx2.Client(base_url=guarded.url, trust_env=False) as stranger:
            bodies: list[Any] = [
                stranger.post("/v1/query", json=body).json()
                for body in ({"question": RENT}, {"question": RENT, "collection": "x"}, {"mode": "bad"})
            ]

        assert bodies[0] == bodies[1] == bodies[2]

    def test_the_key_is_asked_for_before_the_body_is_read(self, guarded: LiveService) -> None:
        with httpx2.Client(base_url=guarded.url, trust_env=False) as stranger:
            for body in (b"{", b"[" * 2**20, b" " * (LARGEST_BODY + 1)):
                assert stranger.post("/v1/query", content=body).status_code == 401


class TestSize:
    def test_a_body_is_bounded_whether_its_length_is_announced_or_not(self, service: LiveService) -> None:
        def pieces() -> Iterator[bytes]:
            yield from [b" " * 2**20] * (LARGEST_BODY // 2**20 + 1)

        for content in (b"".join(pieces()), pieces()):
            refused = service.http.post("/v1/search", content=content)
            assert refused.status_code == 413
            assert refused.headers["content-type"] == "application/problem+json"
            assert "4,194,304 bytes" in refused.json()["detail"]

    def test_the_longest_question_fits(self, service: LiveService) -> None:
        body = {"query": "\U0001f600" * 20_000, "collection": "absent", "documents": ["é" * 200] * 1_000}
        content = json.dumps(body).encode()  # every character escaped
        asked = service.http.post("/v1/search", content=content, headers={"Content-Type": "application/json"})
        assert asked.status_code == 404


def test_events_are_parsed_as_they_are_framed() -> None:
    framed = 'event: delta\ndata: {"text":"a\\n\\nb"}\n\nevent: done\ndata: {}\n\n'

    assert parse_events(framed) == [("delta", {"text": "a\n\nb"}), ("done", {})]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("HEAD", "/v1/collections", "GET"),
        ("DELETE", "/v1/collections", "GET"),
        ("PUT", "/v1/collections/default", "DELETE, GET"),
        ("PATCH", "/v1/documents", "DELETE, GET, POST"),
        ("PUT", "/v1/documents/D1/text", "GET"),
        ("POST", "/healthz", "GET"),
    ],
)
def test_a_method_that_is_not_there_is_told_the_others(
    service: LiveService, method: str, path: str, allowed: str
) -> None:
    answered = service.http.request(method, path)
    assert (answered.status_code, answered.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize("path", ["/v1/collections/", "/v1/documents/", "/healthz/"])
def test_no_request_is_led_to_the_host_that_it_names(service: LiveService, path: str) -> None:
    answered = service.http.get(path, follow_redirects=False)
    assert answered.status_code == 404
    assert "location" not in answered.headers
