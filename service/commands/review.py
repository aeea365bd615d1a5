"""``lectern review``: the same questions about many documents, into a table."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ingest.errors import PermanentError
from prompts.plan_request import PromptTooLongError
from service.asking import QuestionTooLong, running
from service.client import ServerAbsent
from service.commands import options
from service.commands.auditing import opened
from service.commands.own_server import client_of
from service.commands.review_progress import showing_cells
from service.commands.terminal import say, say_json
from service.http.review_files import encode
from service.http.review_shapes import BegunShape, ResumeRequest, ReviewQuestionRequest, ReviewRequest
from service.jobs.controlling import WrongState
from service.jobs.owner import this_process
from service.reviewing import controlling
from service.reviewing.exporting import MEDIA_TYPES
from service.reviewing.questions import read_questions
from service.reviewing.report import report
from service.reviewing.running import run_review
from service.running import find_server
from service.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.catalog.review_records import ReviewRecord
    from service.http.review_shapes import EstimateShape
    from service.reviewing.exporting import Format
    from service.reviewing.report import ReviewReport
    from service.running import RunningServer
    from service.services import Services

_INTERRUPTED = 130
_SOME_FAILED = 2
_LOOK_SECONDS = 0.5


@click.command(short_help="Put the same questions to many documents, into a table.")
@click.argument("documents", nargs=-1)
@click.option(
    "--questions",
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="YAML, CSV or XLSX with the columns id, question, type (text, yes/no, date, amount, list), title.",
)
@click.option(
    "--out",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The table: .xlsx, .csv or .json.",
)
@options.collection
@click.option("--model", help="Another model than the settings'.")
@click.option("--max-usd", type=click.FloatRange(min=0), help="Refuse what should cost more dollars.")
@click.option("--retry-failed", is_flag=True, help="Ask the cells that failed once more.")
@click.option("--resume", "identity", metavar="ID", help="Go on with this review instead.")
@options.as_json
def command(
    documents: tuple[str, ...],
    questions: Path | None,
    out: Path,
    *,
    collection: str | None,
    model: str | None,
    max_usd: float | None,
    retry_failed: bool,
    identity: str | None,
    as_json: bool,
) -> None:
    """Put the same questions to many documents; every cell is cited and checked.

    DOCUMENTS are ids, paths, folders or patterns of documents that were ingested; without them, the whole
    collection. Each document is read once at full price and then from the provider's cache. What is finished
    is kept: the same command goes on where an earlier one has ended. A running server does the work, where
    there is one. The exit status is 2 where cells have failed.
    """
    form = _format(out)
    if (questions is None) == (identity is None):
        raise click.UsageError("give either --questions or --resume")
    with opened(options.settings()) as services:
        chosen = collection or services.settings.collection
        if identity is not None:
            asked: ReviewRequest | str = identity
        else:
            assert questions is not None
            asked = _request(
                services, documents, questions, out, collection=chosen, model=model, max_usd=max_usd
            ).model_copy(update={"retry_failed": retry_failed})
        desk = _Desk(services, asked, ResumeRequest(retry_failed=retry_failed, max_usd=max_usd))
        try:
            review = desk.begin(quiet=as_json)
            whole = desk.follow(review, quiet=as_json)
        except PromptTooLongError as error:
            raise QuestionTooLong(str(error)) from error
        found = report(services.catalog, services.catalog.review(services.settings.tenant, review.id))
        server = desk.server.url if desk.server else ""
        _write(out, encode(found, form, server=server))
    if as_json:
        say_json(encode(found, "json").decode())
    _conclude(found, out, whole=whole, served=bool(server))


class _Desk:
    """Begins a review and sees it through, by a running server where there is one."""

    def __init__(self, services: Services, asked: ReviewRequest | str, resuming: ResumeRequest) -> None:
        """``asked`` is a new request, or the id of a review to go on with."""
        self.server: RunningServer | None = find_server(services.settings.data)
        self._services = services
        self._asked = asked
        self._resuming = resuming

    def begin(self, *, quiet: bool) -> ReviewRecord:
        """Begin the review and say what it should cost."""
        begun = self._begun_by_server() or self._begun_here()
        if not quiet:
            say(_price(begun), err=True)
        return self._services.catalog.review(self._services.settings.tenant, begun.id)

    def follow(self, review: ReviewRecord, *, quiet: bool) -> bool:
        """Wait for its end, or run it here; False where it was interrupted."""
        with showing_cells(enabled=not quiet) as show:
            try:
                if self.server is None:
                    self._run(review, show)
                else:
                    self._wait(review, show)
            except KeyboardInterrupt:
                return False
        return True

    def _begun_by_server(self) -> BegunShape | None:
        if self.server is None:
            return None
        client = client_of(self.server, self._services.settings)
        try:
            if isinstance(self._asked, str):
                return client.resume_review(self._asked, self._resuming)
            return client.begin_review(self._asked)
        except ServerAbsent:
            self.server = None  # it was killed, and something else has its process id by now
            return None

    def _begun_here(self) -> BegunShape:
        asked, resuming, services = self._asked, self._resuming, self._services
        if isinstance(asked, str):
            begun = controlling.resume(
                services,
                self._services.settings.tenant,
                asked,
                max_usd=resuming.max_usd,
                retry_failed=resuming.retry_failed,
                unattended=False,
            )
        else:
            begun = controlling.begin(
                services,
                self._services.settings.tenant,
                asked.collection,
                asked.to_order(),
                name=asked.name,
                retry_failed=asked.retry_failed,
                unattended=False,
            )
        return BegunShape.begun(report(services.catalog, begun.review, cells=False), begun)

    def _run(self, review: ReviewRecord, show: Callable[[int, int], None]) -> None:
        services = self._services
        claimed = services.catalog.claim_review(this_process(), review)
        if claimed is None:
            raise WrongState(f"review {review.id} was begun by another process")
        counts = report(services.catalog, claimed, cells=False).counts()
        total = sum(counts.values())
        done = total - counts["pending"] - counts["stale"]
        show(done, total)

        def count(_: object) -> None:
            nonlocal done
            done += 1
            show(done, total)

        with running(services) as runner:
            runner.run(run_review(services, claimed, on_cell=count))

    def _wait(self, review: ReviewRecord, show: Callable[[int, int], None]) -> None:
        catalog = self._services.catalog
        while True:
            found = report(catalog, catalog.review(self._services.settings.tenant, review.id), cells=False)
            counts = found.counts()
            total = sum(counts.values())
            show(total - counts["pending"] - counts["stale"], total)
            if found.review.state not in {"queued", "running"}:
                return
            time.sleep(_LOOK_SECONDS)


def _request(
    services: Services,
    documents: tuple[str, ...],
    questions: Path,
    out: Path,
    *,
    collection: str,
    model: str | None,
    max_usd: float | None,
) -> ReviewRequest:
    record = services.library.collection(services.settings.tenant, collection)
    chosen = controlling.choose_documents(services.catalog, record, documents)
    return options.body(
        ReviewRequest,
        questions=[
            ReviewQuestionRequest(question=asked.text, id=asked.id, type=asked.type, title=asked.title)
            for asked in read_questions(questions)
        ],
        collection=collection,
        documents=list(chosen) or None,
        name=str(out.absolute()),
        model=model,
        max_usd=max_usd,
    )


def _format(out: Path) -> Format:
    form = out.suffix.lower().removeprefix(".")
    if not out.absolute().parent.is_dir():  # said before anything is paid for
        raise click.UsageError(f"--out: there is no folder {out.absolute().parent}")
    if form not in MEDIA_TYPES:
        raise click.UsageError(f"--out must end in one of {', '.join(f'.{known}' for known in MEDIA_TYPES)}")
    return form


def _write(out: Path, content: bytes) -> None:
    """In one step: a table that somebody reads is never half of one."""
    fresh = out.with_name(f".{out.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(out)


def _price(begun: BegunShape) -> str:
    expected: EstimateShape = begun.estimate
    goes_on = f"review {begun.id} goes on: " if begun.goes_on else f"review {begun.id}: "
    price = "of unknown price" if expected.usd is None else f"for about ${expected.usd:.4f}"
    read = f"{expected.fresh_tokens:,} tokens read, {expected.cached_tokens:,} more from the cache"
    long = f"; {expected.too_long:,} too long to be read whole" if expected.too_long else ""
    asked = f"{expected.cells:,} cells to ask in {counted(expected.documents, 'document')}{long}"
    return f"{goes_on}{asked}, {price} ({read})"


def _conclude(found: ReviewReport, out: Path, *, whole: bool, served: bool) -> None:
    """Say what came of it, and leave with the status that says so, too."""
    counts, spent = found.counts(), found.review.spent
    told = ", ".join(f"{count:,} {standing}" for standing, count in counts.items() if count)
    price = "price unknown" if spent.unpriced and not spent.usd else f"${spent.usd:.4f}"
    say(
        f"{out}: {told} · {spent.prompt_tokens:,} tokens read, {spent.cached_tokens:,} of them from the "
        f"cache, {spent.completion_tokens:,} written · {price}",
        err=True,
    )
    if not whole:
        on = "the server goes on with it" if served else "the same command goes on"
        say(f"lectern: stopped; {on}, and so does --resume {found.review.id}", err=True)
        raise SystemExit(_INTERRUPTED)
    if found.review.state != "done":
        raise PermanentError(f"review {found.review.id} {found.review.state}: {found.review.reason}")
    if counts["failed"]:
        say(f"{counts['failed']:,} cells failed: --retry-failed asks them once more", err=True)
        raise SystemExit(_SOME_FAILED)
