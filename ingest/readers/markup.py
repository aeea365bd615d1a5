"""XML parts of packages as trees of local names: no namespaces, no document types, no entities."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from ingest.errors import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element


class _Builder(ET.TreeBuilder):
    """Builds a tree unless there is a document type: office programs write none, entity bombs need one."""

    def doctype(self, name: str, *_: object) -> None:
        raise UnreadableFile("broken", f"an XML part declares the document type {name}")


def parsed(data: bytes) -> Element:
    """The root of an XML part, every tag without its namespace; attributes keep theirs.

    Raises:
        UnreadableFile: ``broken`` where it declares a document type.
        SyntaxError: it is no XML; see ``damage_named``.
    """
    parser = ET.XMLParser(target=_Builder())  # noqa: S314 — the builder refuses what could expand
    parser.feed(data)
    root: Element = parser.close()
    for element in root.iter():
        element.tag = local(element.tag)
    return root


def local(name: str) -> str:
    """A tag or an attribute without its namespace."""
    return name.rpartition("}")[2]


def attribute(element: Element, name: str, default: str = "") -> str:
    """The value of an attribute of any namespace; of two with one name, that with a namespace wins."""
    found = default
    for key, value in element.items():
        if local(key) == name:
            if key != name:
                return value
            found = value
    return found


def inside(element: Element, *path: str) -> Element | None:
    """The first descendant along a path of child tags."""
    found: Element | None = element
    for tag in path:
        found = found.find(tag) if found is not None else None
    return found


def words(element: Element, tags: frozenset[str]) -> str:
    """All text inside descendants of these tags."""
    return "".join(each.text or "" for each in element.iter() if each.tag in tags)


def children(element: Element | None, *path: str) -> Iterator[Element]:
    """The children with the last tag of what stands at the path before it."""
    parent = inside(element, *path[:-1]) if element is not None else None
    return iter(parent.findall(path[-1]) if parent is not None else ())
