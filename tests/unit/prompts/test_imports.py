"""Which file of a repository an import leads to."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from ingest.model import Import
from prompts.imports import Importing

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


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
        ("web/page.js", "./parts/index.js", ("row",), "web/parts/index.js"),
        ("web/shop/page.js", "../index.js", (), "web/index.js"),
        ("web/shop/page.js", "..", (), "web/index.js"),
        ("web/page.js", "./options.generated.js", (), "web/options.generated.js"),
        ("web/page.ts", "./cart.component", (), "web/cart.component.ts"),
        ("web/page.ts", "./format.js", (), "web/format.ts"),
        ("web/page.ts", "./../format", (), "format.ts"),
        ("web/page.ts", "@/shop/cart.component", (), "web/shop/cart.component.ts"),
        ("web/page.js", "./.settings", (), "web/.settings.js"),
        ("web/page.tsx", "./Button", (), "web/Button.ios.tsx"),
        ("web/page.ts", "./parts", (), "web/parts/index.d.ts"),
        ("core/net/main.c", "list.h", (), "core/net/list.h"),
        ("core/net/main.c", "list.h", (), "include/list.h"),
        ("core/net/main.c", "../list.h", (), "core/list.h"),
        ("web/js/page.py", "web.js", ("run",), "web/js.py"),
    ],
)
def test_an_import_leads_to_its_file(path: str, module: str, names: tuple[str, ...], target: str) -> None:
    others = ("docs/conf.py", "src/other/thing.py", target)

    assert list(imported(path, module, *names, files=others)) == [target]


@pytest.mark.parametrize(
    ("path", "module", "deeper"),
    [
        ("src/shop/cart.py", "json", "src/shop/web/json.py"),
        ("web/app.js", "chart.js", "web/parts/chart.js"),
        ("src/shop/cart.py", "json", "src/shop/json.loads.py"),
    ],
)
def test_a_library_is_no_file_of_the_same_name_deeper_down(path: str, module: str, deeper: str) -> None:
    assert imported(path, module, "loads", files=(deeper,)) == {}


def test_names_are_counted_where_they_are_defined() -> None:
    found = imported("a/cart.py", "a.money", "Money", "add", files=("a/money.py",))

    assert found == {"a/money.py": ["Money", "add"]}


def test_of_two_files_of_one_name_the_nearer_one_is_meant() -> None:
    files = ("one/shop/money.py", "two/shop/money.py")

    assert list(imported("two/shop/cart.py", "shop.money", files=files)) == ["two/shop/money.py"]


@pytest.mark.parametrize(
    ("path", "module", "meant", "others"),
    [
        ("web/App.tsx", "./Button", "web/Button.tsx", ("web/Button.css", "web/Button.module.css")),
        ("web/app.ts", "./Button", "web/Button.tsx", ("web/Button.css", "web/Button.stories.tsx")),
        ("web/App.tsx", "./Button.module.css", "web/Button.module.css", ("web/Button.tsx",)),
        ("web/app.ts", "./store", "web/store.ts", ("web/store.spec.ts", "web/store.js", "web/store.d.ts")),
        ("web/app.ts", "./store.js", "web/store.js", ("web/store.ts",)),
        ("core/a.c", "list.h", "core/list.h", ("core/list.c", "core/inner/list.h", "list.h")),
        ("a/x.cpp", "b/list.h", "b/list.h", ("b/list.cpp",)),
        ("shop/cart.py", "shop.money", "shop/money.py", ("shop/money.c", "shop/money.pyi")),
    ],
)
def test_of_the_files_of_one_name_the_one_that_was_written_is_meant(
    path: str, module: str, meant: str, others: tuple[str, ...]
) -> None:
    assert list(imported(path, module, files=(*others, meant))) == [meant]


def test_a_header_is_not_the_program_of_its_name() -> None:
    assert imported("core/a.c", "list.h", files=("core/list.c",)) == {}


def test_a_file_does_not_import_itself() -> None:
    assert imported("shop/money.py", "shop.money", files=()) == {}


def calls(run: Callable[[], object]) -> int:
    """Calls of functions that something makes."""
    made = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal made
        made += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(None)
    return made


@pytest.mark.parametrize("module", ["folder{other}.utils", "inner.utils", ".utils"])
def test_files_of_one_name_cost_no_more_than_others(module: str) -> None:
    def work(folders: int) -> float:
        """Calls of functions for one import."""
        imports = [Import(0, 1, module.format(other=other), ()) for other in range(folders)]
        files = [(f"folder{number}/inner/utils.py", imports) for number in range(folders)]
        return calls(lambda: Importing(files)) / folders**2

    assert work(80) < 1.2 * work(20)


def test_many_endings_of_one_name_cost_no_more_than_others() -> None:
    def work(number: int) -> float:
        """Calls of functions for one file."""
        files = [(f"web/Button.{each}.ts", [Import(0, 1, "./Button", ())]) for each in range(number)]
        return calls(lambda: Importing(files)) / number

    assert work(80) < 1.2 * work(20)
