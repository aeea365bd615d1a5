from __future__ import annotations

import threading
import time

import pytest

from ingest.errors import CatalogUnavailable
from service.readiness import Check, Readiness, Trouble

BROKEN = Trouble("broken", "mend it")


def fine() -> None:
    return None


def test_all_is_well() -> None:
    standing = Readiness([Check("one", fine), Check("other", fine)]).standing()

    assert (standing.status, standing.checks, standing.troubles) == ("ok", ("one", "other"), {})


@pytest.mark.parametrize(("vital", "status"), [(True, "failing"), (False, "degraded")])
def test_what_is_wrong_is_named_and_weighed(vital: bool, status: str) -> None:
    standing = Readiness([Check("one", fine), Check("other", lambda: BROKEN, vital=vital)]).standing()

    assert (standing.status, standing.troubles) == (status, {"other": BROKEN})


def test_of_what_a_check_raises_only_words_of_ours_are_told() -> None:
    def away() -> None:
        raise CatalogUnavailable("the catalog's database: locked")

    def defect() -> None:
        raise ValueError("/a/secret/place")

    troubles = Readiness([Check("away", away), Check("defect", defect)]).standing().troubles

    assert troubles["away"].what == "the catalog's database: locked"
    assert troubles["defect"].what == "failed with ValueError"


def test_one_that_hangs_is_named_in_time_and_takes_one_thread() -> None:
    gate, begun = threading.Event(), list[int]()

    def hang() -> None:
        begun.append(1)
        gate.wait(30)

    readiness = Readiness([Check("slow", hang), Check("quick", fine)], seconds=0.05, kept=0)
    began = time.monotonic()
    seen = [readiness.standing() for _ in range(3)]

    assert time.monotonic() - began < 5
    assert {standing.status for standing in seen} == {"failing"}
    assert seen[-1].troubles["slow"].what == "no answer within 0.05 s"
    assert begun == [1]
    gate.set()
    for _ in range(200):
        if readiness.standing().status == "ok":
            return
        time.sleep(0.01)
    raise AssertionError


def test_however_many_ask_it_looks_once_in_a_while() -> None:
    now, looks = [0.0], list[int]()
    check = Check("one", lambda: looks.append(1))
    readiness = Readiness([check], kept=1.0, clock=lambda: now[0])
    asking = [threading.Thread(target=readiness.standing) for _ in range(20)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len(looks) == 1

    now[0] = 1.0
    readiness.standing()
    assert len(looks) == 2
