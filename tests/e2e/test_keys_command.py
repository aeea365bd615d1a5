"""Keys and tenants from end to end: commands in processes of their own, beside a server that runs."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.fakes.command_line import CommandLine
from tests.fakes.files import write_texts

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends servers by Unix signals")

KEY = re.compile(r"lectern_[0-9a-f]{12}_[A-Za-z0-9_-]{43}\n")


def test_two_tenants_by_commands_and_by_keys(tmp_path: Path) -> None:
    write_texts(tmp_path / "ours", {"lease.md": "The rent of our warehouse is 4,200 euros.\n"})
    write_texts(tmp_path / "theirs", {"lease.md": "The rent of their warehouse is 9,999 euros.\n"})
    line = CommandLine(tmp_path / "data", tmp_path)
    line.ok("ingest", "ours")
    line.ok("ingest", "theirs", LECTERN_TENANT="other")
    exposed = line.run("serve", "--host", "0.0.0.0", "--port", "0")
    assert (exposed.status, "lectern keys create" in exposed.err) == (1, True)

    with line.serving() as url:
        made = line.ok("keys", "create", "the intranet", "--expires", "90d", "--usd-per-day", "2")
        other = line.ok("keys", "create", "a partner", "--tenant", "other", "--json").json
        spare = line.ok("keys", "create", "spare", "--json").json
        found = {
            tenant: line.ok("search", "rent of the warehouse", "--json", LECTERN_TENANT=tenant)
            for tenant in ("default", "other")
        }
        nobody = line.run("search", "rent", LECTERN_TENANT="nobody")
        asked = httpx2.post(
            f"{url}/v1/search",
            json={"query": "rent"},
            headers={"Authorization": f"Bearer {other['key']}"},
            trust_env=False,
        )
        closed = httpx2.get(f"{url}/v1/collections", trust_env=False)
        listed = line.ok("keys", "list", "--all", "--json").json["keys"]
        revoked = line.ok("keys", "revoke", other["id"], "--tenant", "other")
        again = line.run("keys", "revoke", spare["id"], "--tenant", "other")
        mine = line.ok("keys", "revoke", spare["id"], LECTERN_TENANT="other")
        noted = {
            tenant: line.ok("audit", "--json", LECTERN_TENANT=tenant).json["entries"]
            for tenant in ("default", "other")
        }
        refused = httpx2.get(
            f"{url}/v1/collections", headers={"Authorization": f"Bearer {other['key']}"}, trust_env=False
        )

    assert KEY.fullmatch(made.out), "the key alone, so that it can be piped"
    assert "2 dollars a day" in made.err
    assert made.out.strip() not in made.err
    assert "4,200" in found["default"].out
    assert "9,999" not in found["default"].out
    assert "9,999" in found["other"].out
    assert (nobody.status, "no collection named" in nobody.err) == (1, True)
    assert "9,999" in asked.text
    assert closed.status_code == 401
    assert {one["tenant"] for one in listed} == {"default", "other"}
    assert revoked.out == f"revoked {other['id']}\n"
    assert (again.status, "of tenant default: add --tenant default" in again.err) == (2, True)
    assert mine.out == f"revoked {spare['id']}\n", "whoever may read the folder, whichever tenant it is"
    revocations = {
        tenant: [entry["subject"] for entry in entries if entry["action"] == "revoke_key"]
        for tenant, entries in noted.items()
    }
    assert revocations == {"default": [spare["id"]], "other": [other["id"]]}
    assert refused.status_code == 401

    with line.serving("--host", "0.0.0.0") as url:
        assert httpx2.get(f"{url}/v1/collections", trust_env=False).status_code == 401


def test_what_is_wrong_with_a_key_is_said(tmp_path: Path) -> None:
    line = CommandLine(tmp_path / "data", tmp_path)
    past = line.run("keys", "create", "x", "--expires", "2001-01-31")
    odd = line.run("keys", "create", "x", "--expires", "soon")
    limited = line.run("keys", "create", "x", "-p", "admin", "-c", "contracts")
    unknown = line.run("keys", "revoke", "000000000000")

    assert (past.status, "expires_at" in past.err) == (1, True)
    assert (odd.status, "90d" in odd.err) == (2, True)
    assert (limited.status, "collections" in limited.err) == (1, True)
    assert (unknown.status, "no key named" in unknown.err) == (1, True)
    assert line.ok("keys", "list").out == ""
