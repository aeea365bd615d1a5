from __future__ import annotations

import re

import pytest

from prompts.plan import Block, PromptPlan, Stability
from service.affinity import WORTH_TOKENS, opaque, pinned_place, place_of
from service.sessions import Session, StoredTurn

RULES = Block("rules", Stability.RULES, 0, "system", "Answer from the documents.", 6)
PINNED = Block("pinned documents", Stability.PINNED, 1, "user", "the lease", WORTH_TOKENS)
LONG = Block("documents", Stability.PINNED, 1, "user", "the deed", WORTH_TOKENS)
SHORT = Block("pinned documents", Stability.PINNED, 1, "user", "a note", WORTH_TOKENS - 1)
CARD = Block("card", Stability.CARD, 1, "user", "Lease, deed.", 4)
PAST = (
    Block("turn 1", Stability.HISTORY, 1, "user", "the lease; Rent?", 4),
    Block("answer 1", Stability.HISTORY, 2, "assistant", "4,200.", 3),
)
OTHER_RULES = Block("rules", Stability.RULES, 0, "system", "Read this part.", 6)


def plan(*blocks: Block, begins: bool = True) -> PromptPlan:
    question = Block("question", Stability.FRESH, 9, "user", "Rent?", 2)
    return PromptPlan("retrieve", "", (*blocks, question), (), begins=begins)


def begun(place: str, *, begins: bool = True) -> StoredTurn:
    return StoredTurn("Rent?", "the lease; Rent?", "4,200.", (), begins=begins, place=place)


def test_conversations_about_one_pinned_document_share_their_place() -> None:
    one, two = (place_of(plan(RULES, PINNED, CARD), Session(name)) for name in ("one", "two"))
    assert one == two
    assert place_of(plan(RULES, PINNED), Session("three")) == one


def test_other_conversations_have_places_of_their_own() -> None:
    places = {place_of(plan(RULES, CARD), Session(name)) for name in ("one", "two")}
    assert places == {"one", "two"}


def test_a_pinned_text_that_is_soon_read_gathers_nobody() -> None:
    assert place_of(plan(RULES, SHORT, CARD), Session("one")) == "one"
    assert pinned_place((RULES, SHORT, LONG)) != pinned_place((RULES, LONG))


def test_a_question_about_more_goes_where_the_pinned_ones_are() -> None:
    assert pinned_place((RULES, PINNED, LONG)) == pinned_place((RULES, PINNED))


def test_another_text_or_other_rules_are_another_place() -> None:
    places = {pinned_place(blocks) for blocks in ((RULES, PINNED), (RULES, LONG), (OTHER_RULES, PINNED))}
    assert len(places) == 3


def test_a_prompt_of_nothing_stable_has_none() -> None:
    assert pinned_place(()) is None
    assert pinned_place((RULES,)) is None


def test_a_later_turn_stays_where_its_prompt_began() -> None:
    session = Session("one", (begun("where the lease is"), begun("elsewhere", begins=False)))
    assert place_of(plan(RULES, *PAST, begins=False), session) == "where the lease is"


def test_a_prompt_that_begins_anew_may_go_elsewhere() -> None:
    session = Session("one", (begun("where the lease is"),))
    assert place_of(plan(RULES, CARD), session) == "one"


def test_a_turn_of_which_nobody_took_note_counts_for_nothing() -> None:
    assert place_of(plan(RULES, *PAST, begins=False), Session("one", (begun(""),))) == "one"


@pytest.mark.parametrize("salt", ["11aa", "22bb" * 40])
def test_a_router_reads_neither_place_nor_salt(salt: str) -> None:
    name = opaque("acme's conversation", salt)
    assert re.fullmatch("[0-9a-f]{32}", name)
    assert name == opaque("acme's conversation", salt)
    assert name != opaque("acme's conversation", "33cc")
    assert name != opaque("another conversation", salt)
