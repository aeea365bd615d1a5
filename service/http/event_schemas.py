"""What streams consist of: the name and the body of each event, and how a description of the API tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from service.http.chat.errors import ChatError
from service.http.chat.responses import ChatChunk
from service.http.event_shapes import BlockEvent, PartEvent, PlanEvent, StepEvent, TextEvent, UsageEvent
from service.http.job_shapes import JobFileShape, JobShape
from service.http.place_shapes import Citation
from service.http.responses import Claim, QueryResponse
from service.http.shapes import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

EVENTS: Mapping[str, tuple[type[BaseModel], str]] = {
    "plan": (PlanEvent, "what will be read; nothing has been generated yet"),
    "part": (PartEvent, "mode map: one more part of the documents was read, in no order"),
    "reasoning": (TextEvent, "a piece of the model's thinking"),
    "step": (StepEvent, "mode `agent`: a call of a tool was carried out"),
    "delta": (TextEvent, "a piece of the answer"),
    "citation": (Citation, "a place; a later event with the same `index` replaces it"),
    "claim": (Claim, "a claim with its verdict"),
    "block": (BlockEvent, "with `html`: a part of the answer that is complete and judged"),
    "usage": (UsageEvent, "what the answer took"),
    "done": (QueryResponse, "the whole answer; nothing follows"),
    "error": (Problem, "in the place of the rest; nothing follows"),
}
"""Of an answer."""
JOB_EVENTS: Mapping[str, tuple[type[BaseModel], str]] = {
    "progress": (JobShape, "how far it is: at once, and whenever that changes"),
    "file": (JobFileShape, "a file that was finished, those before the stream began included"),
    "done": (JobShape, "it came to its end; nothing follows"),
    "failed": (JobShape, "as a whole, for the reason in its report; nothing follows"),
    "cancelled": (JobShape, "somebody has cancelled it; nothing follows"),
    "error": (Problem, "the job cannot be told of any more; nothing follows"),
}
"""Of a job."""
ENDED = "[DONE]"
"""What ends a chat completion."""
_REFERENCE = "#/components/schemas/{model}"


def described(events: Mapping[str, tuple[type[BaseModel], str]]) -> dict[str, Any]:
    """One event of a stream: an object with its name, and its body as JSON in a string."""
    each = [_event(model, {"event": {"const": name}}) for name, (model, _) in events.items()]
    return {"oneOf": each}


def described_chunks() -> dict[str, Any]:
    """One event of a chat completion: nameless, a chunk or an error, at last ``[DONE]``."""
    ended = {"type": "object", "required": ["data"], "properties": {"data": {"const": ENDED}}}
    return {"anyOf": [_event(ChatChunk, {}), _event(ChatError, {}), ended]}


def definitions() -> dict[str, Any]:
    """The shapes that the events refer to, by name."""
    models = {model for model, _ in (*EVENTS.values(), *JOB_EVENTS.values())} | {ChatChunk, ChatError}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, whole = models_json_schema([(model, "serialization") for model in ordered], ref_template=_REFERENCE)
    return whole["$defs"]


def _event(model: type[BaseModel], name: dict[str, Any]) -> dict[str, Any]:
    data = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": {"$ref": _REFERENCE.format(model=model.__name__)},
    }
    return {"type": "object", "required": [*name, "data"], "properties": {**name, "data": data}}
