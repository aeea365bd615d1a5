"""Markdown as sanitised HTML: what a model has written is shown, and can do nothing."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import nh3
from markdown_it import MarkdownIt

from service.rendering.signs import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import OptionsDict

    from service.rendering.signs import Sign

Language = Literal["whole", "without tables", "literal"]
"""How much of Markdown is markup; ``literal``: empty lines alone."""
_TEXT = "p h3 h4 h5 h6 ul ol li blockquote hr br em strong pre code table thead tbody tr th td a span"
TAGS = frozenset(_TEXT.split())
ATTRIBUTES = {"a": {"href", "data-citation"}, "span": {"data-claim"}, "ol": {"start"}}
CLASSES = {
    "a": {"citation"},
    "span": {"claim", "supported", "unsupported", "plain", "verdict", "unresolved"},
}
_ADDRESSES = ["link", "image", "autolink", "reference", "html_inline", "html_block"]
"""What would lead away from the page, or fetch something, is shown as it is written."""
_HIGHEST = 3
"""Level of an answer's highest heading within the page."""
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_WRITTEN = re.compile("[\\w\ufdd0-\ufdef]")
"""Letters, digits and signs."""
_LANGUAGE = re.compile(r"[\w+#.-]{0,30}")
_LINE_END = re.compile(r"\r\n?|\n")


def top_blocks(text: str, *, literal: bool = False) -> list[tuple[int, int]]:
    """Where each block of the highest level begins and ends, in code points; the last may go on."""
    tokens = _parser("literal" if literal else "whole").parse(text)
    lines = [0, *(found.end() for found in _LINE_END.finditer(text))]
    ranges = [token.map for token in tokens if token.level == 0 and token.map is not None]
    ends = [*lines, len(text)]
    return [(ends[min(first, len(lines))], ends[min(last, len(lines))]) for first, last in ranges]


def to_html(text: str, links: Mapping[int, str], verdicts: Sequence[str], *, literal: bool = False) -> str:
    """The HTML of a block with signs: tags, attributes and classes as `TAGS` and its neighbours list them.

    Args:
        text: Markdown, as `service.rendering.signs` writes signs into it.
        links: address of each citation's source, by its number; without one it is shown and leads nowhere.
        verdicts: class of each claim, by its number.
        literal: the text is no Markdown, but a document's own words.
    """
    env: dict[str, Any] = {"links": links, "verdicts": verdicts}
    parser = _parser("literal" if literal else "whole")
    tokens = parser.parse(text, env)
    if _leaves_out(tokens, text):
        parser = _parser("without tables")
        tokens = parser.parse(text, env)
    rendered = str(parser.renderer.render(tokens, parser.options, env))
    return nh3.clean(
        rendered,
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        link_rel=None,
        url_schemes=set(),
    )


@cache
def _parser(language: Language) -> MarkdownIt:
    if language == "literal":
        parser = MarkdownIt("zero")
    else:
        parser = MarkdownIt("commonmark", {"html": False}).disable(_ADDRESSES)
    if language == "whole":
        parser.enable("table")
    for name in ("text", "code_inline", "fence", "code_block"):
        parser.add_render_rule(name, _RULES[name])
    for name in ("heading_open", "heading_close"):
        parser.add_render_rule(name, _heading)
    return parser


def _leaves_out(tokens: Sequence[Token], text: str) -> bool:
    """Whether a row has more cells than its table's header: Markdown would not show them."""
    lines = _LINE_END.split(text)
    shown: dict[int, str] = {}
    row = None
    for token in tokens:
        if token.type == "tr_open" and token.map is not None:
            row = token.map[0]
            shown[row] = ""
        elif token.type == "tr_close":
            row = None
        elif row is not None:
            shown[row] += token.content
    return any(_WRITTEN.findall(lines[row]) != _WRITTEN.findall(cells) for row, cells in shown.items())


def _text(
    _: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: dict[str, Any]
) -> str:
    del options
    return "".join(_shown(tokens[index].content, env))


def _code(
    _: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: dict[str, Any]
) -> str:
    del options
    return f"<code>{''.join(_shown(tokens[index].content, env))}</code>"


def _program(
    _: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: dict[str, Any]
) -> str:
    del options
    token = tokens[index]
    title = token.info.strip()
    content = token.content if _LANGUAGE.fullmatch(title) else f"{title}\n{token.content}"
    return f"<pre><code>{''.join(_shown(content, env))}</code></pre>\n"


_RULES = {"text": _text, "code_inline": _code, "fence": _program, "code_block": _program}


def _heading(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: dict[str, Any]
) -> str:
    del renderer, options, env
    token = tokens[index]
    level = min(int(token.tag[1:]) + _HIGHEST - 1, 6)
    return f"<h{level}>" if token.nesting == 1 else f"</h{level}>\n"


def _shown(text: str, env: dict[str, Any]) -> Iterator[str]:
    """Text with its signs as elements; a claim stays open from one piece of text to the next."""
    for piece in pieces(text):
        if isinstance(piece, str):
            yield _claimed(piece, env)
        elif piece.kind == "begins":
            env["claim"] = piece.number
        elif piece.kind == "ends":
            env["claim"] = None
            if env["verdicts"][piece.number] == "unsupported":
                yield f'<span class="verdict" data-claim="{piece.number}"></span>'
        else:
            yield _mark(piece, env["links"])


def _claimed(text: str, env: dict[str, Any]) -> str:
    shown = escape(_DIRECTIONS.sub(_visible, text))
    number = env.get("claim")
    if number is None:
        return shown
    return f'<span class="claim {env["verdicts"][number]}" data-claim="{number}">{shown}</span>'


def _visible(found: re.Match[str]) -> str:
    """What turns the direction of writing: nobody is to read a text in another order than it has."""
    return f"⟨U+{ord(found[0]):04X}⟩"


def _mark(sign: Sign, links: Mapping[int, str]) -> str:
    if sign.kind == "unresolved":
        return '<span class="unresolved">?</span>'
    address = links.get(sign.number, "#")
    return f'<a class="citation" data-citation="{sign.number}" href="{escape(address)}">{sign.number}</a>'
