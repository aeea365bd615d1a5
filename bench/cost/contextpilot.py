"""ContextPilot's layouts, from its own package in an environment of its own."""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bench.cost.layouts import Prompt
from prompts.plan import PromptMessage
from prompts.render import render_passage, rules

if TYPE_CHECKING:
    from bench.cost.layouts import Retrieval
    from bench.cost.questions import Asked
    from prompts.plan import Role

_SCRIPT = Path(__file__).parents[1] / "peers" / "contextpilot_layout.py"


class ContextPilot:
    """Its order of the passages, told of every conversation by its name."""

    def __init__(self, retrieval: Retrieval, python: Path, *, deduplicate: bool) -> None:
        self.name = "ContextPilot, deduplicating" if deduplicate else "ContextPilot"
        self._retrieval = retrieval
        self._turns: defaultdict[str, list[PromptMessage]] = defaultdict(list)
        mode = ["deduplicate"] if deduplicate else []
        command = [str(python), str(_SCRIPT), *mode]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=30)

    def prompt(self, asked: Asked) -> Prompt | None:
        """As `Layout.prompt`."""
        passages, turns = self._retrieval.passages(asked), self._turns[asked.session]
        request: dict[str, object] = {
            "passages": [render_passage(passage).strip() for passage in passages],
            "question": asked.question,
            "conversation": asked.session,
            "system": rules(),
            "turns": [{"role": turn.role, "content": turn.content} for turn in turns],
        }
        messages = self._ask(request)
        turns += (PromptMessage("user", asked.question), PromptMessage("assistant", asked.answer))
        return Prompt(messages, passages)

    def _ask(self, request: dict[str, object]) -> tuple[PromptMessage, ...]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        reply = cast("dict[str, list[dict[str, str]]]", json.loads(self._process.stdout.readline()))
        return tuple(PromptMessage(cast("Role", one["role"]), one["content"]) for one in reply["messages"])
