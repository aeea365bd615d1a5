"""The reference of the HTTP service, from its own OpenAPI description."""  # noqa: INP001 — imported by a script

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from service.http.app import create_app
from service.http.event_schemas import EVENTS, JOB_EVENTS
from service.http.problems import MEDIA_TYPE as PROBLEM
from service.http.problems import STATUSES
from service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

    from service.services import Services

Schema: TypeAlias = Mapping[str, Any]
"""A part of an OpenAPI description."""

OPENING = f"""\
# The HTTP service

Written by `docs/generate.py` from the code; CI compares the two. A running server shows the same at `/docs`.

Offsets are Unicode code points of a document's text, from 0, the end exclusive; pages and lines count from 1.
With an access key set, every request under `/v1` carries `Authorization: Bearer KEY`.
Errors are problem documents as RFC 9457 describes them (`{PROBLEM}`):
{", ".join(f"{status} {HTTPStatus(status).phrase}" for status in STATUSES)}.
Under `/v1/chat` and `/v1/models` they have [OpenAI's shape](#chaterror), with 400 in place of 422.
"""
CHAT_EVENTS = """\
`POST /v1/chat/completions` with `stream` sends nameless events: [ChatChunk](#chatchunk), at last `[DONE]`.
First comes the role, when the model has begun: what fails before has the status of its error. Text and
thinking follow as they arrive; the last text brings footnotes, annotations and `lectern`, the chunk after it
the `finish_reason`, and one without choices the usage, if it was asked for. A failure on the way is a last
frame with `error`.
"""


def http_page() -> str:
    """The whole page."""
    # Before a request comes, an application looks only at the settings, at whether servers share the catalog,
    # and asks whether there are keys.
    catalog = SimpleNamespace(has_access_keys=lambda: False, is_shared=False)
    nothing = dict.fromkeys(("observer", "audit"))
    services = cast("Services", SimpleNamespace(settings=Settings(), catalog=catalog, **nothing))
    described: Schema = create_app(services).openapi()
    schemas = _schemas(described)
    parts = [OPENING]
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            parts += _operation(method.upper(), path, operation)
    return "\n".join([*parts, *_events(), "## Shapes\n", *_shapes(schemas)])


def _schemas(described: Schema) -> dict[str, Schema]:
    """Every shape by name: those of bodies and those of events."""
    schemas: dict[str, Schema] = dict(described["components"]["schemas"])
    return dict(sorted(schemas.items()))


def _operation(method: str, path: str, operation: Schema) -> Iterator[str]:
    yield f"## {method} {path}\n"
    yield operation["description"] + "\n"
    parameters = operation.get("parameters", ())
    if parameters:
        yield "| parameter | | |\n|---|---|---|"
        for parameter in parameters:
            schema: Schema = parameter["schema"]
            kind = "in the path" if parameter["in"] == "path" else _kind(schema) + _default(schema)
            yield f"| `{parameter['name']}` | {kind} | {_cell(parameter.get('description', ''))} |"
        yield ""
    if "requestBody" in operation:
        form = operation["requestBody"]["content"].get("multipart/form-data")
        if form is None:
            yield f"Takes {_body(operation['requestBody'])}.\n"
        else:
            yield "Takes a form, `multipart/form-data`:\n"
            yield "| part | | |\n|---|---|---|"
            for name, inner in form["schema"]["properties"].items():
                default = "" if name in form["schema"]["required"] else _default(inner)
                yield f"| `{name}` | {_kind(inner)}{default} | {_cell(inner.get('description', ''))} |"
            yield ""
    alike: dict[str, list[str]] = {}
    for status, response in operation["responses"].items():
        of_all_chat = "ChatError" in str(response) and status != "400"  # the opening says so
        if PROBLEM not in response.get("content", {}) and status != "422" and not of_all_chat:
            alike.setdefault(_body(response), []).append(status)
    for body, statuses in alike.items():
        yield f"{', '.join(statuses)}: {body}\n"


def _body(message: Schema) -> str:
    kinds = message.get("content", {})
    return (
        " or ".join("events" if "event" in media else _kind(kinds[media]["schema"]) for media in kinds)
        or "no body"
    )


def _events() -> Iterator[str]:
    yield "## Events\n"
    yield "`POST /v1/query` with `stream` answers with server-sent events, in about this order:\n"
    yield from _table(EVENTS)
    yield "`GET /v1/jobs/{job_id}/events` until the job has ended:\n"
    yield from _table(JOB_EVENTS)
    yield CHAT_EVENTS


def _table(events: Mapping[str, tuple[type[BaseModel], str]]) -> Iterator[str]:
    yield "| event | data | |\n|---|---|---|"
    for name, (model, meaning) in events.items():
        yield f"| `{name}` | {_link(model.__name__)} | {meaning} |"
    yield ""


def _shapes(schemas: Mapping[str, Schema]) -> Iterator[str]:
    for name, schema in schemas.items():
        if name in {"HTTPValidationError", "ValidationError"}:  # FastAPI's own: ours is Problem
            continue
        yield f"### {name}\n"
        yield schema.get("description", "") + "\n"
        yield "| field | | |\n|---|---|---|"
        required = schema.get("required", ())
        for field, inner in schema.get("properties", {}).items():
            kind = _kind(inner) + ("" if field in required else _default(inner))
            yield f"| `{field}` | {kind} | {_cell(inner.get('description', ''))} |"
        yield ""


def _default(schema: Schema) -> str:
    default = schema.get("default")
    return "; may be absent" if default is None else f"; `{str(default).lower() or '(empty)'}` if absent"


def _kind(schema: Schema) -> str:
    match schema:
        case {"$ref": reference}:
            return _link(str(reference).rsplit("/", 1)[-1])
        case {"anyOf": options}:
            return " or ".join(_kind(option) for option in options)
        case {"enum": values}:
            return ", ".join(f"`{value}`" for value in values)
        case {"type": "array", "items": items}:
            return f"list of {_kind(items)}"
        case {"additionalProperties": {"type": kind}}:
            return f"name → {kind}"
        case _:
            return str(schema.get("type", "anything")) + _limits(schema)


def _limits(schema: Schema) -> str:
    least = schema.get("minimum", schema.get("minLength"))
    most = schema.get("maximum", schema.get("maxLength"))
    if least is None and most is None:
        return ""
    unit = " characters" if "maxLength" in schema or "minLength" in schema else ""
    if least is None or most is None:
        return f" (at {'most' if least is None else 'least'} {most if least is None else least}{unit})"
    return f" ({least}–{most}{unit})"


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
