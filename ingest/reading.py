"""One file in, one document out: the right reader for each media type."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import replace
from functools import cache, partial
from hashlib import blake2b
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ingest.errors import UnreadableFile
from ingest.media import (
    DOCX,
    EML,
    HTML,
    MARKDOWN,
    MSG,
    NOTEBOOK,
    PDF,
    PLAIN,
    SIGNATURE_BYTES,
    check_signature,
    language_of,
    media_type_of,
    media_types,
)
from ingest.model import SourceFile
from ingest.readers import code, eml, letter, llama, markdown, msg, notebook, office, pdf, plain, structured
from ingest.readers.decoding import decode
from ingest.readers.options import ReadingOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ingest.model import Document
    from ingest.readers.letter import Letter

_BY_LOCATION: Mapping[str, Callable[[Path, ReadingOptions], Document]] = {
    PDF: lambda location, _: pdf.read_pdf(location),
    DOCX: lambda location, _: office.read_docx(location),
    HTML: lambda location, _: office.read_html(location),
    EML: lambda location, options: _read_letter(location, options, eml.open_eml),
    MSG: lambda location, options: _read_letter(location, options, msg.open_msg),
}
_READERS: Mapping[str, str] = {
    PDF: pdf.READER,
    DOCX: office.DOCX_READER,
    HTML: office.HTML_READER,
    MARKDOWN: markdown.READER,
    NOTEBOOK: notebook.READER,
    **dict.fromkeys(structured.FORMATS, structured.READER),
}
_LETTERS = frozenset({EML, MSG})
_OPENERS = {".eml": eml.open_eml, EML: eml.open_eml, ".msg": msg.open_msg, MSG: msg.open_msg}

# No database column and no JSON string holds these; one for one, so that offsets stay true.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
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
    return (code.READER if language_of(media_type) else _READERS.get(media_type, plain.READER),)


def read(source: SourceFile, options: ReadingOptions = DEFAULTS) -> Document:
    """Read a file with the reader of its media type.

    Raises:
        UnreadableFile: with the reason why it cannot become a document.
    """
    if options.chosen:
        _load(source, 1)
        return _with_text(_storable(llama.read_file(source.location, source.path, options.chosen)))
    reader = _BY_LOCATION.get(source.media_type)
    data = _load(source, SIGNATURE_BYTES if reader else source.size + 1)
    check_signature(source.media_type, data[:SIGNATURE_BYTES])
    if reader:
        return _with_text(_storable(reader(source.location, options)))
    if len(data) != source.size:
        raise UnreadableFile("changed", "the file was written while it was read")
    return _read_decoded(decode(data), source.path, source.media_type)


def read_text(text: str, path: str) -> Document:
    """Read text that is already decoded; the ending of ``path`` picks Markdown, code or plain.

    Raises:
        UnreadableFile: ``empty`` or ``no_text``.
    """
    if not text:
        raise UnreadableFile("empty", "holds no characters")
    return _read_decoded(text, path, media_type_of(PurePath(path)) or "")


def _read_letter(location: Path, options: ReadingOptions, opener: Callable[[bytes], Letter]) -> Document:
    """A message with all that is attached to it, each by the reader of its kind."""
    reader = letter.LetterReader(partial(_read_part, options=options), _OPENERS)
    document = reader.document(opener(location.read_bytes()), location.stem)
    return replace(document, reader=_letter_reader(options))


@cache
def _letter_reader(options: ReadingOptions) -> str:
    """The name says which readers there are for attachments: where one changes, or comes, mail is stale."""
    kinds = sorted(media_types() - _LETTERS)
    readers = " ".join(reader for kind in kinds for reader in (kind, *readers_of(kind, options)))
    return f"{letter.READER}+{blake2b(readers.encode(), digest_size=4).hexdigest()}"


def _read_part(data: bytes, name: str, declared: str, *, options: ReadingOptions) -> Document:
    """Read what is not a file but part of one; what its name does not say, its declared type may.

    Raises:
        UnreadableFile: with the reason why not.
    """
    media_type = media_type_of(PurePath(name)) or (declared if declared in media_types() else None)
    if media_type is None and declared.startswith("text/"):
        media_type = PLAIN
    if media_type is None:
        raise UnreadableFile("unsupported", "no reader for this kind of file")
    if not data:
        raise UnreadableFile("empty", "holds no bytes")
    if media_type not in _BY_LOCATION:
        check_signature(media_type, data[:SIGNATURE_BYTES])
        return _read_decoded(decode(data), name, media_type)
    try:
        with TemporaryDirectory(prefix="lectern-") as folder:
            ending = PurePath(name).suffix.lower() if media_type_of(PurePath(name)) else ""
            location = Path(folder) / f"part{ending}"
            location.write_bytes(data)
            return read(SourceFile(name, location, media_type, len(data), 0), options)
    except OSError as error:
        raise UnreadableFile("unreadable", f"no temporary file: {error.strerror or error}") from error


def _load(source: SourceFile, limit: int) -> bytes:
    """At most ``limit`` bytes. Whatever has taken the file's place since discovery never blocks."""
    try:
        descriptor = os.open(source.location, _FLAGS)
        with open(descriptor, "rb") as file:  # noqa: PTH123 — a descriptor has no path
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UnreadableFile("special_file", "a pipe, socket or device")
            data = file.read(limit)
    except FileNotFoundError:
        raise UnreadableFile("changed", "the file is gone") from None
    except OSError as error:
        raise UnreadableFile("unreadable", error.strerror or type(error).__name__) from error
    if not data:
        raise UnreadableFile("empty", "holds no bytes")
    return data


def _read_decoded(text: str, path: str, media_type: str) -> Document:
    text = _UNSTORABLE.sub(_REPLACEMENT, text)
    language = language_of(media_type)
    if language:
        return _with_text(code.read_code(text, path, language))
    if media_type == MARKDOWN:
        return _with_text(markdown.read_markdown(text, path))
    if media_type == NOTEBOOK:
        return _with_text(_storable(notebook.read_notebook(text, path)))
    if media_type in structured.FORMATS:
        return _with_text(structured.read_structured(text, path, media_type))
    return _with_text(plain.read_plain(text, path))


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
        elements=tuple(replace(each, text=text[each.start : each.end]) for each in document.elements),
    )
