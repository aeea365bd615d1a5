"""The Qdrant collections of a server: one for each length of vectors, some of them behind an alias.

The name that is opened is ``lectern``, or ``lectern-<length>``. A Qdrant collection has that name itself
until it is built anew: from then on the name is an alias, of ``lectern-v1``, later of ``lectern-v2``.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from qdrant_client import models

from ingest.errors import UnsupportedStore
from ingest.store.layout import AS_IT_IS
from ingest.store.lengths import StoreOfLengths
from ingest.store.payload import DENSE, SCOPE
from ingest.store.retrying import Retrying
from ingest.store.server import COLLECTION_NAME, TIMEOUT_SECONDS, connect
from ingest.store.server_errors import named
from ingest.store.server_layout import fixed
from ingest.store.server_opening import check_version, client_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from qdrant_client import QdrantClient

    from ingest.store.contract import Store
    from ingest.store.layout import Layout, ServerAddress
    from ingest.store.server import ServerStore

Result = TypeVar("Result")

_MOST_SCOPES = 100_000
_NAME = re.compile(rf"{COLLECTION_NAME}(?:-\d+)?")
_VERSION = re.compile(rf"({_NAME.pattern})-v(\d+)")


def connect_all(address: ServerAddress, *, dimensions: int, layout: Layout = AS_IT_IS) -> StoreOfLengths:
    """The stores of a server; one for vectors of ``dimensions`` is made where there is none at all.

    Raises:
        IndexUnavailable: no answer, or none in time.
        UnsupportedStore: the server is too old, or refuses the key.
    """

    def make(length: int) -> ServerStore:
        return _open(address, f"{COLLECTION_NAME}-{length}", length, layout)

    lengths = _ask(address, _settled)
    first = lengths.get(COLLECTION_NAME, dimensions)
    stores: dict[int, Store] = {first: _open(address, COLLECTION_NAME, first, layout)}
    for name, length in lengths.items():
        if name == f"{COLLECTION_NAME}-{length}" and length not in stores:
            stores[length] = make(length)
    return StoreOfLengths(stores, make)


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Stores that are to take the place of those that serve, of the same lengths."""

    address: ServerAddress
    stores: StoreOfLengths
    fresh: dict[str, str]
    """The Qdrant collections that are being filled, by the names that will lead to them."""

    def swap(self) -> None:
        """Let the names lead to them, in one step where they are aliases already; then forget the old ones.

        Raises:
            IndexUnavailable: no answer; called again it ends the same.
        """
        _ask(self.address, self._swap)

    def _swap(self, client: QdrantClient) -> None:
        before = _aliases(client)
        physical = _collections(client)
        for name in self.fresh.keys() & physical:  # a name is free for an alias once nothing has it itself
            client.delete_collection(name)
        _point(client, self.fresh, before)
        for collection in physical:
            version = _VERSION.fullmatch(collection)
            if version and version[1] in self.fresh and collection != self.fresh[version[1]]:
                client.delete_collection(collection)


@contextmanager
def rebuilding(address: ServerAddress, *, layout: Layout) -> Generator[Rebuild]:
    """Fresh Qdrant collections of this layout beside those that serve; a killed run's are gone on with.

    Raises:
        IndexUnavailable, UnsupportedStore: as `connect_all`.
    """
    lengths = _ask(address, _settled)
    if not lengths:
        raise UnsupportedStore("the Qdrant server holds nothing of Lectern's")
    fresh = _ask(address, lambda client: _fresh_names(client, lengths, layout))
    stores: dict[int, Store] = {
        length: _open(address, fresh[name], length, layout) for name, length in lengths.items()
    }

    def make(length: int) -> Store:
        raise UnsupportedStore(f"vectors of {length} dimensions are new: begin again")

    store = StoreOfLengths(stores, make)
    try:
        yield Rebuild(address, store, fresh)
    finally:
        store.close()


def differences(address: ServerAddress, layout: Layout) -> list[str]:
    """What of the layout these Qdrant collections can only have once they are built anew, in words.

    Raises:
        IndexUnavailable, UnsupportedStore: as `connect_all`.
    """

    def look(client: QdrantClient) -> list[str]:
        configs = {name: client.get_collection(name).config for name in _settled(client)}
        return [f"{name}: {said}" for name, found in configs.items() for said in fixed(layout, found)]

    return _ask(address, look)


def scopes_held(address: ServerAddress, *, most: int = _MOST_SCOPES) -> set[str]:
    """Ids of all scopes that these Qdrant collections hold points of, whoever's they are.

    Raises:
        IndexUnavailable, UnsupportedStore: as `connect_all`.
        UnsupportedStore: there are so many that some may not have been told.
    """

    def look(client: QdrantClient) -> set[str]:
        names = list(_settled(client))
        found = [client.facet(name, SCOPE, limit=most, exact=True).hits for name in names]
        if any(len(hits) >= most for hits in found):
            raise UnsupportedStore(f"{most:,} collections or more in one of Qdrant cannot be looked over")
        return {str(hit.value) for hits in found for hit in hits}

    return _ask(address, look)


def _ask(address: ServerAddress, call: Callable[[QdrantClient], Result]) -> Result:
    def attempt() -> Result:
        client = client_of(address.url, address.key, TIMEOUT_SECONDS)
        try:
            with named():
                return call(client)
        finally:
            client.close()

    return (address.retrying or Retrying()).ask(attempt)


def _open(address: ServerAddress, name: str, length: int, layout: Layout) -> ServerStore:
    return connect(
        address.url,
        address.key,
        dimensions=length,
        collection_name=name,
        layout=layout,
        retrying=address.retrying,
    )


def _settled(client: QdrantClient) -> dict[str, int]:
    """The length of the vectors behind each name, once a swap that was killed has ended."""
    check_version(client.info().version)
    aliases = _aliases(client)
    physical = _collections(client)
    versions = sorted(filter(None, map(_VERSION.fullmatch, physical)), key=lambda found: int(found[2]))
    lost = {v[1]: v[0] for v in versions if v[1] not in physical and v[1] not in aliases}
    if lost:
        _point(client, lost, aliases)
    lengths: dict[str, int] = {}
    for name in sorted(filter(_NAME.fullmatch, {*physical, *aliases, *lost})):
        vectors = client.get_collection(name).config.params.vectors
        if isinstance(vectors, dict) and DENSE in vectors:
            lengths[name] = vectors[DENSE].size
    return lengths


def _fresh_names(client: QdrantClient, lengths: dict[str, int], layout: Layout) -> dict[str, str]:
    """Names for Qdrant collections that are filled next; one that is there and can't have the layout goes."""
    aliases, physical, fresh = _aliases(client), _collections(client), dict[str, str]()
    for name in lengths:
        serving = _VERSION.fullmatch(aliases.get(name, ""))
        fresh[name] = f"{name}-v{int(serving[2]) + 1 if serving else 1}"
        if fresh[name] in physical and any(fixed(layout, client.get_collection(fresh[name]).config)):
            client.delete_collection(fresh[name])
    return fresh


def _point(client: QdrantClient, wanted: dict[str, str], before: dict[str, str]) -> None:
    """Let aliases lead to these Qdrant collections, all of them in one step."""
    operations: list[models.AliasOperations] = []
    for name, collection in wanted.items():
        if name in before:
            operations.append(models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=name)))
        made = models.CreateAlias(collection_name=collection, alias_name=name)
        operations.append(models.CreateAliasOperation(create_alias=made))
    client.update_collection_aliases(operations)


def _aliases(client: QdrantClient) -> dict[str, str]:
    """Qdrant collections by their aliases."""
    return {found.alias_name: found.collection_name for found in client.get_aliases().aliases}


def _collections(client: QdrantClient) -> set[str]:
    return {found.name for found in client.get_collections().collections}
