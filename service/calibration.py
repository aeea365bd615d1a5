"""How many tokens a provider counts for each one that was estimated, learnt from what it reports."""

from __future__ import annotations

import re
from threading import Lock
from typing import Literal

Script = Literal["latin", "cyrillic", "cjk"]
_SAMPLE = 20_000
"""Code points of a prompt's end that tell its script."""
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_CJK_WEIGHT = 3
"""A sign of Chinese says about as much as three letters."""
_SLOWEST = 0.05
"""Weight of the latest report once there are many."""
_BELIEVABLE = (0.25, 4.0)
"""A ratio beyond these tells of a count that is about something else."""


class Calibration:
    """One model's. Threads may share it."""

    def __init__(self) -> None:
        self._ratios: dict[Script, float] = {}
        self._reports: dict[Script, int] = {}
        self._lock = Lock()

    def observe(self, text: str, estimated: int, reported: int) -> None:
        """A provider has counted a prompt that was estimated."""
        least, most = _BELIEVABLE
        if estimated <= 0 or not least <= reported / estimated <= most:
            return
        script = script_of(text)
        with self._lock:
            reports = self._reports[script] = self._reports.get(script, 0) + 1
            known = self._ratios.get(script, 1.0)
            self._ratios[script] = known + max(1 / reports, _SLOWEST) * (reported / estimated - known)

    def knows(self, text: str) -> bool:
        """Whether anything was counted in a text's script."""
        with self._lock:
            return script_of(text) in self._reports

    def ratio(self, text: str) -> float:
        """Tokens of the provider's for one of the estimate's; 1 until it has reported any."""
        with self._lock:
            return self._ratios.get(script_of(text), 1.0)


def script_of(text: str) -> Script:
    """The script that most of a text's end is written in."""
    sample = text[-_SAMPLE:]
    cyrillic, cjk = len(_CYRILLIC.findall(sample)), _CJK_WEIGHT * len(_CJK.findall(sample))
    if max(cyrillic, cjk) < len(sample) / 4:
        return "latin"
    return "cyrillic" if cyrillic > cjk else "cjk"
