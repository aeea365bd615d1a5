"""The compose file holds together: what `docker compose config` would check, and what we promise besides."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import jsonschema
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema

from ingest.store.server_opening import OLDEST_SERVER
from service.models.providers import PROVIDERS
from service.settings import Settings
from tests.deployment import (
    PINNED,
    ROOT,
    compose,
    compose_with,
    known_settings,
    read,
    settings_in,
    variables_in,
    version,
)

SERVICES: dict[str, dict[str, Any]] = compose()["services"]
PROFILES = {"vllm", "sglang", "router", "ray", "chat", "monitoring"}
OTHERS = {
    "DO_NOT_TRACK": "vLLM and Open WebUI: usage statistics are not sent",
    "ANONYMIZED_TELEMETRY": "Open WebUI, of a library in it: likewise",
    "SCARF_NO_ANALYTICS": "Open WebUI, likewise",
    "ENABLE_COMMUNITY_SHARING": "Open WebUI: no button that sends a conversation to its makers",
    "ENABLE_OLLAMA_API": "Open WebUI: it does not look for Ollama",
    "ENABLE_PERSISTENT_CONFIG": "Open WebUI: these variables hold also after the first start",
    "ENABLE_VERSION_UPDATE_CHECK": "Open WebUI: it does not ask for newer versions",
    "OPENAI_API_BASE_URLS": "Open WebUI: the servers that it asks",
    "WEBUI_NAME": "Open WebUI: its title",
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "Grafana: GF_<SECTION>_<KEY> of grafana.ini",
    "GF_ANALYTICS_CHECK_FOR_UPDATES": "Grafana, likewise",
    "GF_ANALYTICS_REPORTING_ENABLED": "Grafana, likewise",
    "GF_PLUGINS_PREINSTALL_DISABLED": "Grafana, likewise: nothing is loaded at its start",
    "GF_SECURITY_ADMIN_PASSWORD__FILE": "Grafana: __FILE reads a value from a file",
    "GF_USERS_ALLOW_SIGN_UP": "Grafana, likewise",
    "POSTGRES_DB": "the image of PostgreSQL",
    "POSTGRES_INITDB_ARGS": "likewise",
    "POSTGRES_PASSWORD_FILE": "likewise",
    "POSTGRES_USER": "likewise",
    "QDRANT_INIT_FILE_PATH": "Qdrant: its mark of a whole start",
    "QDRANT__TELEMETRY_DISABLED": "Qdrant: QDRANT__<SECTION>__<KEY> of its config.yaml",
    "RAY_HEAD": "deploy/entrypoint.sh: the cluster that the container joins",
}
"""Variables that are not ours, and who reads them."""
VARIABLES = {"EXTRAS", "RAY_HEAD"}
"""What may be set beside the settings, in the shell or a file of `--env-file`."""
WRITE_THEIR_ROOT = {"vllm", "sglang", "chat"}
KEEP_RIGHTS = {"vllm", "sglang"}
"""Images that start as root and were never seen on a machine of ours."""
MADE_BY_HAND = {"chat_key"}


@pytest.fixture(params=sorted(SERVICES))
def service(request: pytest.FixtureRequest) -> dict[str, Any]:
    return SERVICES[request.param] | {"name": request.param}


def names_of(listed: list[Any]) -> set[str]:
    """Of secrets and configs, in both of their forms."""
    return {entry if isinstance(entry, str) else entry["source"] for entry in listed}


def used(kind: str) -> set[str]:
    return set[str]().union(*(names_of(service.get(kind, [])) for service in SERVICES.values()))


def env_file(name: str) -> dict[str, str]:
    lines = [line for line in read(f"deploy/{name}.env").splitlines() if not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


@pytest.mark.parametrize("environment", [{}, env_file("vllm"), env_file("sglang"), env_file("ray")])
def test_the_file_is_what_its_specification_says(environment: dict[str, str]) -> None:
    schema = get_builtin_schema("vendor.compose-spec")
    jsonschema.validate(compose_with(environment), schema)  # pyright: ignore[reportUnknownMemberType] — untyped


def test_no_key_stands_there_twice() -> None:
    class Strict(yaml.SafeLoader):
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            keys = [key.value for key, _ in node.value if key.value != "<<"]
            assert len(set(keys)) == len(keys), keys
            return super().construct_mapping(node, deep)

    yaml.load(read("docker-compose.yml"), Strict)


def test_one_command_starts_the_service_beside_its_stores() -> None:
    assert {name for name, told in SERVICES.items() if "profiles" not in told} == {
        "lectern",
        "postgresql",
        "qdrant",
    }
    assert set[str]().union(*(told.get("profiles", ()) for told in SERVICES.values())) == PROFILES


def test_qdrant_is_new_enough() -> None:
    found = re.fullmatch(r"qdrant/qdrant:v(\d+)\.(\d+)\.\d+-unprivileged", SERVICES["qdrant"]["image"])
    assert found
    assert (int(found[1]), int(found[2])) >= OLDEST_SERVER


def test_images_are_pinned(service: dict[str, Any]) -> None:
    assert PINNED.fullmatch(service["image"]), service["image"]
    if "build" in service:
        assert service["image"] == f"lectern:{version()}"


def test_the_image_of_the_service_is_made_of_pinned_ones() -> None:
    stages = re.findall(r"^FROM (\S+)", read("Dockerfile"), re.MULTILINE)
    assert stages
    for image in stages:
        assert PINNED.fullmatch(image), image


def test_a_service_tells_its_health_and_is_limited(service: dict[str, Any]) -> None:
    health = service["healthcheck"]
    assert health["test"][0] == "CMD"
    assert len(health["test"]) > 1
    assert {"interval", "timeout", "start_period"} <= health.keys()
    limits = service["deploy"]["resources"]["limits"]
    assert limits["memory"]
    assert limits["pids"]
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service["restart"] == "unless-stopped"


def test_a_service_has_no_more_rights_than_it_needs(service: dict[str, Any]) -> None:
    assert "no-new-privileges:true" in service["security_opt"]
    assert service.get("privileged") is None
    assert service.get("read_only", False) == (service["name"] not in WRITE_THEIR_ROOT)
    assert service.get("cap_drop", []) == ([] if service["name"] in KEEP_RIGHTS else ["ALL"])


def test_what_is_published_is_published_to_this_machine_alone() -> None:
    ports = [port for told in SERVICES.values() for port in told.get("ports", ())]
    assert len(ports) == 3
    hosts = [port.rpartition(":")[0] for port in ports]
    assert all(host.startswith("127.0.0.1:") for host in hosts)
    assert len(set(hosts)) == len(hosts)
    assert "publish" not in read("docker-compose.yml")
    (port,) = SERVICES["lectern"]["ports"]
    assert f"EXPOSE {port.rpartition(':')[2]}\n" in read("Dockerfile")


def test_stores_and_the_cluster_see_nothing_but_the_service() -> None:
    networks: dict[str, Any] = compose()["networks"]
    for network in ("store", "ray"):
        assert networks[network]["internal"] is True
    inside = {
        network: {n for n, told in SERVICES.items() if network in told["networks"]} for network in networks
    }
    assert inside["store"] == {"lectern", "postgresql", "qdrant"}
    assert inside["ray"] == {"lectern", "ray-head", "ray-worker"}
    for name in (inside["store"] | inside["ray"]) - {"lectern"}:
        assert len(SERVICES[name]["networks"]) == 1


def test_who_waits_waits_for_health() -> None:
    for told in SERVICES.values():
        for name, condition in told.get("depends_on", {}).items():
            assert condition["condition"] == "service_healthy"
            # Of another profile it may be absent.
            assert condition.get("required", True) == (
                set(SERVICES[name].get("profiles", ())) <= set(told.get("profiles", ()))
            )


def test_everything_that_is_used_is_declared_and_the_other_way() -> None:
    whole = compose()
    for kind in ("secrets", "configs"):
        assert used(kind) == whole[kind].keys()
    mounted = {mount.partition(":")[0] for told in SERVICES.values() for mount in told.get("volumes", ())}
    assert {name for name in mounted if not name.startswith(".")} == whole["volumes"].keys()
    joined = {network for told in SERVICES.values() for network in told["networks"]}
    assert joined == whole["networks"].keys()


def test_what_is_mounted_is_there_or_made() -> None:
    for config in compose()["configs"].values():
        assert (ROOT / config["file"]).is_file(), config
    script = read("deploy/make-secrets.sh")
    for name, secret in compose()["secrets"].items():
        assert secret["file"] == f"./secrets/{name}"
        assert (name in MADE_BY_HAND) != bool(re.search(rf"\b{name}\b", script)), name
    assert "/secrets/\n" in read(".gitignore")


def test_every_secret_that_is_read_is_given(service: dict[str, Any]) -> None:
    given = {
        entry if isinstance(entry, str) else entry.get("target", entry["source"])
        for entry in service.get("secrets", [])
    }
    told = yaml.safe_dump([service.get("entrypoint", []), service.get("environment", {})])
    named = set(re.findall(r"/run/secrets/(\w+)", told))
    own = {name for name in given if name.startswith("lectern_") or name == "pgpassword"}
    if service["name"] == "lectern":
        assert given == own
        assert {name.upper() for name in own} - {"PGPASSWORD"} <= known_settings()
    elif service["name"] == "prometheus":
        assert given == set(re.findall(r"/run/secrets/(\w+)", read("deploy/monitoring/prometheus.yml")))
    else:
        assert named == given


@pytest.mark.parametrize(
    "name",
    [
        *("docker-compose.yml", "Dockerfile", "README.md", "README.ru.md", "docs/deploy.md"),
        *("deploy/entrypoint.sh", "deploy/vllm.env", "deploy/sglang.env", "deploy/ray.env"),
        *("deploy/make-secrets.sh", "deploy/router/nginx.conf"),
    ],
)
def test_every_name_of_a_setting_is_one(name: str) -> None:
    assert settings_in(read(name)) - known_settings() == set()


def test_other_variables_are_known_by_who_reads_them() -> None:
    told = set[str]().union(*(service.get("environment", {}).keys() for service in SERVICES.values()))
    assert {name for name in told if name not in known_settings()} == OTHERS.keys()


def test_variables_of_the_shell_are_settings_or_known() -> None:
    named = variables_in(read("docker-compose.yml"))
    assert named - known_settings() == VARIABLES
    for profile in ("vllm", "sglang", "ray"):
        assert env_file(profile).keys() <= named


def test_extras_of_the_image_exist() -> None:
    extras = tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"].keys()
    for text in (read("Dockerfile"), read("docker-compose.yml"), read("deploy/ray.env")):
        for listed in re.findall(r"EXTRAS(?:=|: \$\{EXTRAS:-)([\w,]+)", text):
            assert set(listed.split(",")) <= extras


@pytest.mark.parametrize("engine", ["vllm", "sglang"])
def test_the_service_asks_the_engine_where_and_as_it_answers(engine: str) -> None:
    told, environment = SERVICES[engine], env_file(engine)
    assert environment["LECTERN_LLM_PROVIDER"] == engine
    assert environment["LECTERN_LLM_BASE_URL"] == f"http://{engine}:8000/v1"
    words = " ".join(told["command"])
    assert PROVIDERS[engine].model in words
    assert "--port=8000" in words
    assert "--tool-call-parser=glm47" in words
    assert "--reasoning-parser=glm45" in words
    assert set(told["networks"]) & set(SERVICES["lectern"]["networks"])
    assert told["deploy"]["resources"]["reservations"]["devices"]


def test_the_router_reads_the_header_that_is_sent() -> None:
    header = PROVIDERS["vllm"].session_header
    assert header
    configuration = read("deploy/router/nginx.conf")
    assert set(re.findall(r"\$http_(\w+)", configuration)) == {header.replace("-", "_")}
    assert "proxy_buffering off;" in configuration
    assert re.search(r"listen 8000;", configuration)
    assert "http://127.0.0.1:8000/router-health" in SERVICES["router"]["healthcheck"]["test"]
    assert "location = /router-health" in configuration


def test_what_is_measured_is_scraped_where_it_is_told() -> None:
    told = yaml.safe_load(read("deploy/monitoring/prometheus.yml"))
    jobs = {job["job_name"]: job for job in told["scrape_configs"]}
    (target,) = jobs["lectern"]["static_configs"][0]["targets"]
    assert target == "lectern:8421"
    assert set(jobs["model"]["dns_sd_configs"][0]["names"]) == {"vllm", "sglang"}
    targets = {entry["target"] for entry in SERVICES["prometheus"]["configs"]}
    assert {f"/etc/prometheus/{'prometheus.yml'}", *told["rule_files"]} == targets
    source = yaml.safe_load(read("deploy/monitoring/grafana/datasources.yml"))["datasources"][0]
    assert source["url"] == "http://prometheus:9090"
    provider = yaml.safe_load(read("deploy/monitoring/grafana/dashboards.yml"))["providers"][0]
    mounted = {entry["source"]: entry["target"] for entry in SERVICES["grafana"]["configs"]}
    assert mounted["grafana_dashboard"].startswith(f"{provider['options']['path']}/")


def test_the_end_is_waited_for() -> None:
    ending = Settings.model_fields["grace_seconds"].default + Settings.model_fields["drain_seconds"].default
    assert int(SERVICES["lectern"]["stop_grace_period"].removesuffix("s")) >= ending + 10
