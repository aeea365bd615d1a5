"""Writes the example contracts that are not plain text; ``--check`` only compares them with the source."""

from __future__ import annotations

import argparse
import io
import sys
import zipfile
from pathlib import Path

from markup import read_blocks
from pdf import write_pdf
from word import write_docx

HERE = Path(__file__).resolve().parent
CONTRACTS = HERE / "corpus" / "contracts"
PROSE = HERE / "prose"


def build() -> dict[str, bytes]:
    """The contents of each generated file, by its name."""
    agreement = read_blocks(sorted((PROSE / "msa").glob("*.md")))
    amendment = read_blocks([PROSE / "amendment-no-1.md"])
    russian = read_blocks([PROSE / "nda-russian.md"])
    head = "Master Services Agreement NHL-VMS-2024-017"
    return {
        "master-services-agreement.pdf": write_pdf(agreement, head),
        "master-services-agreement.docx": write_docx(agreement, head, "en-GB"),
        "amendment-no-1.pdf": write_pdf(amendment, f"Amendment No. 1 to {head}"),
        "nda-russian.docx": write_docx(russian, "Соглашение о конфиденциальности № 48-К/2024", "ru-RU"),
    }


def members(content: bytes) -> dict[str, bytes]:
    """What a file holds, apart from compression, which differs between builds of zlib."""
    if not content.startswith(b"PK"):
        return {"": content}
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true", help="write nothing, exit 1 on a difference")
    check: bool = arguments.parse_args().check
    different = 0
    for name, content in build().items():
        target = CONTRACTS / name
        if not check:
            target.write_bytes(content)
            print(f"{name}: {len(content)} bytes")
        elif not target.is_file() or members(target.read_bytes()) != members(content):
            print(f"{name} is not what examples/prose makes", file=sys.stderr)
            different += 1
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
