"""Small files of every kind that Lectern reads, and broken ones, written where a test wants them."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import docx
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from tests.fakes.authored import Block
from tests.fakes.writers import WRITERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LEASE = """# Lease of the Harbour Warehouse

## 1. Rent

The Tenant shall pay a monthly rent of 4,200 euros within thirty (30) days after receipt of the invoice.
Late payments bear interest at 1.5% per month.

## 2. Term

The lease begins on 1 March 2024 and ends on 28 February 2029. The Tenant shall not sublet the warehouse.

## 3. Notice

Either party may terminate the lease with ninety (90) days' written notice.
"""

TEXTS = {
    "lease.md": LEASE,
    "policy.txt": "Travel policy\n\nEmployees shall book trains for distances below 600 kilometres.\n",
    "notes.rst": "Minutes\n=======\n\nThe board approved the budget of 75,000 dollars.\n",
    "page.html": "<html><head><title>Shipping terms</title></head><body><h1>Shipping terms</h1>"
    "<p>Parcels leave the depot within two working days of the order.</p></body></html>",
    "settings.yaml": "retries: 4\ntimeout_seconds: 25\n",
    "data.json": '{"warehouse": "Harbour", "square_metres": 1250}\n',
    "code/ledger.py": 'class Ledger:\n    """Keeps postings."""\n\n    def post(self, amount: int) -> None:\n'
    '        """Append a posting to the ledger."""\n        self.postings.append(amount)\n',
    "code/format.js": "export function formatAmount(cents) {\n  return (cents / 100).toFixed(2);\n}\n",
    "code/retry.ts": "export const backoff = (attempt: number): number => 2 ** attempt;\n",
    "code/main.go": 'package main\n\nimport "fmt"\n\nfunc greet() {\n\tfmt.Println("harbour")\n}\n',
    "code/Ship.java": 'class Ship {\n    String name() {\n        return "Aurora";\n    }\n}\n',
    "code/anchor.c": "int drop_anchor(int metres) {\n    return metres * 3;\n}\n",
    "code/anchor.cpp": "namespace harbour {\nint raise_anchor(int metres) { return metres / 3; }\n}\n",
    "code/tide.rs": "pub fn tide_height(hour: u32) -> u32 {\n    hour * 2\n}\n",
}


_PROGRAMS = frozenset({"a.py", "a.css"})
"""Prose under a program's name has no place among files that are as they should be."""


def write_texts(folder: Path, texts: dict[str, str] | None = None) -> None:
    """Files by relative path."""
    for path, text in (TEXTS if texts is None else texts).items():
        location = folder / path
        location.parent.mkdir(parents=True, exist_ok=True)
        location.write_text(text, encoding="utf-8")


def write_every_kind(folder: Path) -> list[str]:
    """One file of every kind that is read; their paths, sorted."""
    write_texts(folder)
    write_pdf(folder / "agency.pdf", ["The Agent earns a commission of 12% on net sales.", "Exhibit A."])
    write_docx(folder / "nda.docx")
    blocks = [
        Block("heading", (("Tariff", "of", "berths"),)),
        Block("table", (("Berth", "Fee"), ("7", "90"))),
    ]
    written = [name for name in WRITERS if name.startswith("a.") and name not in _PROGRAMS]
    for name in written:
        WRITERS[name](folder / name, blocks)
    return sorted([*TEXTS, "agency.pdf", "nda.docx", *written])


def write_pdf(location: Path, pages: Sequence[str], *, password: str | None = None) -> None:
    """A line on each page."""
    lock = StandardEncryption(password, strength=128) if password else None
    canvas = Canvas(str(location), encrypt=lock, invariant=1)
    for text in pages:
        canvas.drawString(72, 720, text)
        canvas.showPage()
    canvas.save()


def write_docx(location: Path) -> None:
    """A heading and a clause."""
    document = docx.Document()
    document.add_heading("Non-disclosure agreement", 1)
    document.add_paragraph("The Recipient shall keep the formula secret for seven years.")
    document.save(str(location))


def write_bad_files(folder: Path) -> dict[str, str]:
    """One file for each way of being bad; the reason that each should be given."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "empty.md").touch()
    (folder / "blank.txt").write_text(" \n\t\n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nthis is not a cross reference table\n")
    (folder / "broken.docx").write_bytes(b"PK\x03\x04 and then nothing of use")
    (folder / "program.txt").write_bytes(b"\x7fELF" + bytes(range(256)) * 8)
    (folder / "noise.txt").write_bytes(bytes(range(256)) * 64)
    (folder / "really-a.docx").write_text("words in a text file that calls itself a Word document")
    (folder / "old.docx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1024))
    (folder / "huge.txt").write_bytes(b"all work and no play\n" * 60_000)
    write_pdf(folder / "locked.pdf", ["The secret."], password="open sesame")
    write_pdf(folder / "scan.pdf", [""])
    (folder / "bomb.docx").write_bytes(_bomb())
    return {
        "blank.txt": "no_text",
        "bomb.docx": "unpacks_too_large",
        "broken.docx": "broken",
        "broken.pdf": "broken",
        "empty.md": "empty",
        "huge.txt": "too_large",
        "locked.pdf": "encrypted",
        "noise.txt": "not_text",
        "old.docx": "encrypted",
        "program.txt": "wrong_extension",
        "really-a.docx": "wrong_extension",
        "scan.pdf": "no_text",
    }


def _bomb() -> bytes:
    """A Word document whose text unpacks to 300 MB."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("word/document.xml", "w", force_zip64=True) as part:
            block = b" " * 2**20
            for _ in range(300):
                part.write(block)
    return packed.getvalue()
