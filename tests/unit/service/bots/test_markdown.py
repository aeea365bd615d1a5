"""A model's Markdown in a chat."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from service.bots.markdown import styled_markdown
from service.bots.styled import marked, plain

TEXT = """# Heading

Some **bold and `code` in it**, *slanted*, ~~gone~~.
Second line.

- one
- two
  1. inner
  2. more

  Second paragraph.

> quoted
> twice

```python
print("<b>")
```

| Party | Rent |
|---|---|
| Ann | 4,200 |
| 甲方 | 5 |

---
End.
"""
SHOWN = """Heading

Some bold and code in it, slanted, gone.
Second line.
• one
• two
   1. inner
   2. more
   Second paragraph.

quoted
twice
print("<b>")

Party | Rent
------+------
Ann   | 4,200
甲方  | 5

———

End."""


def under(text: str, kind: str) -> list[str]:
    return [words for words, kinds, _ in styled_markdown(text).runs() if kind in kinds]


def test_every_kind_of_block_has_its_look() -> None:
    assert re.sub(r"\n+", "\n", styled_markdown(TEXT).text) == re.sub(r"\n+", "\n", SHOWN)
    assert under(TEXT, "bold") == ["Heading", "bold and", "in it"]
    assert under(TEXT, "code") == ["code"]
    assert under(TEXT, "italic") == ["slanted"]
    assert under(TEXT, "strike") == ["gone"]
    assert under(TEXT, "quote") == ["quoted\ntwice"]
    program, table = under(TEXT, "block")
    assert program == 'print("<b>")'
    assert table.startswith("Party | Rent\n")


def test_links_and_images_lead_nowhere_and_say_where_they_would() -> None:
    shown = styled_markdown("[the contract](https://evil.example/x) ![a dot](https://evil.example/p.png)")
    assert shown.text == "the contract (https://evil.example/x) a dot (https://evil.example/p.png)"
    assert shown.marks == ()
    assert styled_markdown("<https://firm.example/a>").text == "https://firm.example/a"


def test_html_is_text() -> None:
    hostile = "<script>alert(1)</script>\n\n<b>x</b> <!channel> <@U1>"
    assert styled_markdown(hostile).text == hostile


def test_what_is_put_in_takes_the_place_of_its_range() -> None:
    link = marked("[1]", "link", "https://lectern.example/#/d")
    text = "The rent [1](https://evil.example) is due [1]."
    spans = [(match.start(), match.end(), link) for match in re.finditer(r"\[1\]", text)]

    shown = styled_markdown(text, spans)

    assert shown.text == "The rent [1](https://evil.example) is due [1]."
    assert [(words, url) for words, _, url in shown.runs() if url] == [
        ("[1]", "https://lectern.example/#/d")
    ] * 2


def test_what_is_put_into_code_is_text_there() -> None:
    shown = styled_markdown("`x [1]`", [(3, 6, marked("[1]", "link", "https://lectern.example"))])
    assert [(words, set(kinds)) for words, kinds, _ in shown.runs()] == [("x [1]", {"code"})]


def test_no_document_can_forge_what_is_put_in() -> None:
    assert "secret" not in styled_markdown("\ue0000\ue001 [1]", [(4, 7, plain("secret"))]).text[:3]


@given(st.text(st.sampled_from("ab*_`~[]()<>#-|\n 1.>!\\&@"), max_size=80))
def test_any_text_becomes_something_with_marks_inside_it(text: str) -> None:
    shown = styled_markdown(text)
    assert all(0 <= mark.start < mark.end <= len(shown.text) for mark in shown.marks)
    for words, kinds, url in shown.runs():
        assert words
        assert not url
        assert not ({"code", "block"} & kinds and len(kinds) > 1)
