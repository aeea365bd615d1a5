"""The page about deploying names only what there is."""

from __future__ import annotations

import re
import shlex
from typing import cast

import click
import pytest

from service.cli import cli
from service.models.providers import PROVIDERS
from tests.deployment import ROOT, compose, read

PAGE = read("docs/deploy.md")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
LINES = [line for block in BLOCKS for line in block.replace("\\\n", " ").splitlines()]
COMMANDS = sorted(
    set(re.findall(r"lectern-entrypoint ([^>`\n]+)", PAGE))
    | set(re.findall(r"(?<=[-`] )lectern ([a-z][^`>\n]*)`", PAGE))
    | set(re.findall(r"`lectern ([a-z][^`>\n]*)`", PAGE))
)


def require_real(words: list[str]) -> None:
    """Whether these words are a command with options that it has."""
    command: click.Command = cli
    context = click.Context(cli)
    rest = list(words)
    while isinstance(command, click.Group):
        name = rest.pop(0)
        found = command.get_command(context, name)
        assert found is not None, f"no command {name} in {words}"
        command = found
    options = {flag for parameter in command.params for flag in parameter.opts}
    assert {word for word in rest if word.startswith("-")} <= options, words


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_exist(line: str) -> None:
    require_real(shlex.split(line))


def test_there_are_commands() -> None:
    assert {line.split()[0] for line in COMMANDS} >= {"ingest", "doctor", "keys"}


def test_profiles_services_and_files_exist() -> None:
    services = compose()["services"]
    profiles = set[str]().union(*(told.get("profiles", ()) for told in services.values()))
    assert set(re.findall(r"--profile (\S+)", PAGE)) <= profiles
    listed = re.findall(
        r"^\| (`[a-z]+`(?:, `[a-z]+`)*) \|", PAGE.split("### Profiles")[1].split("##")[0], re.MULTILINE
    )
    assert {name.strip("` ") for names in listed for name in names.split(",")} == profiles
    assert set(re.findall(r"docker compose exec (?:-T )?(\S+)", PAGE)) <= services.keys()
    for name in re.findall(r"(?<![\w/.-])(deploy/[\w./-]+\w)", PAGE.replace("deploy/lectern --", "")):
        assert (ROOT / name).exists(), name


def test_secrets_are_those_of_the_file() -> None:
    listed = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| [^|]* \| [^|]* \|$", PAGE, re.MULTILINE)
    named = {name.strip("` ") for names in listed for name in names.split(",")}
    assert compose()["secrets"].keys() <= named


def test_ports_are_those_that_are_published() -> None:
    published = {
        port.split(":")[1] for told in compose()["services"].values() for port in told.get("ports", ())
    }
    assert set(re.findall(r"http://127\.0\.0\.1:(84\d\d)", PAGE)) == published


@pytest.mark.parametrize(
    ("engine", "start"), [("vllm", "vllm serve "), ("sglang", "python3 -m sglang.launch_server ")]
)
def test_an_engine_by_hand_is_started_as_by_compose(engine: str, start: str) -> None:
    (line,) = (line for line in LINES if line.startswith(start))
    by_hand = line.removeprefix(start).split()
    told = cast("list[str]", compose()["services"][engine]["command"])
    of_compose = [word for entry in told for word in entry.split("=", 1)]
    network = {"--host", "0.0.0.0", "--port", "8000", "--enable-metrics"}
    assert set(by_hand) - network == set(of_compose) - network - {"python3", "-m", "sglang.launch_server"}


def test_headers_are_those_that_are_sent() -> None:
    for name in ("vllm", "sglang"):
        assert f"| `{name}` | `{PROVIDERS[name].session_header}` |" in PAGE
    for name in set(re.findall(r"LECTERN_LLM_PROVIDER=(\w+)", PAGE)):
        assert PROVIDERS[name].own
    assert f"--served-model-name {PROVIDERS['ktransformers'].model}" in PAGE
