"""What a program defines for others: the names that no class and no function encloses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.model import Symbol

_CLOSED = frozenset({"test", "tests"})
"""Modules whose contents nobody else uses, as Rust's at the end of a file."""
_EXPORTED = re.compile(r"(?:module\.)?exports\.(\w+)")
"""A name that CommonJS gives to others."""
_WRITTEN_WITH_DOTS = re.compile(r"\w[\w.-]*")
"""A class whose own name has several parts: ``class Acme::Invoice``, the table ``acme.invoices``."""


def outermost_names(symbols: Sequence[Symbol]) -> tuple[str, ...]:
    """The names of the outermost symbols, in their order, without the modules around them.

    Modules and namespaces are transparent: ``Acme.Billing.Invoice`` in the namespace ``Acme.Billing`` is
    ``Invoice``. One that holds nothing stands for itself, by its last part.
    """
    modules = {symbol.name for symbol in symbols if symbol.kind == "module"} - _CLOSED
    closed = {symbol.name for symbol in symbols if symbol.kind != "module"} | _CLOSED
    holding = {outer for symbol in symbols for outer in _around(symbol.name)}
    names: list[str] = []
    for symbol in symbols:
        if not closed.isdisjoint(_around(symbol.name)):
            continue
        if symbol.kind == "module" and symbol.name in modules:
            name = "" if symbol.name in holding else symbol.name.rpartition(".")[2]
        else:
            name = _own_name(symbol, modules)
        if name:
            names.append(name)
    return tuple(names)


def _around(name: str) -> Iterator[str]:
    """``a.b.c`` stands in ``a.b`` and ``a``."""
    outer = name.rpartition(".")[0]
    while outer:
        yield outer
        outer = outer.rpartition(".")[0]


def _own_name(symbol: Symbol, modules: set[str]) -> str:
    """A symbol's name without its modules; empty for a method of a class that is defined elsewhere."""
    module = next((outer for outer in _around(symbol.name) if outer in modules), None)
    name = symbol.name if module is None else symbol.name[len(module) + 1 :]
    exported = _EXPORTED.fullmatch(name)
    if exported:
        return exported[1]
    is_whole = "." not in name or (symbol.kind == "class" and _WRITTEN_WITH_DOTS.fullmatch(name))
    return name if is_whole else ""
