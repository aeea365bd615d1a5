"""Offsets are code points on both sides."""

from __future__ import annotations

import json

import pytest

from tests.fakes.page_modules import NODE, evaluated

pytestmark = pytest.mark.skipif(NODE is None, reason="no node on this machine")
TEXT = "a𝒜b—é́ 你好 👩‍⚖️ ю\U0010ffff."


def of_text(expression: str) -> object:
    program = f"import * as text from './core/text.js'; const T = {json.dumps(TEXT)};"
    return evaluated(f"{program} console.log(JSON.stringify({expression}));")


def test_slices_are_those_of_python() -> None:
    pairs = [(start, end) for start in range(len(TEXT) + 2) for end in range(start, len(TEXT) + 3)]
    found = of_text(f"{json.dumps(pairs)}.map(([start, end]) => text.slice(T, start, end))")
    assert found == [TEXT[start:end] for start, end in pairs]


def test_the_length_is_that_of_python() -> None:
    assert of_text("text.length(T)") == len(TEXT)


def test_what_turns_the_direction_is_shown() -> None:
    turned = json.dumps("safe\u202egnp.exe\u2066")
    assert of_text(f"text.visible({turned})") == "safe⟨U+202E⟩gnp.exe⟨U+2066⟩"
