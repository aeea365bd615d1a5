"""Notes, text boxes, comments and formulas of a Word document, put where a parser sees them.

python-docx sees the paragraphs and tables of the body, and the runs directly inside them. What is anchored in
a paragraph but printed elsewhere becomes paragraphs after the one that it belongs to.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from ingest.readers.markup import local

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_NEEDED = re.compile(rb"footnoteReference|endnoteReference|commentReference|txbxContent|oMath\b")
_PRINTED = re.compile(r"word/(?:document|header|footer)\d*\.xml")
_NOTES = {
    "footnoteReference": ("word/footnotes.xml", "footnote", "{}"),
    "endnoteReference": ("word/endnotes.xml", "endnote", "endnote {}"),
}
_SCRIPTS = {"sup": "^", "sub": "_"}


def with_asides(parts: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The parts of a package; those that are printed with everything in their blocks.

    Raises:
        SyntaxError: a part is no XML.
    """
    asides = _Asides(parts)
    for name, body in parts.items():
        printed = _PRINTED.fullmatch(name) and _NEEDED.search(body)
        yield name, asides.placed(body) if printed else body


class _Asides:
    def __init__(self, parts: Mapping[str, bytes]) -> None:
        self._parts = parts
        self._texts: dict[str, Mapping[str, Element]] = {}
        self._counts = dict.fromkeys(_NOTES, 0)

    def placed(self, body: bytes) -> bytes:
        root = ET.fromstring(body)  # noqa: S314 — see above
        _choose(root)
        _write_formulas(root)
        parent = root.find(f"{_W}body")
        parent = root if parent is None else parent
        blocks = [each for block in list(parent) for each in self._with_asides(block)]
        for block in list(parent):
            parent.remove(block)
        parent.extend(blocks)
        return ET.tostring(root)

    def _with_asides(self, block: Element) -> Iterator[Element]:
        boxes = list(_outermost(block, f"{_W}txbxContent"))
        hidden = {id(each) for box in boxes for each in box.iter()}
        said = [each for run in block.iter() if id(run) not in hidden for each in self._notes(run)]
        yield block
        yield from said
        for box in boxes:
            inside = list(box)
            for each in inside:
                box.remove(each)
                yield from self._with_asides(each)

    def _notes(self, run: Element) -> Iterator[Element]:
        """The notes that a run refers to; it shows their numbers from now on."""
        for mark in list(run):
            name = local(mark.tag)
            if name in _NOTES:
                part, kind, label = _NOTES[name]
                self._counts[name] += 1
                shown = f"[{label.format(self._counts[name])}]"
                mark.tag, mark.text = f"{_W}t", shown
                yield from _paragraphs(self._said(part, kind, mark), shown)
            elif name == "commentReference":
                comment = self._said("word/comments.xml", "comment", mark)
                author = comment.get(f"{_W}author", "") if comment is not None else ""
                yield from _paragraphs(comment, f"Comment by {author}:" if author else "Comment:")

    def _said(self, part: str, kind: str, mark: Element) -> Element | None:
        if part not in self._texts:
            root = ET.fromstring(self._parts[part]) if part in self._parts else ()  # noqa: S314 — see above
            self._texts[part] = {each.get(f"{_W}id", ""): each for each in root if local(each.tag) == kind}
        return self._texts[part].get(mark.get(f"{_W}id", ""))


def _choose(root: Element) -> None:
    """Of alternatives for newer and older programs, the first."""
    for alternatives in list(root.iter()):
        if local(alternatives.tag) == "AlternateContent":
            for other in list(alternatives)[1:]:
                alternatives.remove(other)


def _outermost(block: Element, tag: str) -> Iterator[Element]:
    waiting = [block]
    while waiting:
        element = waiting.pop()
        if element.tag == tag:
            yield element
        else:
            waiting.extend(reversed(element))


def _paragraphs(said: Element | None, label: str) -> Iterator[Element]:
    """Plain paragraphs: links and lists refer to what only the part that they come from knows."""
    for paragraph in said.iter(f"{_W}p") if said is not None else ():
        text = _words(paragraph).strip()
        if text:
            yield _paragraph(f"{label} {text}" if label else text)
            label = ""


def _words(paragraph: Element) -> str:
    signs = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}noBreakHyphen": "-"}
    return "".join(
        each.text or "" if each.tag == f"{_W}t" else signs.get(each.tag, "") for each in paragraph.iter()
    )


def _paragraph(text: str) -> Element:
    paragraph = ET.Element(f"{_W}p")
    paragraph.append(_run(text))
    return paragraph


def _run(text: str) -> Element:
    run = ET.Element(f"{_W}r")
    words = ET.SubElement(run, f"{_W}t", {_SPACE: "preserve"})
    words.text = text
    return run


def _write_formulas(root: Element) -> None:
    """A run with the signs of a formula, where it stands."""
    for parent in list(root.iter()):
        for index, child in enumerate(list(parent)):
            if child.tag in {f"{_M}oMath", f"{_M}oMathPara"} and not parent.tag.startswith(_M):
                run = _run(_formula(child))
                parent[index] = run if parent.tag == f"{_W}p" else _wrapped(run)


def _wrapped(run: Element) -> Element:
    paragraph = ET.Element(f"{_W}p")
    paragraph.append(run)
    return paragraph


def _formula(element: Element) -> str:
    """On one line: ``(a)/(b)`` for a fraction, ``^`` and ``_`` before what stands high or low."""
    name = local(element.tag)
    inner = "".join(map(_formula, element))
    if name == "t":
        return element.text or ""
    if name in {"num", "den", "deg"} and len(inner) > 1:
        return f"({inner})/" if name == "num" else f"({inner})"
    if name == "num":
        return f"{inner}/"
    if name == "rad":
        return f"√{inner}"
    if name in _SCRIPTS and inner:
        return f"{_SCRIPTS[name]}{inner}" if len(inner) == 1 else f"{_SCRIPTS[name]}({inner})"
    return f"({inner})" if name == "d" else inner
