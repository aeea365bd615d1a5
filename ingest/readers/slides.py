"""PowerPoint presentations: every slide a page, its title a heading, what the speaker says below it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.readers.composing import Part, composed
from ingest.readers.drawingml import frame_parts, text_parts
from ingest.readers.markup import attribute, children, inside, words
from ingest.readers.openxml import OpenPackage
from ingest.readers.package import check_package, damage_named, package_title

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from ingest.model import Document
    from ingest.readers.openxml import Relation

READER = "pptx/1"

NOTES, COMMENTS = "Speaker notes", "Comments"
"""Headings below a slide."""
_TITLES = frozenset({"title", "ctrTitle"})
_FURNITURE = frozenset({"dt", "ftr", "hdr", "sldNum"})
_POINT = 12_700
"""The unit of lengths in drawings, of which a point has this many."""
_SIZE = (720.0, 540.0)


def read_pptx(location: Path) -> Document:
    """Read a presentation; the number of a page is that of the slide.

    The title is that of the core properties, else of the first slide that has one, else the stem of the name.

    Raises:
        UnreadableFile: see ``check_package``; ``no_text`` where nothing but pictures is left.
    """
    check_package(location, "ppt/")
    with damage_named(), OpenPackage(location) as package:
        size, slides = _slides(package)
        decks = [list(_slide(package, name, number)) for number, name in enumerate(slides, 1)]
    parts = [part for deck in decks for part in deck]
    title = package_title(location) or _first_title(parts) or location.stem
    document = composed(parts, title=title, reader=READER, page_size=size)
    return replace(document, warnings=wordless_slides(decks))


def wordless_slides(decks: Sequence[Sequence[Part]]) -> tuple[str, ...]:
    """What people are told of slides that nothing but pictures stands on."""
    numbers = [str(n) for n, deck in enumerate(decks, 1) if not any(part.text.strip() for part in deck)]
    if not numbers:
        return ()
    return (f"Slides without words, whose pictures were not read: {', '.join(numbers)}.",)


def _first_title(parts: Sequence[Part]) -> str:
    return next((part.text for part in parts if part.kind == "heading" and part.level == 1), "")


def _slides(package: OpenPackage) -> tuple[tuple[float, float], list[str]]:
    """The size of a slide in points, and the parts in the order of showing."""
    main = package.main()
    root = package.root(main)
    if root is None:
        raise LookupError(f"{main} is missing")
    targets = {relation.id: relation.target for relation in package.relations(main)}
    names = [targets.get(attribute(each, "id"), "") for each in children(root, "sldIdLst", "sldId")]
    size = root.find("sldSz")
    if size is None:
        return _SIZE, names
    return (int(size.get("cx", "0")) / _POINT, int(size.get("cy", "0")) / _POINT), names


def _slide(package: OpenPackage, name: str, number: int) -> Iterator[Part]:
    root = package.root(name)
    if root is None:
        return
    relations = package.relations(name)
    tree = inside(root, "cSld", "spTree")
    known = {relation.id: relation for relation in relations}
    shown = list(_shapes(tree, known, package, number)) if tree is not None else []
    yield from sorted(shown, key=lambda part: part.kind != "heading")
    for relation in relations:
        if relation.kind == "notesSlide":
            yield from _below(NOTES, _notes(package, relation.target, number), number)
        elif relation.kind.startswith("comments"):
            yield from _below(COMMENTS, _comments(package, relation.target, number), number)


def _below(heading: str, parts: Iterator[Part], number: int) -> Iterator[Part]:
    said = [part for part in parts if part.text.strip()]
    if said:
        yield Part(heading, "heading", 2, number)
        yield from said


def _shapes(
    tree: Element, relations: Mapping[str, Relation], package: OpenPackage, number: int
) -> Iterator[Part]:
    """All that stands on a slide, groups opened, in the order that a screen reader takes."""
    for shape in tree:
        if shape.tag in {"grpSp", "AlternateContent", "Choice", "Fallback"}:
            yield from _shapes(shape, relations, package, number)
        elif shape.tag == "graphicFrame":
            yield from frame_parts(shape, relations, package, number)
        else:
            yield from _shape(shape, number)


def _shape(shape: Element, number: int) -> Iterator[Part]:
    role = _role(shape)
    for body in shape.iter("txBody"):
        parts = [part for part in text_parts(body, number) if part.text.strip()]
        if role in _TITLES and parts:
            yield Part(" ".join(" ".join(part.text.split()) for part in parts), "heading", 1, number)
        elif role in _FURNITURE:
            yield from (replace(part, kind="footer", level=None) for part in parts)
        else:
            yield from parts


def _role(shape: Element) -> str:
    """The type of placeholder that a shape fills."""
    for placeholder in shape.iter("ph"):
        return placeholder.get("type", "body")
    return ""


def _notes(package: OpenPackage, name: str, number: int) -> Iterator[Part]:
    root = package.root(name)
    for shape in root.iter("sp") if root is not None else ():
        if _role(shape) not in {*_FURNITURE, "sldImg"}:
            yield from _shape(shape, number)


def _comments(package: OpenPackage, name: str, number: int) -> Iterator[Part]:
    root = package.root(name)
    for comment in root.iter() if root is not None else ():
        if comment.tag in {"cm", "reply"}:
            said = [each for each in comment if each.tag in {"text", "txBody"}]
            yield from (Part(words(each, frozenset({"t", "text"})), page=number) for each in said)
