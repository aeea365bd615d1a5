from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from service.jobs.owner import SILENCE, has_died, label, label_lives, this_process

NOW = datetime.now(UTC)


def test_this_process_lives_and_every_claim_is_its_own() -> None:
    one, other = this_process(), this_process()

    assert one != other
    assert not has_died(one, None)
    assert label_lives(label())


@pytest.mark.skipif(sys.platform == "win32", reason="asks Unix who lives")
def test_a_process_that_has_ended_is_dead_though_it_was_heard_just_now() -> None:
    program = "from service.jobs.owner import label, this_process; print(this_process()); print(label())"
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    owner, name = child.stdout.splitlines()

    assert has_died(owner, NOW)
    assert not label_lives(name)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process began")
def test_another_process_under_the_same_number_is_another() -> None:
    owner = this_process()
    began = label().partition("-")[2]

    assert has_died(owner.replace(f'"{began}"', '"1"'), NOW)
    assert not label_lives(f"{os.getpid()}-1")


def test_on_another_machine_only_silence_tells() -> None:
    owner = this_process().replace('"machine": "', '"machine": "far away ')

    assert not has_died(owner, datetime.now(UTC))
    assert has_died(owner, datetime.now(UTC) - SILENCE - timedelta(seconds=5))
    assert has_died(owner, None)


@pytest.mark.parametrize("owner", ["", "nonsense", "[]", "{}", '{"pid": "x"}'])
def test_who_cannot_be_read_is_gone(owner: str) -> None:
    assert has_died(owner, NOW)
    assert not label_lives(owner)
