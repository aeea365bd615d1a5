"""Any reader of LlamaIndex's, whose types are imported here and nowhere else.

The class is somebody else's code: what it raises over a file makes that file fail, and nothing more.
"""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol, cast

from ingest.errors import UnreadableFile, UnusableReader
from ingest.readers.joining import Joining
from ingest.readers.options import ChosenReader
from ingest.readers.plain import read_plain, title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from llama_index.core.readers.base import BaseReader

    from ingest.model import Document

_LONGEST_TITLE = 200
_LONGEST_DETAIL = 300
_TITLES = ("title", "file_name", "filename", "name")
_DIGEST_BYTES = 4


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a reader delivered: a text and what it says about it."""

    text: str
    identity: str
    metadata: Mapping[str, object]

    def said(self, *names: str) -> str:
        """The first of these facts that is told, as one line."""
        told = (self.metadata.get(name) for name in names)
        return next((" ".join(str(value).split()) for value in told if value not in (None, "")), "")


class _Delivered(Protocol):
    """A document as LlamaIndex gives it."""

    text: str
    id_: str
    metadata: dict[str, object] | None


def choose(name: str, arguments: Sequence[tuple[str, str]], *, takes_files: bool) -> ChosenReader:
    """Look a reader up and make one, so that what is wrong is known before anything is read.

    Args:
        name: ``module:Class``.
        arguments: for its constructor where that names them, else for ``load_data``.
        takes_files: whether it shall read files, or deliver documents by itself.

    Raises:
        UnusableReader: there is no such module or class, it is no reader, or it does not take its arguments.
    """
    if not all(name.partition(":")):
        raise UnusableReader(f"{name!r} is no reader's name: write module:Class")
    chosen = ChosenReader(name, tuple(arguments), _identity(name, arguments))
    reader, rest = _made(chosen)
    signature = inspect.signature(_loading(reader))
    if takes_files and not signature.parameters:
        raise UnusableReader(f"{name}.load_data takes no file: name no paths, or another reader")
    try:
        placed, named = _with_file(reader, Path(), rest) if takes_files else ((), rest)
        signature.bind(*placed, **named)
    except TypeError as error:
        raise UnusableReader(f"{name}.load_data: {error}: see --reader-argument") from error
    return chosen


def load(chosen: ChosenReader) -> list[Loaded]:
    """All that a connector delivers.

    Raises:
        UnusableReader: it raises; the message says what.
    """
    reader, arguments = _made(chosen)
    try:
        return _delivered(reader.load_data(**arguments))
    except Exception as error:
        raise UnusableReader(f"{chosen.name}.load_data failed: {_said(error)}") from error


def read_file(location: Path, path: str, chosen: ChosenReader) -> Document:
    """Read one file: the texts that the reader delivers for it, joined, each under its page or name.

    Raises:
        UnreadableFile: ``broken``, the reader raises; ``no_text``, it delivers no words.
    """
    try:
        reader, arguments = _made(chosen)
        placed, named = _with_file(reader, location, arguments)
        delivered = _delivered(reader.load_data(*placed, **named))
    except Exception as error:
        raise UnreadableFile("broken", f"{chosen.name} failed: {_said(error)}") from error
    worded = [loaded for loaded in delivered if loaded.text.strip()]
    if not worded:
        raise UnreadableFile("no_text", f"{chosen.name} delivers no words")
    joining = Joining()
    headings = [_heading(loaded) for loaded in worded]
    apart = len(set(headings)) > 1
    for loaded, heading in zip(worded, headings, strict=True):
        if apart:
            joining.add(heading, "heading", level=1)
        joining.include(read_plain(_with_line_ends(loaded.text), ""), below=int(apart))
    title = worded[0].said("title") or ("" if apart else title_of(joining.elements, ""))
    return joining.document((title or PurePosixPath(path).stem)[:_LONGEST_TITLE], chosen.identity)


def _identity(name: str, arguments: Sequence[tuple[str, str]]) -> str:
    """Another version, or other arguments, may deliver other texts."""
    module = name.partition(":")[0]
    given = blake2b(json.dumps(sorted(arguments)).encode(), digest_size=_DIGEST_BYTES).hexdigest()
    return f"{name}/{_version(module)}" + (f"+{given}" if arguments else "")


@cache
def _version(module: str) -> str:
    """Of the package that holds the module; of a module of one's own, its bytes."""
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        raise UnusableReader(f"no module named {module!r}: install the package that holds it")
    origin = Path(spec.origin or "")
    for package in packages_distributions().get(module.partition(".")[0], ()):
        try:
            found = distribution(package)
        except PackageNotFoundError:
            continue
        if any(Path(str(file.locate())) == origin for file in found.files or ()):
            return found.version
    try:
        return blake2b(origin.read_bytes(), digest_size=_DIGEST_BYTES).hexdigest()
    except OSError:
        return "0"


@cache
def _made(chosen: ChosenReader) -> tuple[BaseReader, dict[str, object]]:
    """The reader, and the arguments that its constructor does not name."""
    kind = _class_named(chosen.name)
    named = {key: _value(value) for key, value in chosen.arguments}
    taken = inspect.signature(kind).parameters
    own = {key: value for key, value in named.items() if key in taken}
    rest = {key: value for key, value in named.items() if key not in taken}
    try:
        reader = kind(**own)
    except Exception as error:
        raise UnusableReader(f"{chosen.name} cannot be made: {_said(error)}") from error
    takes = inspect.signature(_loading(reader)).parameters
    unknown = sorted(rest.keys() - takes.keys())
    if unknown and not any(each.kind is each.VAR_KEYWORD for each in takes.values()):
        known = ", ".join(sorted({*taken, *takes})) or "none"
        raise UnusableReader(f"{chosen.name} takes no argument {', '.join(unknown)}; it takes {known}")
    return reader, rest


def _class_named(name: str) -> Callable[..., BaseReader]:
    from llama_index.core.readers.base import BaseReader  # noqa: PLC0415 — two CPU seconds

    module, _, attribute = name.partition(":")
    try:
        kind: object = getattr(import_module(module), attribute, None)
    except Exception as error:
        raise UnusableReader(f"module {module!r} cannot be imported: {_said(error)}") from error
    if kind is None:
        raise UnusableReader(f"module {module!r} has no class {attribute!r}")
    if not (isinstance(kind, type) and issubclass(kind, BaseReader)):
        raise UnusableReader(f"{name} is no reader: it does not derive from LlamaIndex's BaseReader")
    return cast("Callable[..., BaseReader]", kind)


def _loading(reader: BaseReader) -> Callable[..., object]:
    """The method that a reader defines itself: some only the lazy one, which the other then calls."""
    from llama_index.core.readers.base import BaseReader  # noqa: PLC0415 — imported before

    own = type(reader).load_data is not BaseReader.load_data
    return reader.load_data if own else reader.lazy_load_data


def _with_file(
    reader: BaseReader, location: Path, arguments: Mapping[str, object]
) -> tuple[tuple[Path | str, ...], dict[str, object]]:
    """Readers of files take a ``Path`` as ``file``; others call it otherwise, or want its name."""
    parameters = list(inspect.signature(_loading(reader)).parameters.values())
    wants_text = parameters[0].annotation in (str, "str")
    place: Path | str = str(location) if wants_text else location
    if any(parameter.name == "file" for parameter in parameters):
        return (), {"file": place, **arguments}
    return (place,), dict(arguments)


def _delivered(documents: object) -> list[Loaded]:
    return [
        Loaded(str(each.text), str(each.id_), cast("Mapping[str, object]", each.metadata or {}))
        for each in cast("Iterable[_Delivered]", documents)
    ]


def _heading(loaded: Loaded) -> str:
    page = loaded.said("page_label")
    return f"Page {page}" if page else loaded.said(*_TITLES)


def _value(written: str) -> object:
    """``3``, ``true`` and ``["a", "b"]`` are what they are in JSON; all else is a text."""
    try:
        return cast("object", json.loads(written))
    except ValueError:
        return written


def _said(error: Exception) -> str:
    words = " ".join(str(error).split())[:_LONGEST_DETAIL]
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _with_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
