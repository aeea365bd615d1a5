"""``lectern doctor``: what is wrong with the data folder, and its repair."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ingest.errors import LecternError, UnsupportedStore
from service import comparing, configuration, diagnosis, reachability
from service.commands import options
from service.commands.auditing import opened
from service.commands.terminal import say, say_json
from service.diagnosis import Finding
from service.ingesting import open_ingester
from service.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

_BROKEN = (
    "where the index is damaged: end the server, move the folder index out of the data folder, and run "
    "lectern doctor --repair; where the catalog is: lectern restore a backup"
)
_COLOURS = {"ok": "green", "wrong": "red", "repaired": "yellow", "note": None}


@click.command(short_help="Check data folder, catalog and index; repair them.")
@click.option("--repair", is_flag=True, help="Write what the index lacks, delete what does not belong there.")
@click.option(
    "--online",
    is_flag=True,
    help="Ask the endpoints of the settings, too: the model's for its list of models, which is free, else "
    "for one token; the reranker for the order of two words.",
)
@click.option(
    "--deep",
    is_flag=True,
    help="Compare what the index holds of every document with its text, not of some of them.",
)
@options.as_json
def command(*, repair: bool, online: bool, deep: bool, as_json: bool) -> None:
    """Check settings, data folder, catalog and index of all tenants, and whether they agree.

    The exit status is 1 where something is wrong and was not repaired. No repair deletes what a document
    needs.
    """
    findings: list[Finding] = []
    for finding in _findings(repairs=repair, online=online, deep=deep):
        findings.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        say_json(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    if any(finding.state == "wrong" for finding in findings):
        raise SystemExit(1)


def _findings(*, repairs: bool, online: bool, deep: bool) -> Iterator[Finding]:
    try:
        settings = options.settings()
    except SettingsError as error:
        yield Finding("settings", "wrong", str(error))
        return
    yield Finding("settings", "ok")
    yield from configuration.check_file(Path.cwd(), repairs=repairs)
    try:
        with ExitStack() as closing:
            if settings.data.exists():
                yield from diagnosis.check_folder(settings.data, repairs=repairs)
            yield from diagnosis.check_leftovers(settings.data, repairs=repairs)
            services = closing.enter_context(opened(settings))
            yield from configuration.check_settings(settings, services.catalog)
            yield diagnosis.check_catalog(services)
            yield from diagnosis.check_servers(services)
            yield from diagnosis.check_jobs(services, repairs=repairs)
            yield from diagnosis.check_originals(services, repairs=repairs)
            yield from diagnosis.check_deleted(services)
            yield from reachability.check_layout(settings)
            yield from diagnosis.check_tokenizer(services)
            ingester = closing.enter_context(open_ingester(services)) if repairs else None
            repairer = ingester.repairer if ingester else None
            yield from diagnosis.check_collections(services, repairer)
            yield from comparing.check_contents(services, repairer, deep=deep)
            if online:
                yield from reachability.check_model(settings)
                yield from reachability.check_reranker(settings)
    except SettingsError as error:
        yield Finding("settings", "wrong", str(error))
    except UnsupportedStore as error:
        yield Finding("data", "wrong", str(error), _BROKEN)
    except (LecternError, OSError) as error:
        yield Finding("data", "wrong", str(error), "see index.log in the data folder, and the settings")
    yield from diagnosis.check_programs()


def _print(finding: Finding) -> None:
    said = f"  {finding.detail}" if finding.detail else ""
    say(f"{finding.state:8}", fg=_COLOURS[finding.state], nl=False)
    say(f"  {finding.check}{said}")
    if finding.advice:
        say(f"{'':8}    {finding.advice}")
