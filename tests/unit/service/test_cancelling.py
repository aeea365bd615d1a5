"""What threads wait for ends with the task that waits for them."""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from service.cancelling import Cancellation, current_cancellation, in_thread
from service.loop_thread import LoopClosed, LoopThread
from service.recording import Origin
from service.reranking.endpoint import RerankEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Silent:
    """Ends only when it is told to."""

    def __init__(self) -> None:
        self.begun, self.ended = threading.Event(), threading.Event()

    async def work(self) -> None:
        self.begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            self.ended.set()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    with closing(LoopThread("test")) as made:
        yield made


def leave(threads: ThreadPoolExecutor, work: Callable[[], object], begun: threading.Event) -> None:
    """Wait for the work, and be cancelled once it has begun."""

    async def run() -> None:
        asking = asyncio.create_task(in_thread(threads, work))
        assert await asyncio.to_thread(begun.wait, 5)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(run())


def test_what_a_thread_waits_for_ends(threads: ThreadPoolExecutor, loop: LoopThread) -> None:
    silent, after = Silent(), list[str]()

    def work() -> None:
        loop.run(silent.work)
        after.append("went on")

    leave(threads, work, silent.begun)

    assert silent.ended.wait(5)
    threads.shutdown()
    assert after == []


def test_nothing_is_begun_afterwards(threads: ThreadPoolExecutor, loop: LoopThread) -> None:
    busy, free, silent = threading.Event(), threading.Event(), Silent()

    def work() -> None:
        busy.set()
        assert free.wait(5)
        loop.run(silent.work)

    leave(threads, work, busy)
    free.set()
    threads.shutdown()

    assert not silent.begun.is_set()


def test_a_task_that_outlasts_its_thread_ends_with_it_and_no_sooner(threads: ThreadPoolExecutor) -> None:
    busy, free, ended = threading.Event(), threading.Event(), list[str]()

    def work() -> None:
        busy.set()
        assert free.wait(5)
        ended.append("thread")

    async def run() -> None:
        asking = asyncio.create_task(in_thread(threads, work, outlast=True))
        assert await asyncio.to_thread(busy.wait, 5)
        asking.cancel()
        done, _ = await asyncio.wait([asking], timeout=0.1)
        assert not done
        free.set()
        with pytest.raises(asyncio.CancelledError):
            await asking
        ended.append("task")

    asyncio.run(run())

    assert ended == ["thread", "task"]


@pytest.mark.parametrize("outlast", [False, True])
def test_what_goes_wrong_in_a_thread_is_told(threads: ThreadPoolExecutor, outlast: bool) -> None:
    def work() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(in_thread(threads, work, outlast=outlast))


def test_work_of_others_goes_on(loop: LoopThread) -> None:
    silent, first = Silent(), threading.Event()

    async def answer() -> str:
        first.set()
        assert await asyncio.to_thread(silent.ended.wait, 5)
        return "there"

    with ThreadPoolExecutor(2) as threads:
        other = threads.submit(loop.run, answer)
        assert first.wait(5)
        leave(threads, lambda: loop.run(silent.work), silent.begun)
        assert other.result(5) == "there"


def test_what_is_awaited_too_late_is_cancelled_at_once() -> None:
    cancellation, silent = Cancellation(), Silent()

    async def run() -> None:
        task = asyncio.run_coroutine_threadsafe(silent.work(), asyncio.get_running_loop())
        cancellation.cancel()
        with cancellation.awaiting(task):
            assert task.cancelled()
        await asyncio.sleep(0)

    asyncio.run(run())


def test_a_thread_of_nobodys_is_never_cancelled() -> None:
    current_cancellation().cancel()

    current_cancellation().require()


def test_closing_is_no_leaving(loop: LoopThread) -> None:
    silent = Silent()
    with ThreadPoolExecutor(1) as threads:
        asking = threads.submit(loop.run, silent.work)
        assert silent.begun.wait(5)
        loop.close()
        with pytest.raises(LoopClosed):
            asking.result(5)


def test_a_reranker_is_hung_up_on(threads: ThreadPoolExecutor) -> None:
    asked, hung_up = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(10)
                while connection.recv(65_536):
                    asked.set()
                hung_up.set()

        serving = threading.Thread(target=serve)
        serving.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with closing(RerankEndpoint(url, None, model=None, seconds=60)) as endpoint:
            leave(threads, lambda: endpoint.rerank("?", ["a", "b"], origin=Origin("default")), asked)
            assert hung_up.wait(5)
        serving.join()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it is what is tested
def test_nobody_waits_for_a_thread_that_has_died(loop: LoopThread, threads: ThreadPoolExecutor) -> None:
    async def die() -> None:
        raise SystemExit

    async def answer() -> int:
        return 42

    silent = Silent()
    waiting = threads.submit(loop.run, silent.work)
    assert silent.begun.wait(5)

    with pytest.raises(SystemExit):
        loop.run(die)

    with pytest.raises(LoopClosed):
        waiting.result(timeout=5)
    loop.close()
    assert loop.run(answer) == 42
