"""Lists of mappings from YAML, with the line that each stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ingest.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml import Node

Plain = str | None | list["Plain"] | dict[str, "Plain"]
_DEEPEST = 4
"""An item, its list, a mapping in it, a text."""
_DEEPEST_READ = 20
"""Collections in one another, in what is composed: that works by recursion, which ends in a crash."""
_MOST_NODES = 10_000
"""Of a file of questions, ten times what 200 of them take: each node costs a tenth of a millisecond."""
_SCALARS = ("str", "int", "float", "bool", "null", "timestamp")


class UnreadableYaml(PermanentError):
    """Not the YAML that was expected; the message names the row."""


def read_mappings(data: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """The items of a list, or of the list under ``questions``, as place and fields; values as written.

    A plain text in place of a mapping is its ``question``. What comes from anywhere may be read: it takes
    time in proportion to its bytes, and little memory.

    Raises:
        UnreadableYaml: it is no YAML, no such list, or more than files of questions hold.
    """
    import yaml  # noqa: PLC0415 — its C library takes 30 ms, which only a file of questions is worth

    for number, item in enumerate(_items(data, most=_MOST_NODES), start=1):
        place = f"row {number} (line {_line(item)})"
        if isinstance(item, yaml.MappingNode):
            yield (
                place,
                {_scalar(key, place, "name"): _scalar(value, place, _text(key)) for key, value in item.value},
            )
        else:
            yield place, {"question": _scalar(item, place, "question")}


def read_items(data: bytes) -> Iterator[tuple[int, Plain]]:
    """The items of a list, or of the list under ``questions``, each with its line; scalars as written.

    Raises:
        UnreadableYaml: it is no YAML, or no such list.
    """
    for item in _items(data):
        try:
            yield _line(item), _plain(item, _DEEPEST)
        except UnreadableYaml as error:
            raise UnreadableYaml(f"line {_line(item)}: {error}") from error


def _items(data: bytes, *, most: int | None = None) -> list[Node]:
    import yaml  # noqa: PLC0415 — as above

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # wheels have it: a hundred times as fast
    try:
        events = yaml.parse(data, Loader=loader)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] — its stub leaves the stream open
        _require_modest(cast("Iterator[object]", events), most)
        root = cast("Node | None", yaml.compose(data, Loader=loader))  # pyright: ignore[reportUnknownMemberType] — likewise
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UnreadableYaml(" ".join(str(error).split())) from error
    if isinstance(root, yaml.MappingNode):
        root = next((value for key, value in root.value if _text(key) == "questions"), root)
    if root is None:
        return []
    if not isinstance(root, yaml.SequenceNode):
        raise UnreadableYaml("expected a list of questions, at the top or under `questions:`")
    return root.value


def _require_modest(events: Iterator[object], most: int | None) -> None:
    """Look at a file event by event, which takes neither recursion nor memory."""
    import yaml  # noqa: PLC0415 — as above

    depth = 0
    for number, event in enumerate(events):
        if most is not None and number > most:
            raise UnreadableYaml(f"more than {most:,} values and keys")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST_READ:
            raise UnreadableYaml("nested too deeply")


def _line(node: Node) -> int:
    return node.start_mark.line + 1 if node.start_mark else 0


def _plain(node: Node, deepest: int) -> Plain:
    """What JSON would hold; an alias may stand inside what it names, so that depth has a bound."""
    import yaml  # noqa: PLC0415 — as above

    if not deepest:
        raise UnreadableYaml("nested too deeply")
    if isinstance(node, yaml.MappingNode):
        return {_text(key): _plain(value, deepest - 1) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, deepest - 1) for item in node.value]
    return None if node.tag.endswith(":null") else _text(node)


def _scalar(node: Node, place: str, column: str) -> str:
    kind = node.tag.rpartition(":")[2]
    if kind not in _SCALARS:
        raise UnreadableYaml(f"{place}, column {column}: a text is expected, not a {kind}")
    return "" if kind == "null" else str(node.value)


def _text(node: Node) -> str:
    return str(node.value)
