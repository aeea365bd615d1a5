"""``lectern explain``: what an answer's prompt was made of, and why the cache served what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ingest.showing import shown_line
from service.commands import options
from service.commands.auditing import opened
from service.commands.charts import dollars
from service.commands.terminal import say, say_json
from service.http.usage_shapes import ExplanationShape

if TYPE_CHECKING:
    from service.http.usage_shapes import ExplainedCall


@click.command(short_help="Explain what an answer's prompt held, and what the cache served of it.")
@click.argument("request_id", metavar="REQUEST")
@options.as_json
def command(*, request_id: str, as_json: bool) -> None:
    """Explain an answer by its id, such as ans_1x2y3z, which --json and HTTP give with it.

    What its prompt was made of, what was foretold and what was served from the cache, what it cost; and the
    first block that differs from the request before, with the reason.
    """
    with opened(options.settings(), needs_index=False) as services:
        found = ExplanationShape.of(services.ledger.explanation(services.settings.tenant, request_id))
    if as_json:
        say_json(found.model_dump_json(indent=2))
        return
    _print_call(found)
    _print_segments(found)
    _print_reasons(found)


def _print_call(found: ExplanationShape) -> None:
    call = found.call
    when = call.created_at.astimezone().isoformat(sep=" ", timespec="seconds")
    say(
        f"{found.id}  {when}  {shown_line(call.model)} at {call.provider}, {call.mode or call.purpose}",
        bold=True,
    )
    if call.outcome != "ok":
        say(f"  did not come to its end: {call.outcome}", fg="yellow")
    if found.reason:
        say(f"  {found.reason}")
    for one in found.calls:
        say(f"  {one.purpose}: {_figures(one)}")
    if len(found.calls) > 1:
        say(f"  in all {dollars(found.usd)}, {dollars(found.saved_usd)} saved by the cache")


def _figures(call: ExplainedCall) -> str:
    read = f"{call.prompt_tokens:,} tokens read ({call.planned_tokens:,} planned)"
    cached = f"{call.cached_tokens:,} from the cache ({call.predicted_cached_tokens:,} foretold)"
    money = f"{dollars(call.usd)}, {dollars(call.saved_usd)} saved"
    written = f"{call.completion_tokens:,} written"
    return (
        f"{read}, {cached}, {written}; {money}; {call.milliseconds / 1_000:.1f} s by {shown_line(call.model)}"
    )


def _print_segments(found: ExplanationShape) -> None:
    if not found.segments:
        return
    say(f"\n  {'block':14}{'tokens':>9}{'foretold':>10}  {'fingerprint':18}documents")
    for segment in found.segments:
        shown = ", ".join(f"D{number}" for number in segment.documents)
        figures = f"{segment.tokens:>9,}{segment.cached_tokens:>10,}"
        line = f"  {segment.name:14}{figures}  {segment.fingerprint:18}{shown}"
        say(line.rstrip(), dim=segment.same)


def _print_reasons(found: ExplanationShape) -> None:
    before = found.compared_with
    say()
    if before is not None:
        where = "the request before in its session" if before.same_session else "the request before"
        say(f"  compared with {where}, {before.id}")
    say(f"  first difference: {found.difference.why}")
    say(f"  cache: {found.cache.why}")
