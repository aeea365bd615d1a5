"""Lists of mappings from YAML, with the line that each stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ingest.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml import Node

_SCALARS = ("str", "int", "float", "bool", "null", "timestamp")


class UnreadableYaml(PermanentError):
    """Not the YAML that was expected; the message names the row."""


def read_mappings(data: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """The items of a list, or of the list under ``questions``, as place and fields; values as written.

    A plain text in place of a mapping is its ``question``.

    Raises:
        UnreadableYaml: it is no YAML, or no such list.
    """
    import yaml  # noqa: PLC0415 — its C library takes 30 ms, which only a file of questions is worth

    try:
        root = cast("Node | None", yaml.compose(data, Loader=yaml.SafeLoader))  # pyright: ignore[reportUnknownMemberType] — its stub leaves the stream open
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UnreadableYaml(" ".join(str(error).split())) from error
    if isinstance(root, yaml.MappingNode):
        root = next((value for key, value in root.value if _text(key) == "questions"), root)
    if root is None:
        return
    if not isinstance(root, yaml.SequenceNode):
        raise UnreadableYaml("expected a list of questions, at the top or under `questions:`")
    for number, item in enumerate(root.value, start=1):
        place = f"row {number} (line {item.start_mark.line + 1})"
        if isinstance(item, yaml.MappingNode):
            yield (
                place,
                {_scalar(key, place, "name"): _scalar(value, place, _text(key)) for key, value in item.value},
            )
        else:
            yield place, {"question": _scalar(item, place, "question")}


def _scalar(node: Node, place: str, column: str) -> str:
    kind = node.tag.rpartition(":")[2]
    if kind not in _SCALARS:
        raise UnreadableYaml(f"{place}, column {column}: a text is expected, not a {kind}")
    return "" if kind == "null" else str(node.value)


def _text(node: Node) -> str:
    return str(node.value)
