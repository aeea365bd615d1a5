"""What hostile programs cost: marks in endless rows, in every language, read in the parsing process.

    python -m bench.hostile [LANGUAGE…] [--bytes N]

Each program is N bytes of one pattern. The table names, for each language, how many programs kept their
syntax, and the slowest. The exit status is 1 where a text was lost.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from ingest.errors import UnreadableFile
from ingest.media import language_of, media_types
from ingest.model import SourceFile
from ingest.readers.grammars import LANGUAGES
from ingest.sandbox import ParsingProcess

PATTERNS = (
    "a:",
    "a.",
    "a ",
    "(",
    "{[",
    "a(",
    '"',
    "'\\",
    "/*",
    "<a>",
    "a\n",
    "a = {\n",
    "if a then\n",
    "- ",
    "#a\n",
    "@a ",
    "f(x)=",
    "a,",
    "$",
    "合",
)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("languages", nargs="*", default=LANGUAGES)
    parser.add_argument("--bytes", type=int, default=100_000)
    options = parser.parse_args()
    lost = 0
    print("| language | seconds in all | slowest | seconds | without syntax | lost |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, ParsingProcess() as process:
        for language in options.languages:
            times: dict[str, float] = {}
            given_up: list[str] = []
            failed: list[str] = []
            for pattern in PATTERNS:
                text = pattern * (options.bytes // len(pattern.encode()))
                began = time.perf_counter()
                try:
                    given_up += [pattern] * bool(read(text, language, Path(folder), process))
                except UnreadableFile as refusal:
                    failed.append(f"{pattern!r}: {refusal}")
                times[pattern] = time.perf_counter() - began
            slowest = max(times, key=lambda pattern: times[pattern])
            said = ", ".join(map(repr, given_up))
            print(
                f"| {language} | {sum(times.values()):.1f} | {slowest!r} | {times[slowest]:.1f} | {said} |"
                f" {'; '.join(failed)} |",
                flush=True,
            )
            lost += len(failed)
    return 1 if lost else 0


def read(text: str, language: str, folder: Path, process: ParsingProcess) -> tuple[str, ...]:
    """What the document lacks."""
    location = folder / "program"
    location.write_text(text, encoding="utf-8")
    facts = location.stat()
    media_type = next(kind for kind in media_types() if language_of(kind) == language)
    source = SourceFile(location.name, location, media_type, facts.st_size, facts.st_mtime_ns)
    document = process.parse(source)
    if document.text != text:
        raise UnreadableFile("broken", "the text is another one")
    return document.warnings


if __name__ == "__main__":
    sys.exit(main())
