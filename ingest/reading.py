"""One file in, one document out: the right reader for each media type."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache, partial
from hashlib import blake2b
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ingest.elements import Elements
from ingest.errors import UnreadableFile
from ingest.formats import CODE_AS_TEXT, FILES, text_format
from ingest.media import (
    EML,
    MSG,
    PLAIN,
    SIGNATURE_BYTES,
    check_signature,
    language_of,
    media_type_of,
    media_types,
)
from ingest.model import SourceFile
from ingest.opening import check_unchanged, opened
from ingest.readers import eml, letter, llama, msg
from ingest.readers.decoding import decode, decode_file
from ingest.readers.options import ReadingOptions
from ingest.readers.progress import ignore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingest.model import Document
    from ingest.readers.letter import OpenFile
    from ingest.readers.progress import OnPage

_LETTERS: Mapping[str, OpenFile] = {EML: eml.open_eml, MSG: msg.open_msg}
_OPENERS = {".eml": eml.open_eml, ".msg": msg.open_msg, **_LETTERS}

# No database column and no JSON string holds these; one for one, so that offsets stay true.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

DEFAULTS = ReadingOptions()


def readers_of(media_type: str, options: ReadingOptions = DEFAULTS) -> tuple[str, ...]:
    """What ``Document.reader`` may say after ``read``; whatever else a document says makes it stale.

    The first is kept with a file that fails: the file is tried again when that changes.
    """
    if options.chosen:
        return (options.chosen.identity,)
    if media_type in _LETTERS:
        return (_letter_reader(options),)
    if language_of(media_type):
        return (text_format(media_type).name, CODE_AS_TEXT)
    file = FILES.get(media_type)
    return file.names(options) if file else (text_format(media_type).name,)


def read(source: SourceFile, options: ReadingOptions = DEFAULTS, on_page: OnPage = ignore) -> Document:
    """Read a file with the reader of its media type.

    Args:
        source: what discovery found.
        options: choices of the user.
        on_page: told how many parts are read, and of how many.

    Raises:
        UnreadableFile: with the reason why it cannot become a document.
    """
    with opened(source) as file:
        if options.chosen is None:
            check_signature(source.media_type, file.read(SIGNATURE_BYTES))
        if not _opens_itself(source.media_type, options):
            file.seek(0)
            text = decode_file(file, source.size)
            check_unchanged(file, source)
            return _read_decoded(text, source.path, source.media_type, on_page)
    return _with_text(_storable(_named(_read_file(source, options, on_page), source)))


def read_text(text: str, path: str) -> Document:
    """Read text that is already decoded; the ending of ``path`` picks Markdown, code or plain.

    Raises:
        UnreadableFile: ``empty`` or ``no_text``.
    """
    if not text:
        raise UnreadableFile("empty", "holds no characters")
    return _read_decoded(text, path, media_type_of(PurePath(path)) or "", ignore)


def _named(document: Document, source: SourceFile) -> Document:
    """Called by its path's name where it has no title: the file of an upload lies under another one."""
    if document.title != source.location.stem:
        return document
    return replace(document, title=PurePath(source.path).stem)


def _opens_itself(media_type: str, options: ReadingOptions) -> bool:
    return options.chosen is not None or media_type in _LETTERS or media_type in FILES


def _read_file(source: SourceFile, options: ReadingOptions, on_page: OnPage) -> Document:
    if options.chosen:
        return llama.read_file(source.location, source.path, options.chosen)
    if source.media_type in _LETTERS:
        return _read_letter(source, options)
    return FILES[source.media_type].read(source.location, options, on_page)


def _read_letter(source: SourceFile, options: ReadingOptions) -> Document:
    """A message with all that is attached to it, each by the reader of its kind."""
    reader = letter.LetterReader(partial(_read_part, options=options), _OPENERS)
    opened_letter = _LETTERS[source.media_type](source.location.read_bytes())
    return replace(reader.document(opened_letter, source.location.stem), reader=_letter_reader(options))


@cache
def _letter_reader(options: ReadingOptions) -> str:
    """The name says which readers there are for attachments: where one changes, or comes, mail is stale."""
    kinds = sorted(media_types() - _LETTERS.keys())
    readers = " ".join(reader for kind in kinds for reader in (kind, *readers_of(kind, options)))
    return f"{letter.READER}+{blake2b(readers.encode(), digest_size=4).hexdigest()}"


def _read_part(data: bytes, name: str, declared: str, *, options: ReadingOptions) -> Document:
    """Read what is not a file but part of one; what its name does not say, its declared type may.

    Raises:
        UnreadableFile: with the reason why not.
    """
    named = media_type_of(PurePath(name))
    media_type = named or (declared if declared in media_types() else None)
    if media_type is None and declared.startswith("text/"):
        media_type = PLAIN
    if media_type is None:
        raise UnreadableFile("unsupported", "no reader for this kind of file")
    if not data:
        raise UnreadableFile("empty", "holds no bytes")
    if media_type not in FILES:
        check_signature(media_type, data[:SIGNATURE_BYTES])
        return _read_decoded(decode(data), name, media_type, ignore)
    try:
        with TemporaryDirectory(prefix="lectern-") as folder:
            location = Path(folder) / f"part{PurePath(name).suffix.lower() if named else ''}"
            location.write_bytes(data)
            return read(SourceFile(name, location, media_type, len(data), 0), options)
    except OSError as error:
        raise UnreadableFile("unreadable", f"no temporary file: {error.strerror or error}") from error


def _read_decoded(text: str, path: str, media_type: str, on_page: OnPage) -> Document:
    text = _UNSTORABLE.sub(_REPLACEMENT, text)
    return _with_text(_storable(text_format(media_type).read(text, path, media_type, on_page)))


def _with_text(document: Document) -> Document:
    if not document.text or document.text.isspace():
        raise UnreadableFile("no_text", "holds nothing but white space")
    return document


def _storable(document: Document) -> Document:
    """Some PDFs and web pages spell characters that Unicode text may not hold."""
    if not _UNSTORABLE.search(document.text) and not _UNSTORABLE.search(document.title):
        return document
    text = _UNSTORABLE.sub(_REPLACEMENT, document.text)
    return replace(
        document,
        text=text,
        title=_UNSTORABLE.sub(_REPLACEMENT, document.title),
        elements=Elements(text, Elements.of(document.elements, document.text).columns),
    )
