"""Asks a user's own questions through the code that serves them, and takes note of what comes back."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from ingest.errors import LecternError
from prompts.grading import abstains
from prompts.plan_request import PromptTooLongError
from prompts.proof import UNRESOLVED
from service.answers import Query
from service.evaluation.answer_measures import measure_answer
from service.evaluation.answer_runs import Given, GivenCitation, RunLine, fingerprint_of
from service.evaluation.judge import is_current
from service.sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence

    from ingest.catalog.records import CollectionRecord
    from service.answers import Answer, Mode, PlacedCitation
    from service.evaluation.answer_places import Bound
    from service.evaluation.judge import Judge
    from service.services import Services

SKIPPED = "an earlier question of its conversation got no answer"
IRRELEVANT = (
    "data collection prices exact_tokens access_key host port llm_api_key llm_timeout llm_idle_timeout "
    "rerank_api_key rerank_timeout rewrite_timeout embeddings_api_key qdrant_url qdrant_api_key "
    "database_url map_parallel ledger_days review_documents_at_once review_questions_at_once "
    "review_whole_tokens ocr_languages ocr_threads parse_seconds parse_memory_mb parse_workers "
    "embed_workers largest_file_mb largest_upload_mb ingest_roots"
).split()
"""Settings that an answer about what is ingested does not depend on. A new one does, until it stands here."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How questions are asked."""

    mode: Mode
    model: str | None
    parallel: int
    """Conversations, and questions outside of them, at a time."""


class Examiner:
    """Asks questions of one collection. What a run file knows already, and is not stale, is not asked again.

    An answer is stale when its question, an earlier one of its conversation, its documents, mode, model, a
    setting, the instructions to the model or any document of the collection has changed. What was expected
    may change: answers are measured anew.
    """

    def __init__(
        self,
        services: Services,
        collection: CollectionRecord,
        how: Asking,
        judge: Judge | None,
        known: Mapping[str, RunLine],
    ) -> None:
        self._services = services
        self._sessions = Sessions(services.catalog, services.library)
        self._collection = collection
        self._how = how
        self._judge = judge
        self._known = known
        self._state = _state(services, collection, how)

    async def ask(self, questions: Sequence[Bound], on_line: Callable[[RunLine, bool], None]) -> None:
        """Ask them all; ``on_line`` gets each as it is done, and whether it was asked now.

        What a model or a search fails at is a line with its failure, and ends nothing else.
        """
        free = asyncio.Semaphore(self._how.parallel)

        async def run(turns: Sequence[Bound]) -> None:
            async with free:
                async for line, asked in self._converse(turns):
                    on_line(line, asked)

        try:
            async with asyncio.TaskGroup() as group:
                for turns in conversations(questions):
                    group.create_task(run(turns))
        except ExceptionGroup as errors:  # of what ends everything one is told
            raise errors.exceptions[0] from errors

    async def _converse(self, turns: Sequence[Bound]) -> AsyncGenerator[tuple[RunLine, bool], None]:
        fingerprints = list(self._fingerprints(turns))
        kept, session = self._kept(turns, fingerprints), None
        for turn, line in zip(turns, kept, strict=False):
            yield await self._measured(turn, line), False
            session = line.given.session if line.given else None
        failed = False
        for place in range(len(kept), len(turns)):
            line = RunLine(
                id=turns[place].expected.id,
                question=turns[place].expected.question,
                fingerprint=fingerprints[place],
                category=turns[place].expected.category,
                cluster=turns[place].expected.cluster,
                failure=SKIPPED if failed else "",
            )
            if not failed:
                line = await self._asked(turns[place], line, session)
                session, failed = line.given.session if line.given else None, bool(line.failure)
            yield await self._measured(turns[place], line), line.failure != SKIPPED

    async def _asked(self, turn: Bound, line: RunLine, session: str | None) -> RunLine:
        query = Query(
            turn.expected.question,
            self._collection.name,
            tenant=self._collection.tenant,
            session=session,
            mode=self._how.mode,
            documents=turn.documents or None,
            model=self._how.model,
        )
        answerer = self._services.answerer
        try:
            answer = await answerer.answer(await answerer.prepare(query))
        except (LecternError, PromptTooLongError) as error:
            return line.model_copy(update={"failure": f"{type(error).__name__}: {error}"})
        return line.model_copy(update={"given": given_of(answer)})

    async def _measured(self, turn: Bound, line: RunLine) -> RunLine:
        """With its figures, and with the judge's verdict where there is a judge."""
        if line.given is None:
            return line
        expected, judged = turn.expected, line.judged
        if self._judge is not None:
            judged = await self._judge.judge(expected, line.given, judged)
        elif judged is not None and not is_current(judged, expected, line.given):
            judged = None
        figures = measure_answer(turn, line.given, judged)
        named = {"category": expected.category, "cluster": expected.cluster}
        return line.model_copy(update={"judged": judged, "figures": figures, **named})

    def _kept(self, turns: Sequence[Bound], fingerprints: Sequence[str]) -> list[RunLine]:
        """The first turns that are answered already, if the conversation can go on from them."""
        kept: list[RunLine] = []
        for turn, fingerprint in zip(turns, fingerprints, strict=True):
            line = self._known.get(turn.expected.id)
            if line is None or line.given is None or line.fingerprint != fingerprint:
                break
            kept.append(line)
        whole = len(kept) == len(turns)
        return kept if whole or not kept or self._goes_on(kept) else []

    def _goes_on(self, kept: Sequence[RunLine]) -> bool:
        """Whether the session holds these turns and no other: a killed run may have left one more."""
        given = kept[-1].given
        try:
            session = self._sessions.open(self._collection, given.session if given else None)
        except LecternError:
            return False
        return len(session.turns) == len(kept)

    def _fingerprints(self, turns: Sequence[Bound]) -> Iterator[str]:
        before = self._state
        for turn in turns:
            before = fingerprint_of(before, turn.expected.question, *sorted(turn.documents))
            yield before


def conversations(questions: Sequence[Bound]) -> list[list[Bound]]:
    """Questions that are asked one after another, in the order of the file; most stand alone."""
    found: dict[str, list[Bound]] = {}
    for number, question in enumerate(questions):
        name = question.expected.conversation
        found.setdefault(f"conversation {name}" if name else f"question {number}", []).append(question)
    return list(found.values())


def given_of(answer: Answer) -> Given:
    """What of an answer is measured and kept."""
    said = _uncited(answer)
    return Given(
        text=answer.text,
        said=said,
        session=answer.session,
        model=answer.model,
        mode=answer.plan.mode,
        abstained=abstains(said, [claim.substantive for claim in answer.claims]),
        grounded=answer.grounded,
        unsupported=tuple(
            answer.text[claim.start : claim.end]
            for claim in answer.claims
            if claim.substantive and not claim.supported
        ),
        citations=tuple(_citation(answer, placed) for placed in answer.citations),
        unresolved=len(answer.unresolved),
        prompt_tokens=answer.usage.prompt_tokens,
        cached_tokens=answer.usage.cached_tokens,
        completion_tokens=answer.usage.completion_tokens,
        usd=answer.cost.usd,
        milliseconds=answer.timings_ms["total"],
    )


def _citation(answer: Answer, placed: PlacedCitation) -> GivenCitation:
    cited = placed.citation
    carried = any(claim.supported and cited.index in claim.citations for claim in answer.claims)
    return GivenCitation(
        path=placed.document.path,
        document=placed.document.number,
        start=cited.start,
        end=cited.end,
        supported=carried and cited.quoted != "not_found",
    )


def _uncited(answer: Answer) -> str:
    """The text without its ``[1]``."""
    spans = sorted((s for c in answer.citations for s in c.citation.answer_spans), key=lambda s: -s.start)
    text = answer.text
    for span in spans:
        text = text[: span.start].rstrip(" ") + text[span.end :]
    return text.replace(f" {UNRESOLVED}", "").replace(UNRESOLVED, "").strip()


def _state(services: Services, collection: CollectionRecord, how: Asking) -> str:
    """What the answers to all questions depend on."""
    versions = services.catalog.ready_versions(collection)
    settings = services.settings.model_dump(mode="json", exclude=set(IRRELEVANT))
    return fingerprint_of(
        collection.name,
        str(collection.generation),
        ",".join(str(version.number) for version in versions),
        json.dumps(settings, sort_keys=True),
        how.mode,
        how.model or "",
        *instructions(),
    )


def instructions() -> Iterator[str]:
    """All that models are told, but for the judge."""
    folder = files("prompts") / "templates"
    for template in sorted(folder.iterdir(), key=lambda one: one.name):
        if template.name != "judge.md":
            yield template.read_text(encoding="utf-8")
