"""The scripts that containers begin with, run as they are."""

from __future__ import annotations

import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.deployment import ROOT, compose

if TYPE_CHECKING:
    from pathlib import Path

ENTRYPOINT = ROOT / "deploy" / "entrypoint.sh"
SECRETS = ROOT / "deploy" / "make-secrets.sh"


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def run(script: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    told = {"PATH": "/usr/bin:/bin", **environment}
    return subprocess.run(
        ["/bin/sh", str(script), *arguments], env=told, capture_output=True, text=True, check=False
    )


def begun(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The entrypoint before a `lectern` that says how it was called."""
    secrets = '"$LECTERN_ACCESS_KEY" "$PGPASSWORD" "$LECTERN_QDRANT_API_KEY"'
    says = f"""printf '%s|%s|%s' {secrets}; printf '|%s' "$@"; echo"""
    program(folder / "bin", "lectern", says)
    told = {"LECTERN_ACCESS_KEY": "", "PGPASSWORD": "", "LECTERN_QDRANT_API_KEY": "", **environment}
    return run(
        ENTRYPOINT,
        *arguments,
        **told | {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "SECRETS": str(folder / "secrets")},
    )


def test_secrets_become_settings(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    for name, text in {
        "lectern_access_key": "a key; $(of ours) 'quoted' \"twice\"\n",
        "pgpassword": "wörd",
        "lectern_qdrant_api_key": "q",
        "other": "x",
    }.items():
        (tmp_path / "secrets" / name).write_text(text, encoding="utf-8")
    ran = begun(tmp_path, "ask", "Who signs?", "--json")
    assert ran.stdout == "a key; $(of ours) 'quoted' \"twice\"|wörd|q|ask|Who signs?|--json\n"
    assert (ran.returncode, ran.stderr) == (0, "")


def test_without_secrets_it_runs_all_the_same(tmp_path: Path) -> None:
    ran = begun(tmp_path, "serve", LECTERN_ACCESS_KEY="from the environment")
    assert ran.stdout == "from the environment|||serve\n"
    assert ran.returncode == 0


def test_a_cluster_is_joined_before_anything_else(tmp_path: Path) -> None:
    program(tmp_path / "bin", "ray", 'echo "ray $*"')
    told = {"RAY_HEAD": "ray-head:6379", "RAY_TMPDIR": str(tmp_path)}
    assert begun(tmp_path, "serve", **told).stdout.splitlines() == [
        "ray start --address=ray-head:6379 --num-cpus=0 --disable-usage-stats",
        "|||serve",
    ]
    (tmp_path / "ray" / "session_latest").mkdir(parents=True)
    assert begun(tmp_path, "serve", **told).stdout == "|||serve\n"


def test_a_cluster_that_is_not_there_is_no_start(tmp_path: Path) -> None:
    program(tmp_path / "bin", "ray", "exit 3")
    ran = begun(tmp_path, "serve", RAY_HEAD="ray-head:6379", RAY_TMPDIR=str(tmp_path))
    assert (ran.stdout, ran.returncode) == ("", 3)


def test_secrets_are_made_once_and_differ(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    first = run(SECRETS, str(folder), PROVIDER_KEY="of the provider")
    made = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    again = run(SECRETS, str(folder))

    assert (first.returncode, again.returncode, again.stdout) == (0, 0, "")
    assert made == {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert made.keys() == compose()["secrets"].keys() - {"chat_key"}
    assert made.pop("lectern_llm_api_key") == "of the provider"
    assert all(len(text) == 64 for text in made.values())
    assert len(set(made.values())) == len(made)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o444}


@pytest.mark.parametrize("script", [ENTRYPOINT, SECRETS])
def test_scripts_can_be_started(script: Path) -> None:
    assert script.stat().st_mode & stat.S_IXUSR
