"""A spaCy pipeline without a model: sentences and verbs, told from stops, endings and a word list.

It is all that ``unstructured`` asks a language model for: is this paragraph a sentence, or a label?
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

_MARK_VERBS = "lectern_verbs"
_VERB = "VB"
_VERBS = frozenset(
    """
    am are be been being can could did do does had has have is may might must shall should was were will
    would accept accepts agree agrees allow allows apply applies appoint approve ask asks become becomes
    begin begins call calls comply complies confirm confirms contain contains cover covers deliver
    delivers describe describes ensure ensures enter enters exceed exceeds expire expires find follow
    follows get gets give gives go goes govern governs grant grants help helps hold holds include includes
    indicate keep keeps know let make makes mean means need needs obtain occur occurs offer offers pay
    pays perform performs permit permits provide provides put read reads receive receives remain remains
    represent represents require requires retain run runs said say says see seem seems sell sells send
    sends set show shows sign signs start starts survive survives take takes tell tells terminate
    terminates think try use uses want wants warrant warrants write began bought brought came felt found
    gave got held kept knew led left made meant met paid ran sold sent spoke stood thought told took went
    won wrote
    """.split()
)
_ENDINGS = ("ed", "ing", "ify", "ifies", "ize", "izes", "ise", "ises")
_SHORTEST = 5
"""Letters below which an ending tells nothing: "red", "king"."""


def _mark_verbs(document: Doc) -> Doc:
    for token in document:
        word = token.lower_
        if word in _VERBS or (len(word) >= _SHORTEST and word.endswith(_ENDINGS)):
            token.tag_ = _VERB
    return document


@cache
def offline_pipeline() -> Language:
    """English tokens, sentences at stops, ``VB`` on what looks like a verb. Nothing is loaded or fetched."""
    import spacy  # noqa: PLC0415 — a CPU second that only office files are worth
    from spacy.language import Language  # noqa: PLC0415 — the same

    Language.component(_MARK_VERBS, func=_mark_verbs)
    pipeline = spacy.blank("en")
    pipeline.add_pipe("sentencizer")
    pipeline.add_pipe(_MARK_VERBS)
    return pipeline
