"""What the catalog's calls cost while documents come: short ones, so that nothing but the records counts.

    python -m bench.catalog [--sizes N…] [--url URL]

CPU milliseconds of this process, the least of five; a database server computes in its own.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.catalog.catalog import open_catalog
from ingest.catalog.records import FileFacts, NewVersion
from ingest.context.amending import AMENDMENT_WORDS
from ingest.groups import GROUP_DOCUMENTS
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.reading import read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord

SIZES = (1_000, 10_000, 50_000)
TENANT = COLLECTION = "bench"
_TEXT = "A short agreement about rent.\n\nThe rent is due on the first of each month."


def main() -> None:
    """Publish documents up to each size, and time what is asked then."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), metavar="N", help="Documents.")
    parser.add_argument("--url", help="A database, instead of a file that goes.")
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="lectern-catalog-") as folder,
        open_catalog(chosen.url or Path(folder, "catalog.sqlite")) as catalog,
    ):
        catalog.ensure_collection(TENANT, COLLECTION, embedder="none", dimensions=1, check_vector=b"")
        collection = catalog.collection(TENANT, COLLECTION)
        for size in sorted(chosen.sizes):
            spent, made = published(catalog, collection, size)
            print(f"{size} documents: {1_000 * spent / max(made, 1):.2f} CPU ms to publish one")
            for name, call in calls(catalog, collection).items():
                print(f"  {name:18} {least(call):8.2f} CPU ms", flush=True)


def published(catalog: Catalog, collection: CollectionRecord, upto: int) -> tuple[float, int]:
    """CPU seconds, and how many documents came."""
    document = read_text(_TEXT, "agreement.txt")
    passages = cut_passages(document, find_sections(document))
    began, first = time.process_time(), len(catalog.manifest(collection))
    for start in range(first, upto, GROUP_DOCUMENTS):
        begun = catalog.begin_versions(
            collection, [facts(n) for n in range(start, min(start + GROUP_DOCUMENTS, upto))]
        )
        catalog.publish_versions([NewVersion(version, document, passages, 2) for version in begun])
    return time.process_time() - began, upto - first


def facts(number: int) -> FileFacts:
    path = f"{number % 97}/Company {number} distribution agreement.txt"
    stamp = ("text/plain", "plain", "chunks", "none")
    return FileFacts(path, f"{number:032x}", len(_TEXT), number, *stamp, f"/contracts/{path}")


def calls(catalog: Catalog, collection: CollectionRecord) -> Mapping[str, Callable[[], object]]:
    """Those of an ingest, of a search and of a list."""
    some = [facts(number).path for number in range(10)]
    return {
        "files, all": lambda: catalog.known_files(collection),
        "files, ten": lambda: catalog.known_files(collection, paths=some),
        "files, a folder": lambda: catalog.known_files(collection, paths=some, folders=["/contracts/7"]),
        "files, by bytes": lambda: catalog.known_copies(
            collection, [f"{number:032x}" for number in range(10)]
        ),
        "files, placed": lambda: catalog.placed(TENANT, COLLECTION, some, some),
        "manifest": lambda: catalog.manifest(collection),
        "retitled": lambda: catalog.retitled(collection),
        "locations": lambda: catalog.locations(TENANT, COLLECTION),
        "ready versions": lambda: catalog.ready_versions(collection),
        "kinds": lambda: catalog.ready_kinds(collection),
        "characters": lambda: catalog.ready_characters(collection),
        "titles, all": lambda: catalog.titled_numbers(collection, AMENDMENT_WORDS, after=0),
        "sixty versions": lambda: catalog.numbered(TENANT, COLLECTION, range(1, 61)),
        "a page of the list": lambda: catalog.documents(TENANT, COLLECTION, limit=50),
    }


def least(call: Callable[[], object]) -> float:
    """CPU milliseconds."""
    taken: list[float] = []
    for _ in range(5):
        began = time.process_time()
        call()
        taken.append(1_000 * (time.process_time() - began))
    return min(taken)


if __name__ == "__main__":
    main()
