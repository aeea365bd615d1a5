"""What a run under load comes to, as a line of a table."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.load.schedule import at_share

if TYPE_CHECKING:
    from bench.load.generator import Outcome, Run, Target
    from bench.load.processes import Watch

PROCESSES = ("service", "index", "model")
HEADING = (
    "           load  asked errors | direct median     p99 | added median     p90     p99 (ms) | late p99 |"
    " CPU ms a question: service   index   model generator | cores"
)


@dataclass(frozen=True, slots=True)
class Row:
    """Of one load."""

    name: str
    run: Run
    watch: Watch
    least: float = 0.0
    """Milliseconds to a first token without Lectern, where nothing was asked directly."""

    @property
    def errors(self) -> list[str]:
        return [one.error for one in self.run.outcomes if one.error]

    @property
    def asked(self) -> int:
        """Questions through Lectern."""
        return len(self._of("lectern"))

    @property
    def direct(self) -> list[float]:
        """Milliseconds to the first token of prompts that went to the model directly, ascending."""
        return self._times("direct")

    @property
    def added(self) -> list[float]:
        """Milliseconds to the first token through Lectern, less the median of the direct ones, ascending."""
        least = statistics.median(self.direct) if self.direct else self.least
        return [time - least for time in self._times("lectern")]

    @property
    def line(self) -> str:
        direct, added = self.direct, self.added
        late = at_share(sorted(1_000 * one.late for one in self.run.outcomes), 0.99)
        spent = [*(self.watch.cpu(name) for name in PROCESSES), self.run.cpu]
        service, index, model, generator = (1_000 * seconds / max(self.asked, 1) for seconds in spent)
        return (
            f"{self.name:>15} {self.asked:>6} {len(self.errors):>6} |"
            f" {_median(direct) or self.least:>13.1f} {at_share(direct, 0.99):>7.1f} |"
            f" {_median(added):>12.1f} {at_share(added, 0.9):>7.1f} {at_share(added, 0.99):>7.1f}      |"
            f" {late:>8.1f} | {service:>26.1f} {index:>7.1f} {model:>7.1f} {generator:>9.1f} |"
            f" {sum(spent) / self.run.seconds:>5.2f}"
        )

    def _times(self, target: Target) -> list[float]:
        return sorted(1_000 * one.first for one in self._of(target) if one.first is not None)

    def _of(self, target: Target) -> list[Outcome]:
        return [one for one in self.run.outcomes if one.target == target]


def _median(times: list[float]) -> float:
    return statistics.median(times) if times else 0.0
