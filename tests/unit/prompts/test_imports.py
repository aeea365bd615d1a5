"""Which file of a repository an import leads to."""

from __future__ import annotations

import pytest

from ingest.model import Import
from prompts.imports import Importing


def imported(path: str, module: str, *names: str, files: tuple[str, ...]) -> dict[str, list[str]]:
    """The files that one import of ``path`` leads to, with the names that it takes from each."""
    known = {file: [] for file in files} | {path: [Import(0, 1, module, names)]}
    importing = Importing(known.items())
    return {file: sorted(importing.names_taken(file)) for file in known if path in importing.importers(file)}


@pytest.mark.parametrize(
    ("path", "module", "names", "target"),
    [
        ("src/shop/cart.py", "shop.money", ("Money",), "src/shop/money.py"),
        ("src/shop/cart.py", "shop", ("money",), "src/shop/money.py"),
        ("src/shop/cart.py", ".money", ("Money",), "src/shop/money.py"),
        ("src/shop/web/page.py", "..money", ("Money",), "src/shop/money.py"),
        ("tests/test_money.py", "shop", ("Money",), "src/shop/__init__.py"),
        ("web/page.ts", "./format", ("amount",), "web/format.ts"),
        ("web/shop/page.ts", "../format", ("amount",), "web/format.ts"),
        ("web/page.ts", "./parts", (), "web/parts/index.ts"),
        ("core/main.c", "core/list.h", (), "core/list.h"),
        ("app/Main.java", "org.shop.Money", (), "app/src/org/shop/Money.java"),
        ("src/cart.rs", "crate::money::Money", (), "src/money.rs"),
    ],
)
def test_an_import_leads_to_its_file(path: str, module: str, names: tuple[str, ...], target: str) -> None:
    others = ("docs/conf.py", "src/other/thing.py", target)

    assert list(imported(path, module, *names, files=others)) == [target]


def test_a_library_is_no_file_of_the_same_name_deeper_down() -> None:
    assert imported("src/shop/cart.py", "json", "loads", files=("src/shop/web/json.py",)) == {}


def test_names_are_counted_where_they_are_defined() -> None:
    found = imported("a/cart.py", "a.money", "Money", "add", files=("a/money.py",))

    assert found == {"a/money.py": ["Money", "add"]}


def test_of_two_files_of_one_name_the_nearer_one_is_meant() -> None:
    files = ("one/shop/money.py", "two/shop/money.py")

    assert list(imported("two/shop/cart.py", "shop.money", files=files)) == ["two/shop/money.py"]


def test_a_file_does_not_import_itself() -> None:
    assert imported("shop/money.py", "shop.money", files=()) == {}
