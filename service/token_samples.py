"""Samples of what is asked about, counted by the provider's own tokenizer: estimates begin calibrated.

After that every answer calibrates them, see `service.calibration`. Counts are kept in the data folder: for a
tenant, a model and a script the tokenizer is asked once, in whatever process. Tenants do not share them: a
count tells of the text that was counted.
"""

from __future__ import annotations

import json
import logging
import os
import time
from threading import Lock
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from service.calibration import script_of
from service.models.tokenizers import CountingFailed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from service.calibration import Calibration
    from service.models.tokenizers import Tokenizer
    from service.recording import Origin

SAMPLE = 8_000
"""Code points that are sent."""
TELLING = 400
"""A shorter text tells little of a language."""
RETRY_SECONDS = 600.0
"""After a failure, so long nobody is asked again."""
FILE = "tokens.json"
_log = logging.getLogger(__name__)
_COUNTS = TypeAdapter(dict[str, tuple[int, int]])


class TokenSamples:
    """What a tokenizer has counted. Threads may share it, and processes its file."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        count: Callable[[str], int],
        folder: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``count`` is the estimate, in tokens; counts are kept in ``folder``."""
        self._tokenizer = tokenizer
        self._estimate = count
        self._path = folder / FILE
        self._clock = clock
        self._tried: dict[str, float] = {}
        self._lock = Lock()

    def begin(
        self, calibration: Calibration, where: str, model: str, text: str, *, origin: Origin
    ) -> str | None:
        """Calibrate a model's estimate by a text of the kind that is asked about, once.

        Args:
            calibration: the model's; one that knows the text's script is left as it is.
            where: the provider's name.
            model: as the provider calls it.
            text: of the documents; its beginning is sent.
            origin: whose documents they are.

        Returns:
            Why there is no count, where the tokenizer was asked and gave none.
        """
        sample = text[:SAMPLE]
        if len(sample) < TELLING or calibration.knows(sample):
            return None
        key = _key(origin.tenant, where, model, sample)
        known = self._kept().get(key)
        if known is None:
            if not self._may_try(key):
                return None
            try:
                known = self._counted(model, sample, origin)
            except CountingFailed as error:
                warning = f"the provider's tokenizer was asked and gave no count: {error}"
                _log.warning("the provider's tokenizer was asked and gave no count: %s", error)
                return warning
            self._keep(key, known)
        calibration.observe(sample, *known)
        return None

    def count(self, model: str, text: str, *, origin: Origin) -> float:
        """Ask the tokenizer anew: its tokens for each one that is estimated of a text's beginning.

        Raises:
            CountingFailed: it gave no count.
        """
        estimated, counted = self._counted(model, text[:SAMPLE], origin)
        return counted / max(estimated, 1)

    def _counted(self, model: str, sample: str, origin: Origin) -> tuple[int, int]:
        """Tokens by the estimate and by the tokenizer."""
        counted = self._tokenizer.count(sample, model, origin=origin)
        return self._estimate(sample) + self._tokenizer.overhead, counted

    def _may_try(self, key: str) -> bool:
        """Whether nobody has tried lately, or is trying now."""
        with self._lock:
            now = self._clock()
            if now - self._tried.get(key, -RETRY_SECONDS) < RETRY_SECONDS:
                return False
            self._tried[key] = now
            return True

    def _kept(self) -> dict[str, tuple[int, int]]:
        try:
            return _COUNTS.validate_json(self._path.read_bytes())
        except (OSError, ValidationError):  # whatever is wrong with it, it can be counted anew
            return {}

    def _keep(self, key: str, counts: tuple[int, int]) -> None:
        fresh = self._path.with_suffix(f".{os.getpid()}")
        with self._lock:
            try:
                fresh.write_bytes(_COUNTS.dump_json({**self._kept(), key: counts}, indent=2))
                fresh.replace(self._path)
            except OSError as error:
                _log.warning("%s cannot be written: %s", self._path, error.strerror)


def _key(tenant: str, where: str, model: str, sample: str) -> str:
    return json.dumps([tenant, where, model, script_of(sample)])
