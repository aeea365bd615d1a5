"""``lectern doctor``: whether an index that opens holds what it should, of some documents or of all."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from ingest.errors import LecternError
from ingest.verifying import Verifier
from service.answers import DEFAULT_TENANT
from service.diagnosis import Finding
from service.ingest_lock import writing
from service.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.catalog.records import CollectionRecord, VersionRecord
    from ingest.repairing import Repairer
    from service.services import Services

SAMPLED = 20
"""Documents of a collection, others at each look."""
SAMPLED_CHARACTERS = 1_000_000
"""Code points of them together, beside the first: terms are made of about a million a second."""


def check_contents(services: Services, repairer: Repairer | None, *, deep: bool) -> Iterator[Finding]:
    """Stored passages and terms against those that the catalog's texts make; all of them with ``deep``.

    With a ``repairer`` the points of a document that differs are written anew.
    """
    catalog = services.catalog
    for tenant in catalog.tenants():
        for collection in catalog.collections(tenant):
            try:
                yield _check(services, collection, repairer, deep=deep)
            except LecternError as error:
                yield Finding(_named(collection), "wrong", str(error), "see index.log in the data folder")


def _check(
    services: Services, collection: CollectionRecord, repairer: Repairer | None, *, deep: bool
) -> Finding:
    check, verifier = _named(collection), Verifier(services.catalog, services.index)
    held = services.index.counts(collection.scope)  # what it lacks altogether is told by another check
    there = [version for version in verifier.comparable(collection) if version.number in held]
    chosen = there if deep else _sample(there)
    differing = verifier.differing(collection, chosen)
    compared = counted(len(chosen), "document") + " compared"
    if len(chosen) < len(there):
        compared += f", of {len(there)}; --deep compares all"
    if not differing:
        return Finding(check, "ok", compared)
    said = f"{counted(len(differing), 'document')} stored otherwise than the text says; {compared}"
    advice = "lectern doctor --repair --deep"
    if repairer is None or collection.embedder != services.embedder.identity:
        return Finding(check, "wrong", said, advice)
    with writing(services.catalog, collection.tenant, collection.name, "repair"):
        repairer.renew(collection, differing)
    again = [version for version in chosen if version.number in differing]
    left = verifier.differing(collection, again)
    return Finding(check, "wrong" if left else "repaired", said, advice if left else "")


def _sample(versions: Sequence[VersionRecord]) -> list[VersionRecord]:
    drawn = random.sample(versions, min(SAMPLED, len(versions)))
    kept: list[VersionRecord] = []
    characters = 0
    for version in drawn:
        characters += version.characters
        if kept and characters > SAMPLED_CHARACTERS:
            break
        kept.append(version)
    return kept


def _named(collection: CollectionRecord) -> str:
    name = (
        collection.name if collection.tenant == DEFAULT_TENANT else f"{collection.tenant}/{collection.name}"
    )
    return f"contents of {name}"
