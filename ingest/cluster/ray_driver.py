"""The process that speaks with Ray: bundles of files in, the same bundles ready for the index out, in order.

It is one of its own because Ray keeps threads, signal handlers and variables of the environment for itself,
and because whatever runs ends with it at once.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

from ingest.cluster.build import require_same, this_build
from ingest.cluster.messages import DONE, READY, Failed
from ingest.cluster.plan import Crew, plan
from ingest.cluster.stages import BUNDLE, Cutting, Embedding, Parsing, Shipping
from ingest.errors import ClusterRefused

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from multiprocessing.connection import Connection
    from types import FrameType

    from ingest.cluster.build import Build
    from ingest.cluster.messages import Place, Task
    from ingest.cluster.stages import Working

_STORE_BYTES = 2**30
_CHECK_SECONDS = 120.0
_END_SECONDS = 15.0
_TRIES = 5
"""How often a bundle may lose its worker before the ingest fails: what kills every worker is the bundle."""


@dataclass(frozen=True, slots=True)
class _Machine:
    """One that takes part."""

    id: str
    name: str
    cores: float


def serve(pipe: Connection, place: Place) -> None:
    """Be the process, until the other end of the pipe is closed."""
    _settle(place)
    try:
        with _connected(place):
            machines = _machines()
            require_same(place.build, _builds(machines))
            pipe.send(READY)
            while True:
                _work_off(pipe, cast("Task", pipe.recv()), machines, place.workers)
    except (EOFError, BrokenPipeError):
        return
    except ClusterRefused as error:
        pipe.send(Failed(str(error), permanent=True))
    except Exception as error:  # noqa: BLE001 — what Ray raises has no name in common, and none may go untold
        pipe.send(Failed(_told(error), permanent=False))
    finally:
        shutil.rmtree(place.folder, ignore_errors=True)


def _work_off(pipe: Connection, task: Task, machines: list[_Machine], workers: int | None) -> None:
    for bundle in _run(task, machines, workers):
        pipe.send(bundle)
    pipe.send(DONE)


def _run(task: Task, machines: list[_Machine], workers: int | None) -> Iterator[bytes]:
    """The bundles, through all stages; Ray Data holds as many at a time as fit into its store."""
    ray = _library()
    cores = sum(machine.cores for machine in machines)
    shares = plan(cores, workers=workers, embeds=task.order.embedder is not None)
    rows = ray.data.from_items(
        [{BUNDLE: bundle} for bundle in task.bundles], override_num_blocks=len(task.bundles)
    )
    data = _stage(rows, Shipping, task, Crew(1, 0.0), **_only_on(ray.get_runtime_context().get_node_id()))
    data = _stage(data, Parsing, task, shares.parsing)
    data = _stage(data, Cutting, task, shares.cutting)
    if shares.embedding:
        data = _stage(data, Embedding, task, shares.embedding)
    for row in data.iter_rows():
        yield row[BUNDLE]


def _stage(data: Any, stage: type[Working], task: Task, crew: Crew, **options: object) -> Any:  # noqa: ANN401
    return data.map(
        stage,
        fn_constructor_args=(task.order,),
        compute=_library().data.ActorPoolStrategy(size=crew.size, max_tasks_in_flight_per_actor=2),
        num_cpus=crew.cpus,
        max_restarts=-1,
        max_task_retries=_TRIES,
        **options,
    )


@contextmanager
def _connected(place: Place) -> Generator[None]:
    ray = _library()
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.WARNING}
    if place.is_local:
        ray.init(
            address="local",
            num_cpus=place.workers,
            include_dashboard=False,
            object_store_memory=_STORE_BYTES,
            _temp_dir=place.folder,
            **quiet,
        )
    else:
        ray.init(address=place.address, **quiet)
    signal.signal(signal.SIGTERM, _end)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.execution_options.preserve_order = True
    try:
        yield
    finally:
        ray.shutdown(wait_for_processes=True)  # the folder that they write to is removed next


def _machines() -> list[_Machine]:
    ray = _library()
    nodes = cast("list[dict[str, Any]]", ray.nodes())
    found = [(node, cast("dict[str, float]", node["Resources"])) for node in nodes if node["Alive"]]
    return [_Machine(node["NodeID"], _name(node), held.get("CPU", 0.0)) for node, held in found]


def _name(node: dict[str, Any]) -> str:
    """Several may have one address."""
    return f"{node['NodeManagerAddress']} ({node['NodeID'][:8]})"


def _builds(machines: list[_Machine]) -> dict[str, Build | str]:
    """What every machine that may be given work runs."""
    ray = _library()
    asking = ray.remote(num_cpus=0)(this_build)
    asked = {
        machine.name: asking.options(**_only_on(machine.id)).remote() for machine in machines if machine.cores
    }
    return {name: _answer(reference) for name, reference in asked.items()}


def _only_on(machine: str) -> dict[str, Any]:
    strategies = _library().util.scheduling_strategies
    return {"scheduling_strategy": strategies.NodeAffinitySchedulingStrategy(machine, soft=False)}


def _answer(reference: Any) -> Build | str:  # noqa: ANN401
    ray = _library()
    try:
        return cast("Build", ray.get(reference, timeout=_CHECK_SECONDS))
    except ray.exceptions.RayTaskError as error:
        return f"none that can be asked ({_told(error)})"


def _library() -> Any:  # noqa: ANN401 — an extra: where it is not installed nobody knows its types
    """Ray, loaded when it is needed: two CPU seconds."""
    for module in ("ray.data", "ray.util.scheduling_strategies"):
        import_module(module)
    return import_module("ray")


def _told(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1][:500]}" if lines else type(error).__name__


def _settle(place: Place) -> None:
    """Print nothing among the parent's results, die with it, and tell Ray what it reads when it is loaded."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    log = os.open(Path(place.folder) / "driver.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)
    threading.Thread(target=_follow_parent, args=[place.folder], daemon=True).start()
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if not place.is_local:
        return
    os.environ.update(
        RAY_AUTH_MODE="token",  # others on this machine reach its ports, too
        RAY_AUTH_TOKEN=secrets.token_hex(32),
        RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0",  # where it is not wanted, Ray keeps to the loopback
        RAY_worker_niceness="0",  # stages step back by themselves, as far as the local engine does
        TMPDIR=place.folder,
    )
    os.environ.pop("RAY_ADDRESS", None)


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(1)


def _follow_parent(folder: str) -> None:
    """Die with the parent, however it died."""
    parent = parent_process()
    if parent is None:
        return
    wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(_END_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)
