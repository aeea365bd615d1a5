"""The nouns of prompting and proof. Everything here is a value; nothing here does I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ingest.model import ContextKind

Quoted = Literal["exact", "normalized", "fuzzy", "not_found", "unquoted"]


@dataclass(frozen=True, slots=True)
class PromptPassage:
    """A passage as a prompt may show it. ``start`` is where ``text`` stands in its document."""

    document: int
    number: int
    start: int
    text: str

    @property
    def marker(self) -> str:
        """``D7:31``: passage 31 of document version 7."""
        return f"D{self.document}:{self.number}"


@dataclass(frozen=True, slots=True)
class ContextPassage:
    """A passage that was brought because another one cannot be read without it."""

    passage: PromptPassage
    kind: ContextKind
    label: str
    """What is there: a heading, a term, a clause as it is named, a signature."""
    start: int
    """Of what is needed, in its document; the passage holds its beginning."""
    end: int
    beside: str
    """Marker of the passage that it was brought for."""

    @property
    def why(self) -> str:
        """In a few words, as a prompt and a person read it."""
        match self.kind:
            case "heading":
                return f"heading {self.label}"
            case "lead_in":
                return f"lead-in of {self.label}"
            case "definition":
                return f"definition of {self.label}"
            case "amendment":
                return f"amends {self.label}"
            case "reference" | "enclosing":
                return self.label


@dataclass(frozen=True, slots=True)
class Span:
    """A range of the answer that people see, in code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Citation:
    """A citation of the answer with its verdicts."""

    index: int
    """The number people see: ``[1]``. Equal places share one."""
    marker: str
    """Normalised: ``D7:31`` or ``D7:31-33``."""
    document: int
    first_passage: int
    last_passage: int
    start: int
    """Offset in the document, narrowed to the quote or to the sentence that supports the claim best."""
    end: int
    quote: str
    """The words the model claims to quote; empty where it quoted none."""
    quoted: Quoted
    support: float
    """From 0 to 1: how well the place supports the claims it is cited for (the best of them)."""
    answer_spans: tuple[Span, ...]
    """Where ``[1]`` stands in the answer."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence or list item of the answer."""

    start: int
    end: int
    substantive: bool
    """False for headings, greetings, lead-ins such as "The terms are:" and "The documents do not say"."""
    supported: bool
    score: float
    citations: tuple[int, ...]
    """Indexes of the citations it carries."""
    missing: tuple[str, ...]
    """Why it is not supported: the numbers, dates, names or negations that no cited text holds."""


@dataclass(frozen=True, slots=True)
class ProvenAnswer:
    """What the model wrote, as people see it, and what of it could be proven."""

    text: str
    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    unresolved: tuple[str, ...]
    """Markers that name no passage of the prompt, normalised; broken ones as the model wrote them."""
    grounded: bool
    """Every substantive claim is supported, no quote is invented, and nothing is unresolved."""
