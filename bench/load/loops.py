"""The event loop of the model and of the generator: the fastest one that is installed."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def new_loop() -> asyncio.AbstractEventLoop:
    """Of uvloop where it is there: what the harness takes of the machine is not the service's."""
    try:
        make: Callable[[], asyncio.AbstractEventLoop] = import_module("uvloop").new_event_loop
    except ImportError:
        return asyncio.new_event_loop()
    return make()
