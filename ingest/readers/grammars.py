"""What counts as a definition in each programming language: queries in tree-sitter's syntax.

They stand in ``queries/*.scm``. Captures:
    class, function, method, variable, module: a definition, with its ``name``, or with the ``declarator``
        that wraps its name in pointers and parameters. Several names are parts of one. ``owner`` is the type
        that a method belongs to; ``body`` is where the signature ends, where that is not the node's own
        field of that name; ``tail`` is a body that stands behind the node instead of in it.
    clause: a function that is written in parts; neighbours of one name are one definition.
    prototype: a function that is only declared.
    rule, target: a style rule, what a build file makes; their names are taken as they are written.
    section: a module that reaches to the next section, or to the end of what holds it.
    documented: a definition that holds its ``docstring``.
    scope: qualifies what it holds, without being a definition.
    container: holds definitions, without qualifying them.
    wrapper: stands around a definition and belongs to it, such as ``export``; ``decorated`` likewise, but is
        left out of its signature.
    attribute: stands before a definition and belongs to it.
    import: a statement that imports. ``use`` likewise, but it does not stand apart from other statements,
        as an assignment, or stands inside an ``import``. Each may hold a ``source``, or the parts of its
        ``path``, and what is ``imported`` from it, one by one or as ``words``.
    comment: as it is called.
"""

from __future__ import annotations

from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALONE = (
    "bash clojure cmake commonlisp csharp css dart dockerfile elisp elixir elm erlang fish fortran"
    " gdscript go graphql groovy haskell hcl java julia kotlin lua make ocaml perl php powershell"
    " prisma proto python r ruby rust scala scss solidity sql starlark swift tcl thrift zig c"
)

QUERIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **{language: (language,) for language in _ALONE.split()},
        "javascript": ("ecmascript", "javascript"),
        "typescript": ("ecmascript", "typescript"),
        "tsx": ("ecmascript", "typescript"),
        "cpp": ("c", "cpp"),
        "objc": ("c", "objc"),
    }
)
"""By the grammar's name: the files of its query."""

SCRIPTED: Mapping[str, str] = MappingProxyType({"vue": "typescript", "svelte": "typescript"})
"""Web pages whose scripts are programs, and the grammar of these; it reads JavaScript too."""

LANGUAGES = (*QUERIES, *SCRIPTED)


def query_of(language: str) -> str:
    """The query of a grammar, a key of ``QUERIES``."""
    folder = files("ingest.readers") / "queries"
    return "\n".join((folder / f"{name}.scm").read_text(encoding="utf-8") for name in QUERIES[language])
