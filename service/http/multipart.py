"""Forms with files, as they come in: the files go on at once, the few small fields are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from service.jobs.receiving import MOST_FILES, BadUpload

if TYPE_CHECKING:
    from service.jobs.receiving import FileReceiver

MEDIA_TYPE = "multipart/form-data"
_FILE = frozenset({"file", "files"})
_FIELDS = frozenset({"collection", "path"})
_LONGEST_FIELD = 8_192

Part = Literal["file", "field"]


def boundary_of(content_type: str) -> bytes | None:
    """What separates the parts of this body; None where it is no form with files."""
    kind, options = parse_options_header(content_type)
    return options.get(b"boundary") if kind == MEDIA_TYPE.encode() else None


class FormReader:
    """Takes the body piece by piece; not from two threads at once.

    What is wrong with a form is remembered and raised at its end: who sends a body reads no answer before.
    """

    def __init__(self, boundary: bytes, files: FileReceiver) -> None:
        """Raises `BadUpload` where the boundary cannot be one."""
        self.fields: dict[str, list[str]] = {"collection": [], "path": []}
        self._files = files
        self._problem: Exception | None = None
        self._ended = False
        self._header = b""
        self._value = b""
        self._disposition = b""
        self._part: Part = "field"
        self._field = ""
        self._text = bytearray()
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part,
                    "on_header_field": self._on_header,
                    "on_header_value": self._on_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers,
                    "on_part_data": self._on_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise BadUpload(f"not a form: {error}") from error

    def feed(self, piece: bytes) -> None:
        """Go on; after something went wrong, the rest is passed over."""
        if self._problem is not None:
            return
        try:
            self._parser.write(piece)
        except FormParserError as error:
            self._problem = BadUpload(f"not a form: {error}")
        except Exception as error:  # noqa: BLE001 — whatever it is, it is raised at the end of the body
            self._problem = error
        if self._problem is not None:
            self._files.abandon()

    def finish(self) -> None:
        """Raise what went wrong.

        Raises:
            BadUpload: the form is malformed or broke off, or has a field that nobody knows.
            UploadTooLarge, StorageFull, StorageUnwritable: see `FileReceiver`.
        """
        if self._problem is not None:
            raise self._problem
        if not self._ended:
            raise BadUpload("the form broke off before its end")

    def _on_part(self) -> None:
        self._header = self._value = self._disposition = b""

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._disposition.decode("latin-1"))
        name = _decoded(options.get(b"name", b""))
        if name in _FILE:
            if b"filename" not in options:
                raise BadUpload(f"the part named {name!r} is no file: it has no file name")
            self._part = "file"
            self._files.open(_decoded(options[b"filename"]))
        elif name in _FIELDS:
            self._part, self._field, self._text = "field", name, bytearray()
        else:
            known = ", ".join(["file", *sorted(_FIELDS)])
            raise BadUpload(f"the form has a part named {name!r}; the parts are {known}")

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._part == "file":
            self._files.write(data[start:end])
            return
        self._text += data[start:end]
        if len(self._text) > _LONGEST_FIELD:
            raise BadUpload(f"{self._field}: holds more than {_LONGEST_FIELD:,} bytes")

    def _on_part_end(self) -> None:
        if self._part == "file":
            self._files.close()
            return
        values = self.fields[self._field]
        if len(values) >= MOST_FILES:
            raise BadUpload(f"an upload holds {MOST_FILES:,} files at most")
        values.append(_decoded(bytes(self._text)))

    def _on_end(self) -> None:
        self._ended = True


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadUpload("a name in the form is not UTF-8") from None
