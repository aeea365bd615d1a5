"""How many workers each stage has on a cluster, and what each of them holds of a machine."""

from __future__ import annotations

from dataclasses import dataclass

PARSING = 0.4
CUTTING = 0.2
EMBEDDING = 0.4
"""Of a core: what one of each needs beside the others. Whoever is alone at work may take all of it."""


@dataclass(frozen=True, slots=True)
class Crew:
    """The workers of one stage, all alike."""

    size: int
    cpus: float
    """That each holds."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The crews of all stages but the first, which reads the files and has one worker."""

    parsing: Crew
    cutting: Crew
    embedding: Crew | None
    """None where whoever writes embeds."""


def plan(cores: float, *, workers: int | None, embeds: bool) -> Plan:
    """Share a cluster out: one worker of each stage a core, or ``workers``."""
    size = workers or max(1, int(cores))
    core = min(1.0, cores / size)
    embedding = Crew(size, core * EMBEDDING) if embeds else None
    return Plan(Crew(size, core * PARSING), Crew(size, core * CUTTING), embedding)
