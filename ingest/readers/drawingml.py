"""What drawings of Open XML say: paragraphs, tables, charts and diagrams, on slides and in spreadsheets."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from ingest.readers.composing import Part, table_parts
from ingest.readers.markup import attribute, children, inside, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

    from ingest.readers.openxml import OpenPackage, Relation

_TEXT = frozenset({"t"})
_BULLETS = ("buChar", "buAutoNum", "buBlip")


def paragraph(element: Element) -> str:
    """The words of ``a:p``; a line break inside it is one in the text."""
    return "".join(
        "\n" if each.tag == "br" else each.text or "" for each in element.iter() if each.tag in {"t", "br"}
    )


def text_parts(body: Element, page: int | None = None) -> Iterator[Part]:
    """The paragraphs of a text body; one with a bullet, a number or an indent is an item of a list."""
    for each in body.iter("p"):
        properties = each.find("pPr")
        level = int(properties.get("lvl", "0")) if properties is not None else 0
        marked = properties is not None and any(properties.find(name) is not None for name in _BULLETS)
        if marked or level:
            yield Part(paragraph(each), "list_item", level + 1, page)
        else:
            yield Part(paragraph(each), page=page)


def frame_parts(
    frame: Element, relations: Mapping[str, Relation], package: OpenPackage, page: int | None = None
) -> Iterator[Part]:
    """The table, chart or diagram in a ``graphicFrame``."""
    for table in frame.iter("tbl"):
        rows = ([_cell(cell) for cell in row.findall("tc") if _stands(cell)] for row in table.findall("tr"))
        yield from table_parts(rows, page)
    for chart in frame.iter("chart"):
        root = _related(chart, "id", relations, package)
        if root is not None:
            yield from _chart(root, page)
    for diagram in frame.iter("relIds"):
        root = _related(diagram, "dm", relations, package)
        for point in root.iter("pt") if root is not None else ():
            yield Part("\n".join(paragraph(each) for each in point.iter("p")), page=page)


def _cell(cell: Element) -> str:
    return "\n".join(paragraph(each) for each in cell.iter("p"))


def _stands(cell: Element) -> bool:
    """Whether the cell is one that people see, and not covered by its neighbour."""
    return not {cell.get("hMerge"), cell.get("vMerge")} & {"1", "true"}


def _related(
    element: Element, name: str, relations: Mapping[str, Relation], package: OpenPackage
) -> Element | None:
    relation = relations.get(attribute(element, name))
    return package.root(relation.target) if relation else None


def _chart(root: Element, page: int | None) -> Iterator[Part]:
    """Titles, then a table: a row for each category, a column for each series."""
    for title in root.iter("title"):
        yield Part(words(title, _TEXT), page=page)
    series = list(root.iter("ser"))
    if not series:  # a chart of the newer kind, such as a waterfall
        yield from table_parts(([each.text or ""] for each in root.iter("pt")), page)
        return
    names = [_value(each.find("tx")) for each in series]
    categories = max((_values(each, ("cat", "xVal")) for each in series), key=len)
    columns = [_values(each, ("val", "yVal")) for each in series]
    yield from table_parts([["", *names], *zip_longest(categories, *columns, fillvalue="")], page)


def _value(element: Element | None) -> str:
    return next((each.text or "" for each in element.iter("v")), "") if element is not None else ""


def _values(series: Element, tags: tuple[str, ...]) -> list[str]:
    for tag in tags:
        found = inside(series, tag)
        if found is not None:
            return [_value(point) for cache in found.iter() for point in children(cache, "pt")]
    return []
