"""Addresses and words, as the page has them."""

from __future__ import annotations

import json

import pytest

from service.links import source_link
from tests.fakes.page_modules import NODE, evaluated

pytestmark = pytest.mark.skipif(NODE is None, reason="no node on this machine")
_BROWSER = (
    "globalThis.localStorage = globalThis.sessionStorage = "
    "{ getItem: (name) => (name === 'lectern.language' ? LANGUAGE : null), setItem() {}, removeItem() {} };"
    "globalThis.document = { documentElement: {} };"
    "Object.defineProperty(globalThis, 'navigator', { value: { languages: ['de-DE', 'ru-RU'] } });"
)


def in_words(language: str, expression: str) -> object:
    begun = f"{_BROWSER.replace('LANGUAGE', json.dumps(language))}"
    program = f"{begun} const words = await import('./core/words.js'); await words.loadLanguage();"
    return evaluated(f"{program} console.log(JSON.stringify({expression}));")


def routed(address: str) -> object:
    program = "import { route, address } from './core/router.js';"
    return evaluated(f"{program} console.log(JSON.stringify(route({json.dumps(address)})));")


def test_an_address_leads_to_its_view_whatever_a_name_holds() -> None:
    name = "a/b %41 #?"
    program = "import { route, address } from './core/router.js';"
    back = evaluated(f"{program} console.log(JSON.stringify(route(address('ask', {json.dumps(name)}))));")
    assert back == {"view": "ask", "parts": [name]}
    assert routed("") == {"view": "", "parts": []}
    assert routed("#/ask/100%") == {"view": "ask", "parts": ["100%"]}


def test_a_link_of_the_service_is_an_address_of_the_page() -> None:
    link = source_link("http://127.0.0.1:8421", "doc_a/b", 7, 120, 180)
    assert routed("#" + link.partition("#")[2]) == {
        "view": "document",
        "parts": ["doc_a/b", "7", "120-180"],
    }


def test_the_language_is_the_chosen_one_else_the_first_that_the_browser_names() -> None:
    assert in_words("zh", "words.t('bar.ask')") == "提问"
    assert in_words("", "words.t('bar.ask')") == "Вопросы"


def test_dollars_keep_two_figures_that_count() -> None:
    assert in_words("en", "[0, 12.345, 0.25, 0.001561, 0.00004].map(words.dollars)") == [
        "$0.00",
        "$12.35",
        "$0.25",
        "$0.0016",
        "$0.00004",
    ]


def test_sizes_are_said_in_the_largest_unit_that_leaves_a_whole() -> None:
    assert in_words("en", "[0, 999, 1000, 2500000].map(words.bytes)") == [
        "0 byte",
        "999 byte",
        "1 kB",
        "2.5 MB",
    ]


@pytest.mark.parametrize("language", ["en", "ru", "zh"])
def test_what_a_key_may_not_is_said_in_the_readers_language(language: str) -> None:
    begun = f"{_BROWSER.replace('LANGUAGE', json.dumps(language))}"
    program = (
        f"{begun} const words = await import('./core/words.js'); await words.loadLanguage();"
        "const { explained } = await import('./core/notices.js');"
        "const { ApiError } = await import('./core/api.js');"
        "const said = [[403, null], [429, 'rate_limit_exceeded'], [429, 'insufficient_quota']]"
        ".map(([status, code]) => explained(new ApiError(status, 'DETAIL', [], code)));"
        "const known = ['forbidden', 'limit', 'budget'].map((name) => words.t(`error.${name}`));"
        "console.log(JSON.stringify([said, known]));"
    )
    said, known = evaluated(program)
    assert said == known
    assert len({*said, "DETAIL"}) == 4
