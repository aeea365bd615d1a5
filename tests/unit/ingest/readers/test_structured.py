"""XML, JSON, YAML and TOML: the characters stay, the borders are those of the structure."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ingest.media import JSON, JSON_LINES, TOML, XML, YAML
from ingest.outline.sections import find_sections
from ingest.readers.plain import read_plain
from ingest.readers.structured import FORMATS, read_structured

if TYPE_CHECKING:
    from ingest.model import Document

LONG = "the tenant pays the rent " * 12
"""300 characters: enough to stand alone."""
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=40) | st.just(LONG),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=8), inner, max_size=6),
    max_leaves=40,
)
PIECES = st.lists(
    st.sampled_from(
        [
            *'{}[]":,\\<>/-=!?#\n ',
            "<a>",
            "</a>",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            '"""',
            "key:",
            "  - ",
            LONG,
        ]
    )
    | st.text(max_size=5),
    max_size=60,
).map("".join)


def check_document(document: Document, text: str) -> None:
    assert document.text == text
    end = 0
    for element in document.elements:
        assert element.start >= end
        assert element.text == text[element.start : element.end]
        assert not text[end : element.start].strip()
        end = element.end
    assert not text[end:].strip()


def openings(text: str, media_type: str) -> list[str]:
    document = read_structured(text, "a", media_type)
    check_document(document, text)
    return [element.text.strip()[:8] for element in document.elements]


@given(PIECES, st.sampled_from(sorted(FORMATS)))
def test_every_character_stands_in_one_element_whatever_the_text(text: str, media_type: str) -> None:
    check_document(read_structured(text, "a", media_type), text)


@given(VALUES, st.sampled_from([None, 2]))
def test_json_is_cut_between_members_only(value: object, indent: int | None) -> None:
    text = json.dumps({"value": value}, indent=indent, ensure_ascii=False)
    document = read_structured(text, "a.json", JSON)
    check_document(document, text)
    for element in document.elements[1:]:
        before = text[: element.start].rstrip()
        assert before.endswith((",", "[", "{")) or element.text.startswith('"')


@given(VALUES)
def test_yaml_as_a_library_writes_it_is_cut_at_lines(value: object) -> None:
    text = yaml.safe_dump({"value": value}, allow_unicode=True)
    document = read_structured(text, "a.yaml", YAML)
    check_document(document, text)
    assert all(
        not text[: e.start].rpartition("\n")[2].strip() or e.kind != "heading" for e in document.elements
    )


def test_long_items_of_json_stand_alone_and_short_ones_together() -> None:
    text = json.dumps([{"id": 1}, {"id": 2}, {"name": LONG}, {"name": LONG}, {"id": 5}])
    assert [opening[:6] for opening in openings(text, JSON)] == ['[{"id"', '{"name', '{"id":']


def test_a_key_over_a_long_value_is_a_heading() -> None:
    text = json.dumps({"name": "lease", "parties": {"tenant": {"a": LONG, "b": LONG, "c": LONG}, "other": 1}})
    document = read_structured(text, "a/lease.json", JSON)
    paths = [section.path for section in find_sections(document)]
    assert paths == [('"parties": {',), ('"parties": {', '"tenant": {')]
    assert document.title == "lease"


def test_json_lines_are_cut_at_lines_and_survive_a_broken_one() -> None:
    text = "\n".join([json.dumps({"a": LONG}), '{"broken', json.dumps({"b": LONG}), json.dumps({"c": 1})])
    assert openings(text, JSON_LINES) == ['{"a": "t', '{"broken', '{"c": 1}']


def test_yaml_keys_over_blocks_are_headings() -> None:
    text = (
        "# how to run\nname: ci\n'on': [push]\njobs:\n"
        f"  build:\n    steps:\n    - run: {LONG}\n    - run: {LONG}\n"
        f"  test:\n    run: |\n      key: {LONG * 3}\nother: 1\n"
    )
    document = read_structured(text, "ci.yaml", YAML)
    check_document(document, text)
    assert [section.path for section in find_sections(document)] == [
        ("jobs:",),
        ("jobs:", "build:"),
        ("jobs:", "build:", "steps:"),
        ("jobs:", "test:"),
    ]


def test_documents_and_items_of_yaml_are_borders() -> None:
    assert openings(f"a: {LONG}\n---\nb: {LONG}\n---\nc: 1\n", YAML) == [
        f"a: {LONG}"[:8],
        "---\nb: t",
        "---\nc: 1",
    ]
    assert openings(f"- name: {LONG}\n- name: {LONG}\n", YAML) == ["- name: ", "- name: "]


def test_toml_tables_are_headings_outside_of_strings() -> None:
    text = 'title = "x"\n[tool]\na = """\n[not.a.table]\n"""\n[[tool.mypy]] # strict\n["odd name".x]\nc = 2\n'
    document = read_structured(text, "a.toml", TOML)
    check_document(document, text)
    headings = [(e.text, e.level) for e in document.elements if e.kind == "heading"]
    assert headings == [("[tool]", 1), ("[[tool.mypy]] # strict", 2), ('["odd name".x]', 2)]


def test_xml_is_cut_before_elements_of_the_second_level() -> None:
    item = f'<item name="a>b"><!-- <x> --><![CDATA[<y>]]>{LONG}<br/></item>'
    text = f"<?xml version='1.0'?><!DOCTYPE r [<!ENTITY e 'x'>]><r>{item}{item}<short/><short/></r>"
    assert openings(text, XML) == ["<?xml ve", "<item na", "<short/>"]


def test_xml_names_its_title() -> None:
    text = "<rss><channel><title>Harbour &amp;\n News</title><item/></channel></rss>"
    assert read_structured(text, "feed.xml", XML).title == "Harbour & News"
    assert read_structured("<a/>", "feed.xml", XML).title == "feed"


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        ('{"a": [1}', JSON),
        ('{"a": "1', JSON),
        ('{"a": "1\\', JSON),
        ("words", JSON),
        ("<a><b></a>", XML),
        ("</a>", XML),
        ("<a", XML),
        ("<!-- never", XML),
        ("<!DOCTYPE a [ never", XML),
        ("404: Not Found", XML),
        ("words\nand more", YAML),
        ("words", TOML),
        ("words", JSON_LINES),
    ],
)
def test_broken_syntax_is_read_as_plain_text(text: str, media_type: str) -> None:
    text = f"{text}\n\nARTICLE IV\n\n{LONG}"
    document = read_structured(text, "a", media_type)
    assert document.elements == read_plain(text, "a").elements
    assert document.reader == "structured/1"


def laughs() -> str:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 30))
    return f"<!DOCTYPE a [<!ENTITY e0 'ha'>{entities}]><a>&e29;</a>"


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        (laughs(), XML),
        ("[" + '{"id":1,"name":"warehouse"},' * 30_000 + "1]", JSON),
        ("[" * 200_000, JSON),
        ('"\\' * 400_000, JSON),
        ('["' + '\\"' * 400_000, JSON),
        ('<a "' * 200_000, XML),
        ("<a " + '"<" ' * 200_000, XML),
        ("<!--" * 200_000, XML),
        ("<![CDATA[" * 100_000, XML),
        ("<!DOCTYPE a [" * 100_000, XML),
        ("<a>" * 100_000 + "</a>" * 100_000, XML),
        ("a: b\n" + " " * 800_000 + "x", YAML),
        ("x" * 400_000 + ":y" * 200_000, YAML),
        ("".join(" " * depth + "a:\n" for depth in range(1_000)), YAML),
        ("a = '''\n" * 50_000, TOML),
        ("[" + " " * 800_000, TOML),
    ],
)
def test_hostile_texts_cost_no_more_than_their_length(text: str, media_type: str) -> None:
    begin = time.process_time()
    read_structured(text, "a", media_type)
    assert time.process_time() - begin < 2
