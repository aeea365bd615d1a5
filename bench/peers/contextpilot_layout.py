"""ContextPilot lays out prompts: a line of JSON in, a line of JSON out. Runs in an environment of its own.

In: ``{"passages": [text, best first], "question", "conversation", "system", "turns": [{role, content}]}``.
Out: ``{"messages": [{role, content}]}``. With the argument ``deduplicate`` later turns of a conversation
leave out what it holds already and refer to it, as its guide for conversations has it.
"""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from io import StringIO
from typing import Any, Protocol, cast

from contextpilot import ContextPilot  # pyright: ignore[reportMissingImports, reportUnknownVariableType] — in the peer's environment only


class Pilot(Protocol):
    """What is used of it."""

    def optimize(
        self, docs: list[str], query: str, *, conversation_id: str, system_instruction: str
    ) -> list[dict[str, str]]: ...

    def deduplicate(self, contexts: list[list[str]], conversation_id: str) -> list[dict[str, list[str]]]: ...


def main() -> None:
    lay_out = deduplicating if "deduplicate" in sys.argv[1:] else reordering
    sent: dict[str, list[dict[str, str]]] = {}
    answers = sys.stdout
    with redirect_stdout(StringIO()):  # it tells its progress there
        pilot = cast("Pilot", ContextPilot(use_gpu=False))
        for line in sys.stdin:
            asked = json.loads(line)
            print(json.dumps({"messages": lay_out(pilot, asked, sent)}), file=answers, flush=True)


def reordering(
    pilot: Pilot, asked: dict[str, Any], _: dict[str, list[dict[str, str]]]
) -> list[dict[str, str]]:
    """One prompt for each question; the earlier turns stand between its documents and its question."""
    system, question = pilot.optimize(
        asked["passages"],
        asked["question"],
        conversation_id=asked["conversation"],
        system_instruction=asked["system"],
    )
    return [system, *asked["turns"], question]


def deduplicating(
    pilot: Pilot, asked: dict[str, Any], sent: dict[str, list[dict[str, str]]]
) -> list[dict[str, str]]:
    """The conversation goes on from its last prompt, with new documents and hints at the others."""
    before = sent.get(asked["conversation"])
    if before is None:
        messages = reordering(pilot, asked, sent)
    else:
        (found,) = pilot.deduplicate([asked["passages"]], conversation_id=asked["conversation"])
        hints = [
            f"Please refer to the earlier document that begins: {doc[:40]}"
            for doc in found["overlapping_docs"]
        ]
        content = "\n".join([*found["new_docs"], *hints, asked["question"]])
        messages = [*before, asked["turns"][-1], {"role": "user", "content": content}]
    sent[asked["conversation"]] = messages
    return messages


if __name__ == "__main__":
    main()
