"""Speed and completeness of the PDF reader: ``python -m bench.pdf FOLDER [documents.jsonl]``."""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2

from ingest.errors import UnreadableFile
from ingest.readers.pdf import read_pdf

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ingest.model import Document


def read_all(locations: Iterable[Path]) -> tuple[dict[str, Document], Counter[str], float]:
    """The documents by file stem, the refusals by reason, and CPU seconds."""
    read: dict[str, Document] = {}
    refused: Counter[str] = Counter()
    begun = time.process_time()
    for location in locations:
        try:
            read[location.stem] = read_pdf(location)
        except UnreadableFile as error:
            refused[error.reason] += 1
    return read, refused, time.process_time() - begun


def extract_all(locations: Iterable[Path]) -> tuple[int, float]:
    """Pages and CPU seconds of pdfium alone: its text, no boxes, no layout. The limit that we approach."""
    pages, begun = 0, time.process_time()
    for location in locations:
        with pypdfium2.PdfDocument(location) as document:
            for page in document:
                page.get_textpage().get_text_range()
                page.close()
            pages += len(document)
    return pages, time.process_time() - begun


def word_recall(document: Document, expected: str) -> float:
    gold, found = (Counter(re.findall(r"\w+", text.lower())) for text in (expected, document.text))
    return (gold & found).total() / gold.total()


def texts_of(location: Path) -> Mapping[str, str]:
    rows = map(json.loads, location.read_text(encoding="utf-8").splitlines())
    return {row["doc_id"].rsplit("/", 1)[-1].removesuffix(".txt"): row["text"] for row in rows}


def main() -> None:
    folder = Path(sys.argv[1])
    locations = sorted(folder.rglob("*.pdf"))
    read, refused, seconds = read_all(locations)
    pages = sum(len(document.pages) for document in read.values())
    characters = sum(len(document.text) for document in read.values())
    print(f"{len(locations)} files, {len(read)} read, refused: {dict(refused) or 'none'}")
    print(f"with boxes: {pages} pages, {seconds:.2f} CPU s, {pages / seconds:.0f} pages per CPU s")
    print(f"{1e6 * seconds / characters:.2f} CPU s per million characters")
    if not refused:
        plain, limit = extract_all(locations)
        print(f"pdfium's text alone: {plain / limit:.0f} pages per CPU s")
    if len(sys.argv) > 2:
        texts = texts_of(Path(sys.argv[2]))
        recalls = sorted(
            word_recall(document, texts[name]) for name, document in read.items() if name in texts
        )
        mean = sum(recalls) / len(recalls)
        print(f"word recall over {len(recalls)} files: mean {mean:.4f}, least {recalls[0]:.4f}")


if __name__ == "__main__":
    main()
