"""Writes the two references from the code; ``--check`` only compares them with it."""  # noqa: INP001 — a script

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from commands_page import commands_page
from http_page import http_page

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Exit status 1 if ``--check`` finds a page that is not what the code says."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true", help="write nothing, exit 1 on a difference")
    check: bool = arguments.parse_args().check
    different = 0
    for name, text in {"reference-cli.md": commands_page(), "reference-http.md": http_page()}.items():
        page = HERE / name
        if not check:
            page.write_text(text, encoding="utf-8", newline="\n")
        elif not page.is_file() or page.read_text(encoding="utf-8") != text:
            sys.stderr.write(f"docs/{name} is not what the code says: run python docs/generate.py\n")
            different += 1
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
