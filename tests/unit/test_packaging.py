"""What the tree promises to those who install it, and the import rules that no linter knows."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
OURS = ("ingest", "prompts", "service")
SHARED = {
    "Stemmer": ("ingest/terms.py", "prompts/words.py"),
    "alembic": ("ingest/catalog/",),
    "click": ("service/cli.py", "service/commands/"),
    "fastapi": ("service/http/",),
    "filelock": (
        "ingest/catalog/",
        "service/backup/",
        "service/index_process/",
        "service/ingest_lock.py",
        "service/jobs/originals.py",
    ),
    "httpx2": (
        "ingest/remote_embedding.py",
        "service/embedding_connection.py",
        "service/models/openai_client.py",
        "service/reachability.py",
        "service/remote/concurrent.py",
        "service/models/tokenizers.py",
        "service/reranking/endpoint.py",
    ),
    "llama_index": ("ingest/readers/llama.py", "service/llama_retriever.py"),
    "markdown_it": (
        "ingest/readers/markdown.py",
        "service/bots/markdown.py",
        "service/rendering/markdown.py",
    ),
    "numpy": ("ingest/", "service/evaluation/bootstrapping.py"),
    "pydantic": ("ingest/remote_embedding.py", "service/"),
    "qdrant_client": (
        "ingest/store/server.py",
        "ingest/store/server_errors.py",
        "ingest/store/server_layout.py",
        "ingest/store/server_names.py",
        "ingest/store/server_opening.py",
        "ingest/store/server_points.py",
    ),
    "qdrant_edge": (
        "ingest/store/edge.py",
        "ingest/store/edge_copy.py",
        "ingest/store/edge_openings.py",
        "ingest/store/edge_shard.py",
    ),
    "rich": ("service/commands/",),
    "sqlalchemy": ("ingest/catalog/",),
    "starlette": ("service/http/",),
    "tree_sitter": ("ingest/readers/",),
    "uvicorn": ("service/commands/serve.py", "service/http/connection.py"),
}
"""Libraries that more than one module may import, and where; every other one has a single file."""
EXTRAS = {
    "aiohttp": "service/bots/slack.py",
    "opentelemetry": "service/telemetry.py",
    "slack_bolt": "service/bots/slack.py",
    "slack_sdk": "service/bots/slack.py",
    "telegram": "service/bots/telegram.py",
}
"""Libraries that only an extra brings, and the one module that imports each."""
EXTRAS_BY_NAME = {"ray": "ingest/cluster/ray_driver.py"}
"""Libraries that only an extra brings, and the one module that loads each by its name."""
BY_NAME = {"uvloop": "service/commands/serve.py"}
"""Libraries that another one loads when it is told their names, and the one module that tells it."""
NAMESPACES = {"opentelemetry"}
"""Many distributions lie below these names; some come with others' dependencies."""
TESTED_EXTRAS = ("slack", "telegram", "telemetry")
PAGES = ["README.md", "README.ru.md", *(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))]


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def imports() -> dict[str, set[str]]:
    """Modules that import each third-party package, by its top name."""
    found: dict[str, set[str]] = {}
    for package in OURS:
        for module in sorted((ROOT / package).rglob("*.py")):
            for name in imported(ast.parse(module.read_text(encoding="utf-8"))):
                if name not in sys.stdlib_module_names and name not in OURS:
                    found.setdefault(name, set()).add(module.relative_to(ROOT).as_posix())
    return found


def names_in(module: str) -> set[object]:
    """What stands between quotation marks."""
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


def declared() -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in project()["project"]["dependencies"]}


def extras() -> set[str]:
    lines = [line for extra in project()["project"]["optional-dependencies"].values() for line in extra]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def pinned() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = (line.split("==") for line in lines if not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pins}


def shell_blocks(page: str) -> list[str]:
    return re.findall(
        r"^```sh\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


@pytest.mark.parametrize("name", sorted(imports()))
def test_a_vendor_is_imported_where_it_belongs(name: str) -> None:
    if name in SHARED:
        assert {module for module in imports()[name] if not module.startswith(SHARED[name])} == set()
    else:
        assert len(imports()[name]) == 1, imports()[name]


def test_every_import_is_declared_and_every_dependency_used() -> None:
    distributions = packages_distributions()
    used = {name: {canonicalize_name(found) for found in distributions[name]} for name in imports()}
    brought = set[str]().union(*(used[name] for name in EXTRAS))
    ours = set[str]().union(*(used[name] for name in used.keys() - EXTRAS.keys()))
    assert ours == declared() - BY_NAME.keys()
    for name, module in BY_NAME.items():
        assert name in declared()
        assert name in names_in(module)
    shared = set[str]().union(*(used[name] for name in NAMESPACES))
    assert brought - shared <= extras() - declared()
    assert all(used[name] & extras() for name in NAMESPACES)
    assert not shared & declared()


def test_what_an_extra_brings_is_imported_by_one_module_that_nobody_else_needs() -> None:
    for name, module in EXTRAS.items():
        assert imports()[name] == {module}
    for name, module in EXTRAS_BY_NAME.items():
        assert name in extras() - declared()
        assert name in names_in(module)
        assert name not in imports()
    loaded = [*EXTRAS.values(), *EXTRAS_BY_NAME.values()]
    modules = {module.removesuffix(".py").replace("/", ".") for module in loaded}
    for package in OURS:
        for module in (ROOT / package).rglob("*.py"):
            tree = ast.parse(module.read_text(encoding="utf-8"))
            named = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
            assert not named & modules, module


def test_the_tests_have_what_the_extras_bring() -> None:
    dev = project()["dependency-groups"]["dev"]
    for extra in TESTED_EXTRAS:
        assert set(project()["project"]["optional-dependencies"][extra]) <= set(dev)


def test_the_lock_pins_every_dependency_inside_its_range() -> None:
    lines = [*project()["project"]["dependencies"], *project()["dependency-groups"]["dev"]]
    lines += [
        line for extra in TESTED_EXTRAS for line in project()["project"]["optional-dependencies"][extra]
    ]
    for requirement in map(Requirement, lines):
        assert pinned()[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_the_lock_names_no_place() -> None:
    lock = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert not re.search(r"://| @ |^-e", lock, re.MULTILINE)


def test_the_wheel_holds_types_prompts_corpus_and_licence() -> None:
    build = project()["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert build["packages"] == list(OURS)
    assert build["force-include"] == {"examples/corpus": "service/corpus"}
    assert all((ROOT / package / "py.typed").is_file() for package in OURS)
    for template in ("judge", "ranking", "review", "rewriting", "rules"):
        assert (ROOT / "prompts" / "templates" / f"{template}.md").is_file()
    assert (ROOT / "service" / "models" / "prices.toml").is_file()
    assert (ROOT / "service" / "web" / "index.html").is_file()
    assert (ROOT / "examples" / "corpus" / "questions.json").is_file()
    assert "Version 2.0" in (ROOT / project()["project"]["license-files"][0]).read_text(encoding="utf-8")


def test_the_changelog_knows_this_version() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {project()['project']['version']}" in changes


def test_both_readmes_open_with_the_same_two_commands() -> None:
    commands = shell_blocks("README.md")[:2]
    assert [len(command.splitlines()) for command in commands] == [1, 1]
    assert commands[0].rstrip().endswith("lectern demo")
    assert commands[1].rstrip().endswith("pytest")
    assert shell_blocks("README.ru.md")[:2] == commands


@pytest.mark.parametrize("page", PAGES)
def test_links_of_the_documentation_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for link in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", text):
        assert ((ROOT / page).parent / link).exists(), link
