"""The page's modules parse, name only texts that every language has, and nothing of other sites."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest

from tests.fakes.page_modules import MODULES, NODE, WEB, evaluated, node, written

LANGUAGES = ("en", "ru", "zh")
PLURALS = {"en": {"one", "other"}, "ru": {"one", "few", "many", "other"}, "zh": {"other"}}
pytestmark = pytest.mark.skipif(NODE is None, reason="no node on this machine")
_CALLED = re.compile(r"\bt\(\s*(?:\w+ \? )?\"([a-z]+\.[\w.]+)\"(?: : \"([a-z]+\.[\w.]+)\")?")
_VALUE = re.compile(r"\{(\w+)\}")


@cache
def messages(language: str) -> dict[str, Any]:
    program = f"import all from './messages/{language}.js'; console.log(JSON.stringify(all));"
    return evaluated(program)


def forms(text: str | dict[str, str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text.values())


def test_every_module_parses() -> None:
    program = """
        import { readFileSync } from "node:fs";
        import { SourceTextModule } from "node:vm";
        for (const name of process.argv.slice(2)) {
          new SourceTextModule(readFileSync(name, "utf-8"), { identifier: name });
        }
    """
    written("parsing.js", program)
    node("--experimental-vm-modules", "parsing.js", *MODULES)


def test_every_text_that_is_named_is_there() -> None:
    named = {
        key
        for module in MODULES
        for found in _CALLED.finditer((WEB / module).read_text(encoding="utf-8"))
        for key in found.groups()
        if key
    }
    assert len(named) > 10
    assert named <= messages("en").keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything_with_the_same_values(language: str) -> None:
    own, english = messages(language), messages("en")
    assert own.keys() == english.keys()
    for key, text in own.items():
        assert {name for form in forms(text) for name in _VALUE.findall(form)} == {
            name for form in forms(english[key]) for name in _VALUE.findall(form)
        }, key
        assert all(form.strip() for form in forms(text)), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_that_differs_by_number_has_every_plural_of_its_language(language: str) -> None:
    for key, text in messages(language).items():
        assert isinstance(text, str) or text.keys() == PLURALS[language], key


def test_nothing_comes_from_another_site() -> None:
    for path in WEB.rglob("*"):
        if path.suffix in {".js", ".css", ".html"}:
            source = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
            assert "://" not in source, path.name


def test_html_is_made_of_strings_in_one_place_only() -> None:
    dangerous = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTMLUnsafe|\beval\(|new Function"
    )
    found = {module for module in MODULES if dangerous.search((WEB / module).read_text(encoding="utf-8"))}
    assert found == {"core/trusted.js"}
