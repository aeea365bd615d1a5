"""Carries out an agent's calls, within one tenant's collection and the documents that the caller chose."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ingest.errors import Gone, IndexUnavailable, UnknownName
from prompts.model import PromptPassage
from prompts.render import DocumentName
from prompts.tool_arguments import BadCall, document_number, read_call
from prompts.tool_results import DocumentsListed, PassagesFound, Trouble
from prompts.tools import Grep, ListDocuments, ReadPassages, SearchDocuments
from service.context import find_context
from service.patterns import BadPattern, Pattern
from service.searching import PASSAGE_HITS, search_anew

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from threading import Event

    from ingest.catalog.records import CollectionRecord, VersionRecord
    from prompts.tool_results import ToolResult
    from prompts.tools import Call
    from service.answers import SideCall
    from service.library import Library
    from service.recording import Origin
    from service.searching import Searcher

LONGEST_GREP = 5.0
"""Seconds of looking for a pattern."""
MOST_MATCHES = 200
"""Passages: a pattern that more of them match finds nothing."""


class Toolbox:
    """The tools of one answer. Blocks: call it in a thread."""

    def __init__(
        self,
        library: Library,
        searcher: Searcher,
        collection: CollectionRecord,
        documents: Sequence[int] | None,
        *,
        origin: Origin | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``documents`` are the numbers of the only ones that may be read; None for the whole collection.

        ``origin`` is the answer that its searches are made for.
        """
        self._library = library
        self._searcher = searcher
        self._collection = collection
        self._allowed = None if documents is None else tuple(documents)
        self._origin = origin
        self._clock = clock
        self.side_calls: list[SideCall] = []
        """Of models that ordered what was found."""
        self.warnings: list[str] = []

    def use(self, name: str, arguments: str, stop: Event) -> ToolResult:
        """What a call brings; whatever is wrong with it is a result as well.

        Args:
            name: of the tool, as the model wrote it.
            arguments: the JSON that the model wrote.
            stop: set when nobody waits for the result any more.

        Raises:
            CatalogUnavailable: the database does not answer.
        """
        try:
            return self._carried_out(read_call(name, arguments), stop)
        except (BadCall, BadPattern) as error:
            return Trouble(str(error))
        except (Gone, UnknownName):
            return Trouble("a document was deleted in this moment; try again")
        except IndexUnavailable as error:
            self._warn(f"a search of the agent failed: {error}")
            return Trouble("the search does not answer now; the other tools may")

    def names(self, numbers: Iterable[int]) -> dict[int, DocumentName]:
        """How prompts name these versions.

        Raises:
            Gone: one of them was deleted meanwhile.
        """
        versions = (self._library.version(self._collection, number) for number in dict.fromkeys(numbers))
        return {version.number: _name(version) for version in versions}

    def _carried_out(self, call: Call, stop: Event) -> ToolResult:
        match call:
            case SearchDocuments():
                return search_anew(lambda: self._search(call))
            case ReadPassages():
                return self._read(call)
            case ListDocuments():
                return self._list(call)
            case Grep():
                return self._grep(call, stop)

    def _search(self, call: SearchDocuments) -> PassagesFound:
        chosen = self._allowed
        if call.documents:
            chosen = tuple(self._version(name).number for name in call.documents)
        found = self._searcher.find(
            self._collection, call.query, documents=chosen, limit=PASSAGE_HITS, origin=self._origin
        )
        self.side_calls += found.calls
        for warning in found.warnings:
            self._warn(warning)
        passages = self._searcher.passages(found.evidence)[: call.top_k]
        needed = find_context(
            self._library, self._collection, found.evidence, passages, documents=self._allowed
        )
        context = [one for passage in passages for one in needed.get(passage.marker, ())]
        numbers = (passage.document for passage in (*passages, *(one.passage for one in context)))
        return PassagesFound(passages, self.names(numbers), context=context, ranked=True)

    def _read(self, call: ReadPassages) -> PassagesFound:
        version = self._version(call.document)
        whole = f"D{version.number} has {version.passages} passages"
        if call.first > version.passages:
            raise BadCall(f"{whole}: there is no passage {call.first}")
        passages = self._library.passages(version, call.first, call.last)
        return PassagesFound(passages, {version.number: _name(version)}, remarks=(f"{whole}.",))

    def _list(self, call: ListDocuments) -> DocumentsListed:
        words = call.query.casefold().split()
        fitting = [
            version
            for version in sorted(self._versions(), key=lambda version: version.path)
            if version.path.startswith(call.prefix)
            and all(word in f"{version.path} {version.title}".casefold() for word in words)
        ]
        last = self._version(call.after).path if call.after else ""
        rest = [version for version in fitting if version.path > last]
        page = [(_name(version), version.passages) for version in rest[: call.limit]]
        return DocumentsListed(page, len(fitting), more=len(rest) > call.limit)

    def _grep(self, call: Grep, stop: Event) -> PassagesFound:
        pattern = Pattern(call.pattern)
        versions = [self._version(name) for name in call.documents] or self._versions()
        found, unread = self._matching(pattern, versions, stop)
        if len(found) > MOST_MATCHES:
            raise BadCall(
                f"more than {MOST_MATCHES} passages match; make the pattern narrower, or name documents"
            )
        remarks = [f"Passages that match: {len(found)}."]
        if unread is not None:
            remarks.append(f"It took too long: nothing from D{unread} on was looked at.")
        return PassagesFound(
            [passage for _, passage in found[: call.limit]],
            {version.number: _name(version) for version, _ in found},
            remarks=tuple(remarks),
            others=tuple(passage.marker for _, passage in found[call.limit :]),
        )

    def _matching(
        self, pattern: Pattern, versions: Iterable[VersionRecord], stop: Event
    ) -> tuple[list[tuple[VersionRecord, PromptPassage]], int | None]:
        """Passages in the order of their numbers, and the version where time was up, if it was."""
        ending = self._clock() + LONGEST_GREP
        found: list[tuple[VersionRecord, PromptPassage]] = []
        for version in sorted(versions, key=lambda version: version.number):
            for passage in self._passages(version):
                if stop.is_set() or self._clock() > ending:
                    return found, version.number
                if pattern.is_in(passage.text):
                    found.append((version, passage))
                    if len(found) > MOST_MATCHES:
                        return found, None
        return found, None

    def _passages(self, version: VersionRecord) -> Iterator[PromptPassage]:
        """All of a version; none where it was deleted in this moment."""
        try:
            citable = self._library.catalog.citable(version.tenant, version.collection, version.number)
        except (Gone, UnknownName):
            return
        for passage in citable.passages:
            yield PromptPassage(
                version.number, passage.number, passage.start, citable.text[passage.start : passage.end]
            )

    def _versions(self) -> list[VersionRecord]:
        """The current versions that may be read."""
        ready = self._library.catalog.ready_versions(self._collection)
        return [version for version in ready if self._may_read(version)]

    def _version(self, name: str) -> VersionRecord:
        """The current version of this number or path.

        Raises:
            BadCall: there is none, or it is none of those that may be read: the model is told the same.
        """
        number = document_number(name)
        catalog, collection = self._library.catalog, self._collection
        try:
            version = (
                catalog.document_at(collection.tenant, collection.name, name.strip()).version
                if number is None
                else self._library.version(collection, number)
            )
        except (Gone, UnknownName):
            version = None
        if version is None or not self._may_read(version):
            raise BadCall(f"unknown document {name.strip()[:120]!r}; list_documents tells which there are")
        return version

    def _may_read(self, version: VersionRecord) -> bool:
        return version.state == "ready" and (self._allowed is None or version.number in self._allowed)

    def _warn(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)


def _name(version: VersionRecord) -> DocumentName:
    return DocumentName(version.number, version.path, version.title)
