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
    gpus: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """The crews of all stages but the first, which reads the files and has one worker."""

    parsing: Crew
    cutting: Crew
    embedding: Crew | None
    """None where whoever writes embeds."""


def plan(cores: float, gpus: float, *, workers: int | None, embeds: bool) -> Plan:
    """Share a cluster out: one worker of each stage a core, or ``workers``.

    Where there are GPUs they embed, one worker each.
    """
    size = workers or max(1, int(cores))
    core = min(1.0, cores / size)
    embedding = Crew(int(gpus), core * EMBEDDING, 1.0) if gpus >= 1 else Crew(size, core * EMBEDDING)
    return Plan(Crew(size, core * PARSING), Crew(size, core * CUTTING), embedding if embeds else None)
