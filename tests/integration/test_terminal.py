"""No document, file, model, caller or server steers the terminal that a command prints to."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ingest.catalog.catalog import open_catalog
from service.access.keys import make_key
from service.cli import COMMANDS, cli
from service.commands.terminal import say_json
from tests.fakes.files import write_texts
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import passages_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.glm5 import Recorded

OSC = "\x1b]52;c;cm0gLXJm\x07\x1b]0;owned\x07"
"""Fills the clipboard, and names the window."""
EVIL = f"{OSC}\x1b[2J\x1b[8m\x9b2J\x7f\u202egnorw\u2066"
LINE = f"The keeper of the gate {EVIL} earns 4,200 euros a month."
ESCAPED = OSC.replace("\x1b", "&#27;").replace("\x07", "")
PROSE = "The harbour lies still, and nothing else is to be told of it on this page. " * 20
"""Of a file with more controls than words it is said that it is no text."""
TEXTS = {
    "gate.md": f"# Gate {EVIL}\n\n## Pay {EVIL}\n\n{LINE}\n\n{PROSE}\n",
    "night\x1b[8mkeeper.txt": f"{LINE}\n\nThe night keeper {EVIL} sleeps by day.\n\n{PROSE}\n",
    "keeper.py": f'def keeper():\n    """{LINE}"""\n    return "{EVIL}"\n\nPROSE = "{PROSE}"\n',
    "keeper.html": f"<html><title>Gate {ESCAPED}</title><p>Keepers {ESCAPED} earn money.</p>{PROSE}</html>",
    "keeper.csv": f"name,pay\nkeeper of the gate,{EVIL}4200\nharbour,{PROSE}\n",
    "broken\x1b[8mpay.pdf": f"%PDF-1.4 {EVIL}",
}
QUESTION = "What does the keeper of the gate earn?"
MODEL = f"glm\x1b[31m{OSC}"
STYLES = re.compile(r"\x1b\[(?:0|1|2|3[0-7])m")
"""What Lectern's own styles are made of."""
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def steering(output: str) -> list[str]:
    """What is left in an output, its own styles aside, that a terminal would obey."""
    return STEERING.findall(STYLES.sub("", output))


def hostile(request: Recorded) -> Reply:
    markers = list(passages_of(request))
    cited = f"It is much {EVIL} [{markers[0]}]." if markers else f"Nothing {EVIL}"
    return Reply(f"{cited} The moon {EVIL} is made of cheese [D9:999].", chunk=3)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder where hostile files were ingested, twice over, and a hostile key and model are on record."""
    folder = tmp_path_factory.mktemp("hostile")
    write_texts(folder / "docs", TEXTS)
    with Glm5Server(hostile) as server, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, value in {
            "DATA": str(folder / "data"),
            "LLM_BASE_URL": server.base_url,
            "LLM_PROVIDER": "zai",
            "LLM_API_KEY": "key",
        }.items():
            patch.setenv(f"LECTERN_{name}", value)
        run("ingest", "docs", status=2)
        write_texts(folder / "docs", {"gate.md": TEXTS["gate.md"] + "\nThat is new.\n"})
        run("ingest", "docs", status=2)
        with open_catalog(folder / "data" / "catalog.sqlite") as catalog:
            make_key(catalog, "default", f"Ann\n{EVIL}", permissions=["read"], collections=[f"x{EVIL}"])
        yield folder


def run(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(cli, list(arguments), color=True)
    assert result.exit_code == status, (result.output, result.exception)
    return result.output


COMMANDS_THAT_PRINT: dict[str, list[str]] = {
    "ask": ["ask", QUESTION, "--mode", "retrieve"],
    "ask --model": ["ask", QUESTION, "--mode", "retrieve", "--model", MODEL],
    "audit": ["audit"],
    "collections": ["collections"],
    "doctor": ["doctor"],
    "documents": ["documents"],
    "documents --versions": ["documents", "--versions"],
    "ingest": ["ingest", "docs"],
    "jobs": ["jobs"],
    "keys": ["keys", "list"],
    "reindex": ["reindex"],
    "search": ["search", QUESTION],
    "usage": ["usage", "--by", "model"],
    "warm": ["warm", "--estimate", "--model", MODEL],
}
SHOWN = {"ask", "documents", "documents --versions", "ingest", "keys", "search", "usage"}
"""Those in which something hostile is to be seen, as numbers."""


@pytest.mark.parametrize("name", COMMANDS_THAT_PRINT)
def test_no_command_passes_on_what_steers_a_terminal(name: str, home: Path) -> None:
    assert home.exists()
    run("ask", QUESTION, "--mode", "retrieve", "--model", MODEL)  # on record for usage

    output = CliRunner().invoke(cli, COMMANDS_THAT_PRINT[name], color=True).output

    assert steering(output) == []
    assert output.strip()
    if name in SHOWN:
        assert r"\x1b" in output


def test_neither_an_explanation_nor_a_job_nor_a_review_does(home: Path) -> None:
    answer = json.loads(run("ask", QUESTION, "--mode", "retrieve", "--model", MODEL, "--json"))
    job = json.loads(run("jobs", "--json"))["jobs"][0]["id"]
    (home / "q.csv").write_text(f"question,type\n{QUESTION},text\n", encoding="utf-8")

    explained = run("explain", answer["id"])
    shown = run("jobs", "show", job)
    reviewed = CliRunner().invoke(cli, ["review", "q.csv", "-o", "out.csv"], color=True).output

    assert steering(explained + shown + reviewed) == []
    assert r"\x1b" in explained
    assert r"\x1b[8mpay.pdf" in shown.replace("\\\\", "\\")


def test_json_is_exact_and_steers_nothing_either(home: Path) -> None:
    assert home.exists()
    output = run("search", QUESTION, "--json")

    assert steering(output) == []
    assert any(OSC in hit["text"] and "\x9b2J\x7f\u202e" in hit["text"] for hit in json.loads(output)["hits"])


def test_every_command_is_tried_or_prints_nothing_of_others() -> None:
    tried = {arguments[0] for arguments in COMMANDS_THAT_PRINT.values()} | {"explain", "review"}
    ours = {
        "backup",  # paths that the user types, and figures
        "bot",  # no text: it speaks to a chat
        "demo",  # its own corpus, printed by the parts of ask and ingest
        "eval",  # the user's own files, printed by `say`
        "mcp",  # a protocol
        "migrate",  # figures, and names of collections by `say`
        "restore",
        "serve",  # its address
    }
    assert tried | ours == COMMANDS.keys()


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_what_is_printed_as_json_reads_back(text: str) -> None:
    @click.command
    def printing() -> None:
        say_json(json.dumps({"text": text}, ensure_ascii=False))

    output = CliRunner().invoke(printing, color=True).output

    assert json.loads(output) == {"text": text}
    assert steering(output) == []
