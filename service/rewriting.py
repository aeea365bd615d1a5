"""A follow-up as it is searched for: with the earlier turns' words or, where that is asked for, rewritten."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.errors import EgressRefused
from prompts.rewriting import clean_question, rewriting_messages
from service.models.errors import ModelError

if TYPE_CHECKING:
    from service.answers import SideCall
    from service.recording import Origin
    from service.sessions import Session
    from service.side_model import SideModel

LONGEST_REPLY = 200
"""Tokens."""
_AS_IT_STANDS = "the follow-up was searched for as it stands, with the earlier questions"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to search for, and how that was found."""

    question: str
    history: tuple[str, ...] = ()
    """Earlier turns whose words count too, the latest first."""
    rewritten: bool = False
    calls: tuple[SideCall, ...] = ()
    warnings: tuple[str, ...] = ()
    milliseconds: float | None = None
    """None where no model was asked."""


class Rewriter:
    """Asks a model to make a follow-up understood alone."""

    def __init__(self, model: SideModel, *, name: str | None, seconds: float) -> None:
        """``name`` is the model's; None takes the one that answers."""
        self._model = model
        self._name = name
        self._seconds = seconds

    def rewrite(self, question: str, session: Session, *, answering: str, origin: Origin) -> Wanted:
        """The question to search for; the given one with its history where the model is of no help."""
        started = time.perf_counter()
        plain = Wanted(question, session.questions)
        if not session.turns:
            return plain
        calls: tuple[SideCall, ...] = ()
        trouble: str | ModelError | EgressRefused
        try:
            said = self._model.ask(
                "rewrite",
                rewriting_messages(question, [(turn.question, turn.answer) for turn in session.turns]),
                name=self._name or answering,
                origin=origin,
                max_tokens=LONGEST_REPLY,
                seconds=self._seconds,
            )
            calls = (said.call,)
            text = clean_question(said.text) if said.whole else None
            trouble = "" if text else "the model gave no question"
        except (ModelError, EgressRefused) as error:
            text, trouble = None, error
        spent = 1_000 * (time.perf_counter() - started)
        if text:
            return Wanted(text, (), rewritten=True, calls=calls, milliseconds=spent)
        warning = f"{_AS_IT_STANDS}: {trouble}"
        _log.warning("%s: %s", _AS_IT_STANDS, trouble)
        return Wanted(question, plain.history, calls=calls, warnings=(warning,), milliseconds=spent)
