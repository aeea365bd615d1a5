"""What `docker-compose.yml`, `Dockerfile` and `deploy/` say, as their tools read it."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from service.settings import PREFIX, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[1]
KUBERNETES = ROOT / "deploy" / "kubernetes"
PINNED = re.compile(
    r"(?:postgres:\d+\.\d+|(?!postgres:)[a-z0-9.-]+(?:/[a-z0-9._-]+)*:v?\d+\.\d+\.\d+)(?:-[\w.-]+)?"
)
"""An image with its whole version, of which PostgreSQL's has two numbers; no tag that moves on."""
_VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+):-(?P<default>[^}]*)\}|(?P<wrong>.))")
_NAME = re.compile(rf"\b{PREFIX}[A-Z_]*[A-Z]\b")


def version() -> str:
    return tomllib.loads(read("pyproject.toml"))["project"]["version"]


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def settings_in(text: str) -> set[str]:
    """Names that look like our settings."""
    return set(_NAME.findall(text))


def known_settings() -> set[str]:
    return {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def interpolate(text: str, environment: Mapping[str, str]) -> str:
    """Variables in the one form that is used here: with a default, so that no file of them is needed."""

    def value(found: re.Match[str]) -> str:
        assert not found["wrong"], f"write ${{NAME:-default}}, or $$ for a $: {found[0]!r} in {text!r}"
        return "$" if found["escaped"] else environment.get(found["name"]) or found["default"]

    return _VARIABLE.sub(value, text)


def variables_in(text: str) -> set[str]:
    return {found["name"] for found in _VARIABLE.finditer(text) if found["name"]}


@cache
def compose() -> dict[str, Any]:
    """The whole file with every profile, as without any variable."""
    return _interpolated(yaml.safe_load(read("docker-compose.yml")), {})


def compose_with(environment: Mapping[str, str]) -> dict[str, Any]:
    return _interpolated(yaml.safe_load(read("docker-compose.yml")), environment)


def _interpolated(node: Any, environment: Mapping[str, str]) -> Any:  # noqa: ANN401 — YAML
    if isinstance(node, str):
        return interpolate(node, environment)
    if isinstance(node, dict):
        return {name: _interpolated(inner, environment) for name, inner in node.items()}  # pyright: ignore[reportUnknownVariableType] — likewise
    if isinstance(node, list):
        return [_interpolated(inner, environment) for inner in node]  # pyright: ignore[reportUnknownVariableType] — likewise
    return node


@cache
def manifests() -> tuple[tuple[str, dict[str, Any]], ...]:
    """Every object that is whole, with the path of its file below `deploy/kubernetes`."""
    return tuple(_manifests())


def _manifests() -> Iterator[tuple[str, dict[str, Any]]]:
    patches = set(patch_files())
    for path in sorted(KUBERNETES.rglob("*.yaml")):
        if path.name != "kustomization.yaml" and path not in patches:
            for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
                yield path.relative_to(KUBERNETES).as_posix(), document


def kustomizations() -> dict[Path, dict[str, Any]]:
    return {
        path.parent: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted(KUBERNETES.rglob("kustomization.yaml"))
    }


def patch_files() -> Iterator[Path]:
    for folder, said in kustomizations().items():
        for patch in said.get("patches", ()):
            yield folder / patch["path"]


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    """The objects of a kind by name."""
    return {document["metadata"]["name"]: document for _, document in manifests() if document["kind"] == kind}


def workloads() -> dict[str, dict[str, Any]]:
    """What makes pods, by name."""
    return {**of_kind("Deployment"), **of_kind("StatefulSet")}


def pod_of(workload: Mapping[str, Any]) -> dict[str, Any]:
    return workload["spec"]["template"]["spec"]


def containers() -> dict[str, dict[str, Any]]:
    """The one container of each workload."""
    found: dict[str, dict[str, Any]] = {}
    for name, workload in workloads().items():
        (found[name],) = pod_of(workload)["containers"]
    return found
