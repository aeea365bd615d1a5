"""The manifests are what the API of Kubernetes takes, and their parts find each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import kubernetes_validate
import pytest
import yaml

from service.models.providers import PROVIDERS
from service.settings import Settings
from tests.deployment import (
    KUBERNETES,
    PINNED,
    compose,
    containers,
    known_settings,
    kustomizations,
    manifests,
    of_kind,
    patch_files,
    pod_of,
    read,
    settings_in,
    version,
    workloads,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION = "1.37"
OTHERS = {
    "FORWARDED_ALLOW_IPS": "uvicorn: whose X-Forwarded-* it believes",
    "PGPASSWORD": "libpq, by which PostgreSQL's driver connects",
    "PGDATA": "the image of PostgreSQL: a folder in the volume, whose root may hold `lost+found`",
    "POSTGRES_DB": "likewise",
    "POSTGRES_INITDB_ARGS": "likewise",
    "POSTGRES_PASSWORD": "likewise",
    "POSTGRES_USER": "likewise",
    "QDRANT_INIT_FILE_PATH": "Qdrant: its mark of a whole start",
    "QDRANT__SERVICE__API_KEY": "Qdrant: QDRANT__<SECTION>__<KEY> of its config.yaml",
    "QDRANT__TELEMETRY_DISABLED": "likewise",
    "DO_NOT_TRACK": "vLLM: usage statistics are not sent",
}
"""Variables that are not ours, and who reads them."""
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
OF_ITS_KEEPER = {"vllm"}
"""Images that start as root and were never seen on a machine of ours."""
MADE_ELSEWHERE = {"lectern-tls"}


def merged(base: Any, patch: Any) -> Any:  # noqa: ANN401 — YAML
    """As a strategic merge does it, as far as ours go: maps by key, lists by `name`, null removes."""
    if isinstance(base, dict) and isinstance(patch, dict):
        whole, changes = cast("dict[str, Any]", base), cast("dict[str, Any]", patch)
        together = whole | {name: merged(whole.get(name), value) for name, value in changes.items()}
        return {name: value for name, value in together.items() if value is not None}
    if isinstance(base, list) and isinstance(patch, list):
        entries, others = cast("list[dict[str, Any]]", base), cast("list[dict[str, Any]]", patch)
        named = {entry["name"]: entry for entry in entries}
        named |= {entry["name"]: merged(named.get(entry["name"]), entry) for entry in others}
        return list(named.values())
    return patch


def ports_of(container: dict[str, Any]) -> dict[str, int]:
    return {port["name"]: port["containerPort"] for port in container.get("ports", ())}


def labels_of(workload: dict[str, Any]) -> dict[str, str]:
    return workload["spec"]["template"]["metadata"]["labels"]


def chosen(selector: dict[str, str]) -> set[str]:
    """Workloads whose pods have these labels; that of one pod of a set stands for its set."""
    wanted = {name: value for name, value in selector.items() if name != "statefulset.kubernetes.io/pod-name"}
    return {name for name, told in workloads().items() if wanted.items() <= labels_of(told).items()}


def environment_of(container: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in container.get("env", ())}


@pytest.mark.parametrize(
    ("file", "document"),
    [pytest.param(file, document, id=f"{file}:{document['kind']}") for file, document in manifests()],
)
def test_an_object_is_what_the_api_takes(file: str, document: dict[str, Any]) -> None:
    kubernetes_validate.validate(document, VERSION, strict=True)
    assert document["metadata"].get("namespace") == (
        None if document["kind"] == "Namespace" else "lectern"
    ), file


@pytest.mark.parametrize("path", sorted(patch_files()), ids=lambda path: path.name)
def test_a_patch_meets_its_object_and_leaves_it_valid(path: Path) -> None:
    patch = yaml.safe_load(path.read_text(encoding="utf-8"))
    base = of_kind(patch["kind"])[patch["metadata"]["name"]]
    if patch.pop("$patch", None) != "delete":
        patched = merged(base, patch)
        kubernetes_validate.validate(patched, VERSION, strict=True)
        assert patched != base


def test_replicas_share_what_was_sent_and_no_data_folder() -> None:
    told = of_kind("ConfigMap")["lectern"]["data"]
    volumes = {volume["name"]: volume for volume in pod_of(workloads()["lectern"])["volumes"]}
    mounts = {mount["mountPath"]: mount["name"] for mount in containers()["lectern"]["volumeMounts"]}
    claim = volumes[mounts[told["LECTERN_UPLOADS"]]]["persistentVolumeClaim"]["claimName"]
    shared = [
        name
        for name, found in of_kind("PersistentVolumeClaim").items()
        if found["spec"]["accessModes"] == ["ReadWriteMany"]
    ]
    assert shared == [claim]
    assert volumes[mounts["/data"]].keys() == {"name", "emptyDir"}


def test_every_file_belongs_to_a_whole() -> None:
    listed: set[Path] = {KUBERNETES / "secrets.example.yaml"}
    for folder, told in kustomizations().items():
        assert told["apiVersion"] == "kustomize.config.k8s.io/v1beta1"
        assert told["kind"] == "Kustomization"
        for resource in told["resources"]:
            path = (folder / resource).resolve()
            assert path.exists(), path
            listed.add(path / "kustomization.yaml" if path.is_dir() else path)
    listed |= {folder / "kustomization.yaml" for folder in kustomizations()} | set(patch_files())
    assert listed == set(KUBERNETES.rglob("*.yaml"))


@pytest.mark.parametrize("name", sorted(workloads()))
def test_images_are_pinned_and_those_of_compose(name: str) -> None:
    image = containers()[name]["image"]
    assert PINNED.fullmatch(image), image
    if name == "lectern":
        assert image.rpartition(":")[2] == version()
        (told,) = kustomizations()[KUBERNETES]["images"]
        assert image == f"{told['name']}:{told['newTag']}"
    else:
        assert image == compose()["services"][name]["image"]


@pytest.mark.parametrize("name", sorted(workloads()))
def test_a_workload_selects_its_own_pods_alone(name: str) -> None:
    told = workloads()[name]
    assert told["spec"]["selector"]["matchLabels"].items() <= labels_of(told).items()
    assert chosen(told["spec"]["selector"]["matchLabels"]) == {name}


def test_services_budgets_scalers_and_walls_meet_pods() -> None:
    for name, told in of_kind("Service").items():
        (target,) = chosen(told["spec"]["selector"])
        for port in told["spec"]["ports"]:
            assert port["targetPort"] in ports_of(containers()[target]), name
    for name, told in of_kind("PodDisruptionBudget").items():
        assert chosen(told["spec"]["selector"]["matchLabels"]) == {name}
        assert told["spec"]["minAvailable"] < workloads()[name]["spec"]["replicas"]
    for told in of_kind("HorizontalPodAutoscaler").values():
        target = told["spec"]["scaleTargetRef"]
        assert of_kind(target["kind"])[target["name"]]["spec"]["replicas"] == told["spec"]["minReplicas"]
    for name, told in workloads().items():
        if told["kind"] == "StatefulSet":
            assert of_kind("Service")[told["spec"]["serviceName"]]["spec"]["clusterIP"] == "None", name


def test_every_workload_has_a_wall_that_lets_its_callers_through() -> None:
    policies = of_kind("NetworkPolicy")
    assert policies["nothing-else"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name in workloads():
        spec = policies[name]["spec"]
        assert chosen(spec["podSelector"]["matchLabels"]) == {name}
        opened = {port["port"] for rule in spec["ingress"] for port in rule["ports"]}
        assert opened == set(ports_of(containers()[name]).values())
    let_in = set(flows(policies, "ingress", "from"))
    for name, target, port in flows(policies, "egress", "to"):
        assert (target, name, port) in let_in, (name, target, port)


def flows(policies: dict[str, Any], way: str, end: str) -> Iterator[tuple[str, str, int]]:
    """Whose rule, which workload it names, and a port."""
    for name in workloads():
        for rule in policies[name]["spec"].get(way, ()):
            for peer in rule[end]:
                if "podSelector" in peer:
                    (other,) = chosen(peer["podSelector"]["matchLabels"])
                    for port in rule["ports"]:
                        yield name, other, port["port"]


def test_what_is_referred_to_exists() -> None:
    for name, told in workloads().items():
        pod, container = pod_of(told), containers()[name]
        volumes = {volume["name"]: volume for volume in pod.get("volumes", ())}
        claims = {claim["metadata"]["name"] for claim in told["spec"].get("volumeClaimTemplates", ())}
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted == volumes.keys() | claims
        for volume in volumes.values():
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in of_kind("PersistentVolumeClaim")
            if "configMap" in volume:
                assert volume["configMap"]["name"] in of_kind("ConfigMap")
        for source in container.get("envFrom", ()):
            assert source["configMapRef"]["name"] in of_kind("ConfigMap")
        for entry in environment_of(container).values():
            if "valueFrom" in entry:
                wanted = entry["valueFrom"]["secretKeyRef"]
                assert wanted["key"] in of_kind("Secret")[wanted["name"]]["stringData"], entry
    ingress = of_kind("Ingress")["lectern"]["spec"]
    for rule in ingress["rules"]:
        for path in rule["http"]["paths"]:
            service = of_kind("Service")[path["backend"]["service"]["name"]]
            names = {port["name"] for port in service["spec"]["ports"]}
            assert path["backend"]["service"]["port"]["name"] in names
    assert {tls["secretName"] for tls in ingress["tls"]} == MADE_ELSEWHERE


def test_every_secret_of_the_example_is_read_and_none_is_real() -> None:
    (secret,) = of_kind("Secret").values()
    read_keys = {
        entry["valueFrom"]["secretKeyRef"]["key"]
        for container in containers().values()
        for entry in environment_of(container).values()
        if "valueFrom" in entry
    }
    assert secret["stringData"].keys() == read_keys
    assert set(secret["stringData"].values()) == {"REPLACE-ME"}


@pytest.mark.parametrize("name", sorted(workloads()))
def test_a_pod_has_no_more_rights_than_it_needs(name: str) -> None:
    pod, container = pod_of(workloads()[name]), containers()[name]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["resources"]["requests"].keys() >= {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]
    if name not in OF_ITS_KEEPER:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize("name", sorted(workloads()))
def test_a_pod_is_probed_at_a_port_that_it_has(name: str) -> None:
    container = containers()[name]
    assert {"livenessProbe", "readinessProbe"} <= container.keys()
    for probe in PROBES:
        if "httpGet" in container.get(probe, {}):
            assert container[probe]["httpGet"]["port"] in ports_of(container)


def test_the_service_is_probed_by_routes_that_it_has() -> None:
    routes = set(re.findall(r"^## GET (\S+)$", read("docs/reference-http.md"), re.MULTILINE))
    container = containers()["lectern"]
    paths = {container[probe]["httpGet"]["path"] for probe in PROBES}
    assert paths == {"/healthz", "/readyz"}
    annotations = workloads()["lectern"]["spec"]["template"]["metadata"]["annotations"]
    assert {*paths, annotations["prometheus.io/path"]} <= routes
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert annotations["prometheus.io/port"] == str(ports_of(container)["http"])


def test_the_service_runs_as_its_image_does() -> None:
    dockerfile = read("Dockerfile")
    context = pod_of(workloads()["lectern"])["securityContext"]
    assert f"USER {context['runAsUser']}:{context['runAsGroup']}\n" in dockerfile
    assert f"EXPOSE {ports_of(containers()['lectern'])['http']}\n" in dockerfile
    (mount,) = (m for m in containers()["lectern"]["volumeMounts"] if m["name"] == "data")
    assert f"VOLUME {mount['mountPath']}\n" in dockerfile


def test_every_name_of_a_setting_is_one() -> None:
    for path in KUBERNETES.rglob("*.yaml"):
        assert settings_in(path.read_text(encoding="utf-8")) - known_settings() == set(), path


def test_other_variables_are_known_by_who_reads_them() -> None:
    told = set[str]().union(*(environment_of(container) for container in containers().values()))
    told |= of_kind("ConfigMap")["lectern"]["data"].keys()
    assert {name for name in told if name not in known_settings()} == OTHERS.keys()


def test_the_end_is_waited_for() -> None:
    settings = of_kind("ConfigMap")["lectern"]["data"]
    drain, grace = int(settings["LECTERN_DRAIN_SECONDS"]), int(settings["LECTERN_GRACE_SECONDS"])
    assert pod_of(workloads()["lectern"])["terminationGracePeriodSeconds"] >= drain + grace + 10
    probe = containers()["lectern"]["readinessProbe"]
    assert drain >= probe["periodSeconds"] * probe["failureThreshold"]


def test_answers_may_take_their_time_on_the_way() -> None:
    annotations = of_kind("Ingress")["lectern"]["metadata"]["annotations"]
    seconds = int(annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"])
    assert seconds > Settings.model_fields["llm_timeout"].default
    size = annotations["nginx.ingress.kubernetes.io/proxy-body-size"]
    assert size == f"{Settings.model_fields['largest_upload_mb'].default}m"


def test_the_router_is_the_one_of_compose_and_knows_every_engine() -> None:
    configuration = of_kind("ConfigMap")["router"]["data"]["nginx.conf"]
    assert configuration == read("deploy/router/nginx.conf")
    servers = re.findall(r"^\s*server (\S+):(\d+) ", configuration, re.MULTILINE)
    engine = workloads()["vllm"]
    assert [name for name, _ in servers] == [f"vllm-{n}" for n in range(engine["spec"]["replicas"])]
    for name, port in servers:
        service = of_kind("Service")[name]["spec"]
        assert service["selector"]["statefulset.kubernetes.io/pod-name"] == name
        assert port == str(service["ports"][0]["port"])


def test_the_engine_is_asked_as_it_is_started() -> None:
    settings = yaml.safe_load((KUBERNETES / "vllm" / "settings.yaml").read_text(encoding="utf-8"))["data"]
    assert settings["LECTERN_LLM_BASE_URL"] == "http://router:8000/v1"
    provider = PROVIDERS[settings["LECTERN_LLM_PROVIDER"]]
    assert containers()["vllm"]["args"][0] == provider.model
    assert containers()["vllm"]["args"] == compose()["services"]["vllm"]["command"]
    assert containers()["vllm"]["resources"]["limits"]["nvidia.com/gpu"] == "8"
