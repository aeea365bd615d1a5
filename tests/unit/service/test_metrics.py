from __future__ import annotations

import re
from dataclasses import replace

from ingest.changes import Failure
from ingest.report import Report
from service.metrics import OTHER, HttpRequest, Metrics
from service.models.errors import ModelBusy
from service.recording import Origin, begun_call

CALL = replace(
    begun_call(Origin("tenant", "secret"), "answer", provider="zai", model="GLM-5", planned=90, predicted=60),
    prompt_tokens=100,
    cached_tokens=64,
    completion_tokens=20,
    reasoning_tokens=5,
    usd=0.5,
    saved_usd=0.25,
    milliseconds=1_500,
)
REQUEST = HttpRequest("/v1/query", "POST", 200, 0.2, gone=False)


def values(metrics: Metrics) -> dict[str, float]:
    """By name with labels, without histograms' buckets and the process's own."""
    found = re.findall(r"^(lectern_[^ ]+) (\S+)$", metrics.text().decode(), re.MULTILINE)
    return {name: float(value) for name, value in found if "_bucket" not in name and "_created" not in name}


def test_requests_are_counted_by_template_and_no_method_of_a_callers_own() -> None:
    metrics = Metrics()
    for request in (REQUEST, REQUEST, replace(REQUEST, method="BREW", status=405, gone=True)):
        metrics.opened()
        metrics.answered(request)
    metrics.opened()

    said = values(metrics)
    assert said['lectern_http_requests_total{method="POST",route="/v1/query",status="200"}'] == 2
    assert said[f'lectern_http_requests_total{{method="{OTHER}",route="/v1/query",status="405"}}'] == 1
    assert said['lectern_http_request_seconds_count{method="POST",route="/v1/query"}'] == 2
    assert said['lectern_http_clients_gone_total{route="/v1/query"}'] == 1
    assert said["lectern_http_requests_open"] == 1


def test_calls_are_counted_in_tokens_and_dollars_and_name_nobody() -> None:
    metrics = Metrics(models=["glm-5"])
    metrics.record(CALL)
    metrics.record(replace(CALL, model="a-callers-own", usd=None, saved_usd=None, outcome="ModelBusy"))

    said = values(metrics)
    tokens = {
        kind: said[f'lectern_model_tokens_total{{kind="{kind}",model="glm-5",provider="zai"}}']
        for kind in ("prompt", "cached", "predicted", "completion", "reasoning")
    }
    assert tokens == {"prompt": 100, "cached": 64, "predicted": 60, "completion": 20, "reasoning": 5}
    assert said['lectern_model_dollars_total{model="glm-5",provider="zai"}'] == 0.5
    assert said['lectern_model_saved_dollars_total{model="glm-5",provider="zai"}'] == 0.25
    assert said['lectern_model_unpriced_calls_total{model="other",provider="zai"}'] == 1
    assert said['lectern_model_call_seconds_sum{model="glm-5",provider="zai"}'] == 1.5
    text = metrics.text().decode()
    assert not {name for name in ("tenant", "secret", "a-callers-own") if name in text}


def test_what_stands_is_read_when_somebody_looks() -> None:
    metrics = Metrics()
    waiting = [1.0]
    metrics.watch("queue", "Waiting.", lambda: waiting[0])
    metrics.watch_all("jobs", "By state.", "state", lambda: {"queued": waiting[0]})
    metrics.watch_circuit("zai", lambda: waiting[0] > 1)
    before = values(metrics)
    waiting[0] = 2.0

    after = values(metrics)
    names = ("lectern_queue", 'lectern_jobs{state="queued"}', 'lectern_model_circuit_open{provider="zai"}')
    assert [before[name] for name in names] == [1, 1, 0]
    assert [after[name] for name in names] == [2, 2, 1]


def test_the_rest_is_counted() -> None:
    metrics = Metrics()
    metrics.asked("retrieve", "grounded", 3.0)
    metrics.began("retrieve", 1.0)
    metrics.searched(0.01)
    metrics.searched(0.01, TimeoutError())
    metrics.attempt_failed("zai", ModelBusy("busy"))
    metrics.retried("zai")
    metrics.ingested(Report(["a", "b"], ["c"], [Failure("d", "broken", "", "")], characters=900, chunks=7))

    said = values(metrics)
    assert said['lectern_questions_total{mode="retrieve",outcome="grounded"}'] == 1
    assert said['lectern_answer_seconds_sum{mode="retrieve"}'] == 3
    assert said['lectern_first_token_seconds_sum{mode="retrieve"}'] == 1
    assert said["lectern_search_seconds_count"] == 1
    assert said['lectern_search_failures_total{error="TimeoutError"}'] == 1
    assert said['lectern_model_attempt_failures_total{error="ModelBusy",provider="zai"}'] == 1
    assert said['lectern_model_retries_total{provider="zai"}'] == 1
    assert said['lectern_ingest_files_total{outcome="indexed",reason=""}'] == 2
    assert said['lectern_ingest_files_total{outcome="failed",reason="broken"}'] == 1
    assert (said["lectern_ingest_characters_total"], said["lectern_ingest_chunks_total"]) == (900, 7)


def test_each_has_its_own() -> None:
    one, other = Metrics(), Metrics()
    one.searched(0.1)

    assert values(other)["lectern_search_seconds_count"] == 0
    assert "process_open_fds" in one.text().decode()
