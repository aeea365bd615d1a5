"""What the chat keeps of a stream, and how it says what it has found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.page_modules import NODE, evaluated

pytestmark = pytest.mark.skipif(NODE is None, reason="no node on this machine")
_BROWSER = """
const kept = new Map();
const storage = {
  getItem: (name) => kept.get(name) ?? null,
  setItem: (name, value) => kept.set(name, value),
  removeItem: (name) => kept.delete(name),
};
globalThis.localStorage = globalThis.sessionStorage = storage;
globalThis.document = { documentElement: {} };
Object.defineProperty(globalThis, "navigator", { value: { languages: ["en"] } });
const words = await import("./core/words.js");
await words.loadLanguage();
const frame = ([name, body]) => `event: ${name}\\ndata: ${JSON.stringify(body)}\\n\\n`;
const serve = (frames) => (globalThis.fetch = async () => new Response(frames.map(frame).join("")));
"""
CITATION = {
    "index": 1,
    "section": ["4 Fees", "4.2"],
    "page_start": None,
    "page_end": None,
    "line_start": 3,
    "line_end": 5,
    "cited_text": "Net 30 days",
    "boxes": [{"page": 1}],
    "quoted": "exact",
    "support": 0.9,
}
WHOLE = {
    "answer": "Net 30 [1].",
    "session_id": "s1",
    "claims": [],
    "citations": [CITATION],
    "html": "<p>Net 30</p>",
    "plan": {"mode": "retrieve"},
    "grounded": True,
}


def run(program: str) -> Any:  # noqa: ANN401 — JSON
    return evaluated(f"{_BROWSER}\n{program}")


def test_a_stream_fills_a_turn_and_its_blocks_stay_where_they_are_the_answer() -> None:
    block = {"start": 0, "end": 11, "html": "<p>Net 30</p>"}
    frames = [["delta", {"text": "Net 30 "}], ["citation", CITATION], ["block", block], ["done", WHOLE]]
    turn = run(
        f"""
        serve({json.dumps(frames)});
        const {{ answer, newTurn }} = await import("./chat/asking.js");
        const turn = newTurn("Q", {{}});
        const names = [];
        await answer(turn, {{ question: "Q" }}, undefined, (name) => names.push(name));
        console.log(JSON.stringify({{ ...turn, names }}));
        """
    )
    assert turn["names"] == ["delta", "citation", "block", "done"]
    assert turn["answer"] == "Net 30 [1]."
    assert turn["blocks"] == [block]
    assert "boxes" not in turn["citations"]["1"]


def test_a_stream_that_ends_without_an_answer_is_an_error() -> None:
    told = run(
        """
        serve([["delta", { text: "Net" }]]);
        const { answer, newTurn } = await import("./chat/asking.js");
        const failed = await answer(newTurn("Q", {}), {}, undefined, () => {}).catch((error) => error.status);
        console.log(JSON.stringify(failed));
        """
    )
    assert told == 0


def test_what_is_kept_for_the_tab_is_bounded_and_its_last_turns_stay() -> None:
    whole = {**WHOLE, "answer": "x" * 200_000}
    told = run(
        f"""
        serve([["done", {json.dumps(whole)}]]);
        const {{ conversation }} = await import("./chat/conversation.js");
        const talk = conversation("default");
        for (let n = 0; n < 12; n += 1) await talk.ask(`Q${{n}}`, {{}});
        const text = kept.get("lectern.chat.default");
        const turns = JSON.parse(text).turns;
        console.log(JSON.stringify([text.length, turns.length, turns.at(-1).question, talk.turns.length]));
        """
    )
    size, turns, last, shown = told
    assert size <= 1_500_000
    assert 1 < turns < 12
    assert (last, shown) == ("Q11", 12)


def test_every_verdict_has_words() -> None:
    lacks = "the source does not give the number 45 days; the source does not give the date 2024-01-05"
    claim = {"missing": ["number 45 days", "date 2024-01-05", "quote", "moon phase"]}
    told = run(
        f"""
        const wording = await import("./chat/wording.js");
        const citation = {json.dumps(CITATION)};
        const lost = {{ ...citation, quoted: "not_found", page_start: 3, page_end: 4 }};
        console.log(JSON.stringify([
          wording.lacking({json.dumps(claim)}), wording.whereabouts(citation), wording.position(lost),
          wording.isWeak(citation), wording.isWeak(lost), wording.weakness(lost),
          wording.weakness({{ ...citation, support: 0.2 }}),
        ]));
        """
    )
    assert told == [
        f"{lacks}; the quoted words are not in the source; moon phase",
        "4 Fees › 4.2 · lines 3–5",
        "pages 3–4",
        False,
        True,
        "The quoted words are not in the source",
        "does not support what it is cited for",
    ]


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"mode": "extract"}, "No model is configured: "),
        ({"mode": "extract", "withheld_from": "zai"}, "This collection may not be shown to zai: "),
    ],
)
def test_why_there_are_only_passages_is_said(plan: dict[str, str], said: str) -> None:
    turn: dict[str, Any] = {"whole": WHOLE, "claims": [], "citations": {"1": CITATION}, "plan": plan}

    judged = run(
        f"""
        const {{ judged }} = await import("./chat/sources.js");
        console.log(JSON.stringify(judged({json.dumps(turn)})));
        """
    )

    assert judged["kind"] == "plain"
    assert judged["text"].startswith(said)


@pytest.mark.parametrize(
    ("egress", "said"),
    [("any", None), ("none", "Shown to no model"), ("local,zai", "Shown only to local,zai")],
)
def test_who_may_be_shown_a_collection_is_among_its_facts(egress: str, said: str | None) -> None:
    collection: dict[str, Any] = {
        "documents": 2,
        "failures": [],
        "pinned": [],
        "created_at": "2026-05-04T00:00:00Z",
    }

    facts = run(
        f"""
        const {{ factsOf }} = await import("./documents/collections.js");
        console.log(JSON.stringify(factsOf({json.dumps({**collection, "egress": egress})})));
        """
    )

    assert [fact for fact in facts if "hown" in fact] == ([] if said is None else [said])
