"""Which files an import of Go leads to."""

from __future__ import annotations

import pytest

from ingest.model import Import
from prompts.imports import Importing

SHOP = "github.com/acme/shop"
FILES = {
    "main.go": (f"{SHOP}/commands", "net/http"),
    "commands/run.go": (f"{SHOP}/common/money", f"{SHOP}/http", "encoding/json", "github.com/pkg/errors"),
    "common/money/add.go": (),
    "common/money/round.go": (),
    "common/money/round_test.go": (f"{SHOP}/common/money",),
    "common/money/notes.py": (),
    "http/serve.go": ("net/http", "encoding/json", f"{SHOP}/common/money", "golang.org/x/text/json"),
    "json/write.go": ("encoding/json", "golang.org/x/http"),
    "pkg/errors/wrap.go": (),
}


def importing(files: dict[str, tuple[str, ...]]) -> Importing:
    return Importing((path, [Import(0, 1, module, ()) for module in files[path]]) for path in files)


def test_an_import_counts_for_each_file_of_its_folder_except_tests() -> None:
    found = importing(FILES)

    importers = {"commands/run.go", "common/money/round_test.go", "http/serve.go"}
    assert found.importers("common/money/add.go") == importers
    assert found.importers("common/money/round.go") == importers
    assert found.importers("common/money/round_test.go") == set()
    assert found.importers("common/money/notes.py") == set()


def test_the_library_and_other_modules_are_no_folders_of_the_same_name() -> None:
    found = importing(FILES)

    assert found.importers("http/serve.go") == {"commands/run.go"}
    assert found.importers("json/write.go") == set()
    assert found.importers("pkg/errors/wrap.go") == set()


def test_a_folder_of_a_module_is_no_module_of_its_own() -> None:
    files = {
        "langs/load.go": (f"{SHOP}/common/money", "golang.org/x/words"),
        "langs/words/list.go": (),
        "common/money/add.go": (),
    }

    assert importing(files).importers("langs/words/list.go") == set()


def test_a_program_that_imports_its_own_package_is_not_counted() -> None:
    files = {"money/add.go": (f"{SHOP}/money",), "money/round.go": ()}

    assert importing(files).importers("money/add.go") == set()
    assert importing(files).importers("money/round.go") == {"money/add.go"}


def test_the_root_is_a_package() -> None:
    files = {"shop.go": (), "money/add.go": (SHOP,), "cmd/main.go": (SHOP, f"{SHOP}/money")}

    assert importing(files).importers("shop.go") == {"money/add.go", "cmd/main.go"}


@pytest.mark.parametrize("folder", ["shop", "repositories/one"])
def test_repositories_lie_in_folders(folder: str) -> None:
    other = {"other/cmd/main.go": ("example.org/other/money",), "other/money/add.go": ()}
    files = {f"{folder}/{path}": modules for path, modules in FILES.items()}
    found = importing(files | other)

    assert f"{folder}/commands/run.go" in found.importers(f"{folder}/common/money/add.go")
    assert found.importers("other/money/add.go") == {"other/cmd/main.go"}


def test_a_module_may_be_called_like_its_folder() -> None:
    files = {"ledger/gateway/main.go": ("gateway/spool", "fmt"), "ledger/gateway/spool/write.go": ()}
    found = importing(files)

    assert found.importers("ledger/gateway/spool/write.go") == {"ledger/gateway/main.go"}
    assert found.importers("ledger/gateway/main.go") == set()
