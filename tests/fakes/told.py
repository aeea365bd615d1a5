"""What a server says, made by hand: for tests of those who listen."""

from __future__ import annotations

import json

USAGE = {
    "prompt_tokens": 10,
    "cached_tokens": 4,
    "predicted_cached_tokens": 4,
    "completion_tokens": 3,
    "reasoning_tokens": 0,
}
COST: dict[str, object] = {"usd": None, "saved_usd": None, "cached_ratio": 0.4, "alternatives": {}}
PLAN_OF_IT: dict[str, object] = {
    "mode": "retrieve",
    "reason": "it suits",
    "segments": [],
    "left_out": [],
    "context": [],
}
PLAN: dict[str, object] = {"id": "a", "session_id": "s", "plan": PLAN_OF_IT}
ANSWER: dict[str, object] = {
    "id": "a",
    "session_id": "s",
    "answer": "x\u2028y\x85z",
    "llm_generated": True,
    "model": "glm-5",
    "grounded": False,
    "claims": [],
    "citations": [],
    "unresolved": [],
    "usage": USAGE,
    "cost": COST,
    "plan": PLAN_OF_IT,
    "timings_ms": {},
}


def as_events(*events: tuple[str, object]) -> str:
    """Server-sent events, as the server frames them."""
    return "".join(
        f"event: {name}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n" for name, body in events
    )
