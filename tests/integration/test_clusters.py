"""Which engine the settings choose, and what they say where it cannot be had."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from ingest.costs import Costs
from ingest.embedding import UniversalSentenceEncoder
from ingest.errors import EgressRefused
from ingest.readers.options import ChosenReader, ReadingOptions
from service.clusters import cluster_of, leave_of, order_of, recipient_at
from service.egress_policy import EgressPolicy
from service.ingesting import open_ingest
from service.settings import Settings, SettingsError, load_settings
from service.wiring import open_services
from tests.fakes.command_line import CommandLine

if TYPE_CHECKING:
    from pathlib import Path

needs_no_ray = pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed")


@needs_no_ray
def test_without_its_library_the_command_names_the_extra(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Lease\n\nThe rent is due.\n", encoding="utf-8")
    line = CommandLine(tmp_path / "data", tmp_path, {"LECTERN_RAY_ADDRESS": "local"})
    ran = line.run("ingest", "a.md")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == "lectern: setting ray_address: it needs Ray: pip install 'lectern[ray]'\n"


@pytest.mark.parametrize("address", ["local", "auto", "10.0.0.7:6379", "head.example:6379", "[fd00::7]:6379"])
def test_addresses_of_clusters(address: str) -> None:
    assert Settings(ray_address=address).ray_address == address


@pytest.mark.parametrize("address", ["ray://head:10001", "head", "local ", "http://head:8265"])
def test_what_is_none_is_told_what_to_do(tmp_path: Path, address: str) -> None:
    with pytest.raises(SettingsError, match=r"ray_address: .*ray start --address"):
        load_settings({"LECTERN_RAY_ADDRESS": address}, tmp_path)


def test_a_chosen_reader_reads_on_this_machine(tmp_path: Path) -> None:
    options = ReadingOptions(chosen=ChosenReader("mine:Reader", (), "mine/1"))
    with (
        open_services(Settings(data=tmp_path, ray_address="local")) as services,
        cluster_of(services, options, Costs()) as engine,
    ):
        assert engine is None
    with (
        open_services(Settings(data=tmp_path)) as services,
        cluster_of(services, ReadingOptions(), Costs()) as engine,
    ):
        assert engine is None


def test_nothing_secret_and_no_folder_of_this_machine_travels(tmp_path: Path) -> None:
    options = ReadingOptions(recognised=tmp_path)
    with open_services(Settings(data=tmp_path, ray_address="local")) as services:
        assert order_of(services, options).options == options
        assert order_of(services, options).embedder is UniversalSentenceEncoder
    far = Settings(
        data=tmp_path,
        ray_address="auto",
        embeddings_base_url="http://127.0.0.1:9/v1",
        embeddings_model="m",
        embeddings_dimensions=3,
    )
    with open_services(far) as services:
        assert order_of(services, options).options.recognised is None
        assert order_of(services, options).embedder is None


def test_a_cluster_is_shown_only_collections_that_allow_it(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Lease\n\nThe rent is due.\n", encoding="utf-8")
    settings = Settings(data=tmp_path / "data", egress="local")
    with open_services(settings) as services, open_ingest(services) as work:
        work.ingester.ensure_collection("default", "docs")
    with (
        open_services(settings.model_copy(update={"ray_address": "head:6379"})) as services,
        pytest.raises(EgressRefused, match="ray"),
    ):
        leave_of(services)("default", "docs")
    with open_services(settings.model_copy(update={"ray_address": "local"})) as services:
        leave_of(services)("default", "docs")
    names = recipient_at(Settings(ray_address="Head.example:6379"))
    assert EgressPolicy.parse("ray").permits(names)
    assert EgressPolicy.parse("head.example").permits(names)
    assert not EgressPolicy.parse("local").permits(recipient_at(Settings(ray_address="127.0.0.1:6379")))
