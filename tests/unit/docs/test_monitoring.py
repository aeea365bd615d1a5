"""Dashboard and rules ask only for what the server tells."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from service.settings import Settings
from service.wiring import open_services

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "monitoring"
_FAMILY = re.compile(r"^# TYPE (\S+) (\S+)$", re.MULTILINE)
_NAME = re.compile(r"\b((?:lectern|process)_[a-z_]+)\b")
_LABEL = re.compile(r"\b([a-z_]+)(?:=~?|!=|!~)\"")
_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}
OURS = {"job", "instance"}
"""Labels that Prometheus gives."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with open_services(Settings(data=tmp_path_factory.mktemp("data"))) as services:
        services.observer.watch_circuit("zai", lambda: False)
        yield services.observer.metrics.text().decode()


def series(told: str) -> set[str]:
    return {f"{name}{suffix}" for name, kind in _FAMILY.findall(told) for suffix in _SUFFIXES[kind]}


def dashboard() -> Any:  # noqa: ANN401 — JSON
    return json.loads((FOLDER / "grafana.json").read_text(encoding="utf-8"))


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return group["rules"]


def queries() -> list[str]:
    panels = [panel for panel in dashboard()["panels"] if panel["type"] != "row"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def expressions() -> list[str]:
    return [*queries(), *(rule["expr"] for rule in rules())]


@pytest.mark.parametrize("expression", expressions())
def test_what_is_asked_for_is_told(told: str, expression: str) -> None:
    names = set(_NAME.findall(expression))
    assert names or expression.startswith("up{")
    assert names <= series(told)
    assert expression.count("(") == expression.count(")")
    assert expression.count("{") == expression.count("}")
    labels = {"status", "kind", "state", "route", "provider", "outcome"} | OURS
    assert set(_LABEL.findall(expression)) <= labels


def test_all_that_is_told_is_shown(told: str) -> None:
    shown = " ".join(expressions())
    own = {name for name, _ in _FAMILY.findall(told) if name.startswith("lectern_")} - {"lectern_build_info"}
    own = {name for name in own if not name.endswith("_created")}

    assert {name for name in own if name not in shown} == set()


def test_the_dashboard_has_a_place_for_every_panel() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_every_rule_says_what_it_means_and_how_much_it_matters() -> None:
    assert len({rule["alert"] for rule in rules()}) == len(rules())
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"].keys() == {"summary", "description"}
