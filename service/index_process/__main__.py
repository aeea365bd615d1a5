"""``python -m service.index_process``: started by `service.index_process.starting`, not by people."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

from ingest.errors import LecternError
from ingest.leaving import leave_without_collecting
from service.arenas import share_arenas
from service.collecting import without_collecting
from service.index_process.address import Place
from service.index_process.server import serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.index_process.compacting import ServedIndex

_SWITCH_SECONDS = 0.001
"""In place of 0.005: what writes computes in Python too, and a search has a dozen turns to wait for."""


def main() -> None:
    """Open the index, say so on standard output, and serve it; all other output goes to the log."""
    parser = argparse.ArgumentParser(prog="python -m service.index_process", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--factory", required=True, metavar="MODULE:FUNCTION", help="(data: Path) -> Index")
    parser.add_argument("--grace", type=float, default=1.0, help="seconds that it outlives its last client")
    options = parser.parse_args()
    to_starter = os.dup(1)
    os.dup2(2, 1)
    signal.signal(signal.SIGTERM, _leave)
    share_arenas()
    leave_without_collecting()
    sys.setswitchinterval(_SWITCH_SECONDS)

    def announce(failure: LecternError | None = None) -> None:
        said = {"error": type(failure).__name__, "detail": str(failure)} if failure else {}
        os.write(to_starter, json.dumps(said).encode() + b"\n")
        os.close(to_starter)  # whoever reads the starter's output must not wait for this process

    try:
        index = load(options.factory)(options.data)
    except LecternError as error:
        announce(error)
        sys.exit(1)
    serve(Place(options.data), index, grace=options.grace, announce=announce)


def load(factory: str) -> Callable[[Path], ServedIndex]:
    """The function that ``module:function`` names."""
    module, _, function = factory.partition(":")
    with without_collecting():
        return cast("Callable[[Path], ServedIndex]", getattr(import_module(module), function))


def _leave(_signal: int, _frame: object) -> NoReturn:
    sys.exit(0)  # through every `finally`: the index is flushed


if __name__ == "__main__":
    main()
