"""The chart of the hotline, as the real helm renders it for every profile."""

import importlib
import json
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from hotline_kernel import rpc_server, telemetry

from tests.deploy.conftest import ROOT, Manifest, Render, Tool

SERVICES = ("intake", "dispatch", "sla", "feedback", "knowledge")
KUBERNETES = ("1.35", "1.36", "1.37")
SCHEMAS = {path.stem: json.loads(path.read_text()) for path in (ROOT / "tests" / "deploy" / "schemas").glob("*.json")}
"""Of the kinds that Kubernetes does not know by itself."""
PROFILES = {name: ("--values", f"hotline/values-{name}.yaml") for name in ("city", "province", "county", "small")}
WAYS_IN = {
    "ingress": ("--set", "global.expose.by=ingress", "--set", "global.network.people[0].podSelector.matchLabels.a=b"),
    "gateway": ("--set", "global.expose.by=gateway", "--set", "global.network.people[0].podSelector.matchLabels.a=b"),
    "issuer": ("--set", "global.tls.issuer.name=hotline"),
}
RENDERED = {"plain": (), **PROFILES, **WAYS_IN}

every_rendering = pytest.mark.parametrize("arguments", RENDERED.values(), ids=RENDERED.keys())


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    """The manifests of a kind by name."""
    return {each["metadata"]["name"]: each for each in manifests if each["kind"] == kind}


def pods(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Every pod, with the name of what makes it."""
    for manifest in manifests:
        match manifest["kind"]:
            case "Deployment" | "Job":
                yield manifest["metadata"]["name"], manifest["spec"]["template"]["spec"]
            case "CronJob":
                yield manifest["metadata"]["name"], manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]
            case "Pod":
                yield manifest["metadata"]["name"], manifest["spec"]


def check(manifest: Manifest, version: str) -> None:
    """Raise unless the manifest is right by the schema of its kind; a kind without one is an error, too."""
    if manifest["kind"] in SCHEMAS:
        jsonschema.validate(manifest, SCHEMAS[manifest["kind"]])
    else:
        kubernetes_validate.validate(manifest, version, strict=True)


def unlike(manifests: list[Manifest]) -> list[Manifest]:
    """One of each kind of manifest: those that differ by the service's name alone are one."""
    shapes = {re.sub("|".join(SERVICES), "service", json.dumps(manifest)): manifest for manifest in manifests}
    return list(shapes.values())


def variables(pod: Manifest) -> dict[str, Any]:
    """The environment of a pod's container."""
    return {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}


class TestChart:
    @pytest.mark.parametrize("chart", ["service", "hotline"])
    def test_lints(self, helm: Tool, chart: str) -> None:
        answer = helm("lint", "--strict", chart, *(["--set", "service=sla"] if chart == "service" else []))
        assert answer.returncode == 0, answer.stdout + answer.stderr

    @pytest.mark.parametrize("version", KUBERNETES)
    def test_every_manifest_is_valid(self, render: Render, version: str) -> None:
        everything = [each for arguments in RENDERED.values() for each in render("hotline", *arguments)]
        assert {"PodMonitor", "ScaledObject", "GRPCRoute", "BackendTLSPolicy", "Certificate", "PrometheusRule"} <= {
            each["kind"] for each in everything
        }
        for manifest in unlike(everything):
            check(manifest, version)

    def test_a_kind_without_a_schema_is_an_error(self) -> None:
        with pytest.raises(kubernetes_validate.SchemaNotFoundError):
            check({"apiVersion": "example.org/v1", "kind": "Surprise", "metadata": {"name": "x"}}, KUBERNETES[0])

    def test_is_rendered_within_five_seconds(self, helm: Tool) -> None:
        started = time.monotonic()
        assert helm("template", "hotline", "hotline", *PROFILES["province"]).returncode == 0
        assert time.monotonic() - started < 5

    @pytest.mark.parametrize("arguments", PROFILES.values(), ids=PROFILES.keys())
    def test_is_the_same_by_the_oldest_helm(self, helm: Tool, old_helm: Tool, arguments: tuple[str, ...]) -> None:
        old = old_helm("template", "hotline", "hotline", *arguments)
        assert old.returncode == 0, old.stderr
        assert old.stdout == helm("template", "hotline", "hotline", *arguments).stdout

    def test_says_what_to_do_next_and_what_the_cluster_lacks(self, helm: Tool) -> None:
        notes = helm("install", "hotline", "hotline", "--namespace", "hotline", "--dry-run=client").stdout
        assert "helm -n hotline test hotline" in notes
        assert "Nothing comes in from outside the cluster" in notes
        assert "no Prometheus operator" in notes

    def test_one_service_is_deployed_alone(self, render: Render) -> None:
        assert "service-sla-serve" in of_kind(render("service", "--set", "service=sla"), "Deployment")

    def test_two_renderings_are_the_same(self, helm: Tool) -> None:
        first, second = (helm("template", "hotline", "hotline", *PROFILES["city"]).stdout for _ in range(2))
        assert first == second != ""


class TestProfiles:
    def test_a_city_has_three_workloads_and_a_migration_for_each_service(self, render: Render) -> None:
        city = render("hotline", *PROFILES["city"])
        assert set(of_kind(city, "Deployment")) == {
            f"hotline-{service}-{component}" for service in SERVICES for component in ("serve", "listen", "pump")
        }
        assert set(of_kind(city, "Job")) == {f"hotline-{service}-migrate" for service in SERVICES}
        assert set(of_kind(city, "Pod")) == {f"hotline-{service}-check" for service in SERVICES}

    def test_a_county_has_dispatch_and_sla_alone_and_makes_nothing_for_the_whole_cluster(self, render: Render) -> None:
        county = render("hotline", *PROFILES["county"])
        names = {name.split("-")[1] for name in of_kind(county, "Deployment")}
        assert names == {"dispatch", "sla"}
        assert not of_kind(county, "PriorityClass")
        assert {variables(pod)["HOTLINE_PROFILE"] for _, pod in pods(county)} == {"county"}

    def test_one_node_has_one_pod_of_each_and_no_more(self, render: Render) -> None:
        small = render("hotline", *PROFILES["small"])
        assert {each["spec"]["replicas"] for each in of_kind(small, "Deployment").values()} == {1}
        assert not of_kind(small, "HorizontalPodAutoscaler") | of_kind(small, "ScaledObject")
        assert not of_kind(small, "PodDisruptionBudget")

    def test_a_province_stands_in_every_zone(self, render: Render) -> None:
        for name, pod in pods(render("hotline", *PROFILES["province"])):
            for spread in pod.get("topologySpreadConstraints", []):
                if spread["topologyKey"] == "topology.kubernetes.io/zone":
                    assert spread["whenUnsatisfiable"] == "DoNotSchedule", name

    @every_rendering
    def test_what_all_services_ask_for_together_is_stated(self, render: Render, arguments: tuple[str, ...]) -> None:
        for name, pod in pods(render("hotline", *arguments)):
            resources = pod["containers"][0]["resources"]
            assert resources["requests"].keys() == {"cpu", "memory"}, name
            assert resources["limits"].keys() == {"memory"}, name


@every_rendering
class TestPolicy:
    """What a restricted namespace admits, and what an operator may rely on, whatever the profile."""

    def test_pods_are_restricted(self, render: Render, arguments: tuple[str, ...]) -> None:
        names = []
        for name, pod in pods(render("hotline", *arguments)):
            names.append(name)
            assert pod["automountServiceAccountToken"] is False, name
            assert pod["enableServiceLinks"] is False, name
            assert pod["securityContext"]["runAsNonRoot"] is True, name
            assert pod["securityContext"]["runAsUser"] > 0, name
            assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
            assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys(), name
            assert all(volume.keys() & {"secret", "emptyDir"} for volume in pod["volumes"]), name
            for container in pod["containers"]:
                context = container["securityContext"]
                assert context == {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                }, name
                assert not any("hostPort" in port for port in container.get("ports", [])), name
        assert len(names) in (12, 30)

    def test_workloads_have_probes(self, render: Render, arguments: tuple[str, ...]) -> None:
        for name, workload in of_kind(render("hotline", *arguments), "Deployment").items():
            container = workload["spec"]["template"]["spec"]["containers"][0]
            ready = "grpc" if name.endswith("-serve") else "httpGet"
            assert ready in container["startupProbe"], name
            assert ready in container["readinessProbe"], name
            assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "metrics"}, name

    def test_pods_have_time_to_finish_what_they_have_in_hand(self, render: Render, arguments: tuple[str, ...]) -> None:
        for name, workload in of_kind(render("hotline", *arguments), "Deployment").items():
            pod = workload["spec"]["template"]["spec"]
            drain = float(variables(pod)["HOTLINE_DRAIN_SECONDS"])
            pause = pod["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            assert pod["terminationGracePeriodSeconds"] >= pause + drain + 15, name
            if name.endswith("-serve"):
                assert pause > 0, name
                assert drain > rpc_server.LONGEST_DEADLINE_SECONDS, name
            assert workload["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}, name

    def test_workloads_of_several_pods_have_a_disruption_budget(
        self, render: Render, arguments: tuple[str, ...]
    ) -> None:
        manifests = render("hotline", *arguments)
        budgets = of_kind(manifests, "PodDisruptionBudget")
        for name, workload in of_kind(manifests, "Deployment").items():
            several = workload["spec"].get("replicas", 2) > 1  # without a number, an autoscaler gives it
            assert (name in budgets) is several, name

    def test_workloads_stand_apart(self, render: Render, arguments: tuple[str, ...]) -> None:
        for name, workload in of_kind(render("hotline", *arguments), "Deployment").items():
            keys = [each["topologyKey"] for each in workload["spec"]["template"]["spec"]["topologySpreadConstraints"]]
            assert keys == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"], name

    def test_every_pod_is_held_by_a_policy_both_ways(self, render: Render, arguments: tuple[str, ...]) -> None:
        manifests = render("hotline", *arguments)
        held = [each["spec"]["podSelector"]["matchLabels"] for each in of_kind(manifests, "NetworkPolicy").values()]
        for policy in of_kind(manifests, "NetworkPolicy").values():
            assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
        for manifest in manifests:
            match manifest["kind"]:
                case "Deployment" | "Job":
                    labels = manifest["spec"]["template"]["metadata"]["labels"]
                case "CronJob":
                    labels = manifest["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
                case "Pod":
                    labels = manifest["metadata"]["labels"]
                case _:
                    continue
            assert sum(selector.items() <= labels.items() for selector in held) == 1, manifest["metadata"]["name"]

    def test_every_path_is_named(self, render: Render, arguments: tuple[str, ...]) -> None:
        for name, policy in of_kind(render("hotline", *arguments), "NetworkPolicy").items():
            for rule in policy["spec"].get("ingress", []):
                assert rule["from"], name
                assert rule["ports"], name
            for rule in policy["spec"]["egress"]:
                assert rule["to"], name
                assert rule["ports"], name

    def test_every_variable_is_a_setting_of_its_service(self, render: Render, arguments: tuple[str, ...]) -> None:
        for name, pod in pods(render("hotline", *arguments)):
            settings = importlib.import_module(f"hotline_{name.split('-')[1]}.settings").Settings
            known = {f"HOTLINE_{field.upper()}" for field in settings.model_fields} | {"OTEL_EXPORTER_OTLP_ENDPOINT"}
            assert variables(pod).keys() <= known, name

    def test_no_secret_stands_in_a_manifest(self, render: Render, arguments: tuple[str, ...]) -> None:
        manifests = render("hotline", *arguments)
        assert not of_kind(manifests, "Secret")
        text = yaml.safe_dump_all(manifests)
        assert not re.search(r"(postgresql|amqps?)://", text)


class TestNetwork:
    def rules(self, render: Render, name: str, way: str, *arguments: str) -> dict[str, list[Manifest]]:
        """Who may come in, or be gone to, by port."""
        policy = of_kind(render("hotline", *arguments), "NetworkPolicy")[f"hotline-{name}"]
        peers: dict[str, list[Manifest]] = defaultdict(list)
        for rule in policy["spec"].get(way, []):
            for port in rule["ports"]:
                peers[str(port["port"])] += rule["from" if way == "ingress" else "to"]
        return peers

    def test_only_listed_callers_reach_the_internal_port(self, render: Render) -> None:
        calls = {
            service: {
                field.removesuffix("_address")
                for field in importlib.import_module(f"hotline_{service}.settings").Settings.model_fields
                if field.removesuffix("_address") in SERVICES
            }
            for service in SERVICES
        }
        for service in SERVICES:
            peers = self.rules(render, f"{service}-serve", "ingress")["internal"]
            labels = [peer["podSelector"]["matchLabels"] for peer in peers]
            *callers, check = [label["app.kubernetes.io/name"] for label in labels]
            assert set(callers) == {caller for caller, called in calls.items() if service in called}
            assert (check, labels[-1]["app.kubernetes.io/component"]) == (service, "check")
            reached = self.rules(render, f"{service}-pump", "egress")["internal"]
            assert {peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for peer in reached} == calls[service]

    def test_each_process_goes_where_it_must_and_nowhere_else(self, render: Render) -> None:
        named = ("--set", "global.traces.endpoint=http://collector:4318")
        expected = {
            "dispatch-serve": {"53", "5432", "443", "4318", "internal"},
            "dispatch-listen": {"53", "5432", "5671", "4318"},
            "dispatch-pump": {"53", "5432", "5671", "4318", "internal", "443"},
            "dispatch-migrate": {"53", "5432", "5671"},
            "dispatch-check": {"53", "5432", "5671", "internal"},
            "knowledge-serve": {"53", "5432", "443", "4318"},
            "knowledge-pump": {"53", "5432", "5671", "4318"},
        }
        found = {name: set(self.rules(render, name, "egress", *named)) for name in expected}
        assert found == expected

    def test_listeners_and_pumps_are_called_by_prometheus_alone(self, render: Render) -> None:
        for component in ("listen", "pump"):
            assert set(self.rules(render, f"intake-{component}", "ingress")) == {"metrics"}
        assert not self.rules(render, "intake-migrate", "ingress")

    def test_a_policy_is_there_before_the_job_it_holds(self, render: Render) -> None:
        hooks = {
            each["kind"]: int(each["metadata"]["annotations"]["helm.sh/hook-weight"])
            for each in render("hotline")
            if each["metadata"]["name"] == "hotline-sla-migrate"
        }
        assert hooks["NetworkPolicy"] < hooks["Job"]

    def test_nobody_comes_in_from_outside_unless_told(self, render: Render) -> None:
        assert "grpc" not in self.rules(render, "intake-serve", "ingress")
        assert "grpc" in self.rules(render, "intake-serve", "ingress", *WAYS_IN["gateway"])


class TestMigration:
    def test_needs_nothing_that_the_release_makes(self, render: Render) -> None:
        for name, pod in pods(render("hotline", *WAYS_IN["issuer"])):
            if name.endswith("-migrate"):
                secrets = {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
                assert secrets == {"hotline-postgres-ca", "hotline-rabbitmq-tls"}
                assert "serviceAccountName" not in pod
                assert "priorityClassName" not in pod

    def test_runs_before_every_install_and_upgrade(self, render: Render) -> None:
        for job in of_kind(render("hotline"), "Job").values():
            assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
            assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["migrate", "pre"]

    def test_of_the_second_phase_waits_for_a_person(self, render: Render) -> None:
        jobs = of_kind(render("hotline"), "CronJob")
        assert set(jobs) == {f"hotline-{service}-migrate-post" for service in SERVICES}
        for job in jobs.values():
            assert job["spec"]["suspend"] is True
            pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
            assert pod["containers"][0]["args"] == ["migrate", "post"]


class TestScaling:
    def test_leaves_the_number_of_pods_to_who_decides_it(self, render: Render) -> None:
        city = render("hotline", *PROFILES["city"])
        deployments = of_kind(city, "Deployment")
        assert "replicas" not in deployments["hotline-intake-serve"]["spec"]
        assert "replicas" not in deployments["hotline-intake-pump"]["spec"]
        assert deployments["hotline-intake-listen"]["spec"]["replicas"] == 2
        hpa = of_kind(city, "HorizontalPodAutoscaler")["hotline-intake-serve"]["spec"]
        assert (hpa["minReplicas"], hpa["maxReplicas"]) == (3, 8)
        keda = of_kind(city, "ScaledObject")["hotline-intake-pump"]["spec"]
        assert (keda["minReplicaCount"], keda["maxReplicaCount"]) == (2, 4)

    def test_does_without_keda_where_there_is_none(self, helm: Tool) -> None:
        answer = helm("template", "hotline", "hotline", *PROFILES["city"])
        manifests = [each for each in yaml.safe_load_all(answer.stdout) if each]
        assert not of_kind(manifests, "ScaledObject") | of_kind(manifests, "PodMonitor")
        assert of_kind(manifests, "Deployment")["hotline-intake-pump"]["spec"]["replicas"] == 2

    def test_asks_for_a_series_that_the_pumps_export(self, render: Render) -> None:
        keda = of_kind(render("hotline", *PROFILES["city"]), "ScaledObject")["hotline-intake-pump"]["spec"]
        query = keda["triggers"][0]["metadata"]["query"]
        assert next(iter(telemetry.INBOX_OPEN.describe())).name in query
        assert {"service", "source"} == set(telemetry.INBOX_OPEN._labelnames)


class TestCertificates:
    def test_name_the_service_to_other_services_and_to_clients(self, render: Render) -> None:
        made = of_kind(render("hotline", *WAYS_IN["issuer"]), "Certificate")["hotline-intake"]["spec"]
        assert made["uris"] == ["spiffe://hotline/service/intake"]
        assert {"hotline-intake", "intake.hotline.example.gov.cn"} <= set(made["dnsNames"])
        assert made["secretName"] == "hotline-intake-tls"

    def test_of_the_training_tenant_are_of_another_domain(self, render: Render) -> None:
        training = ("--set", "global.mode=training", "--set", "global.oidc.audience=hotline-training")
        made = of_kind(render("hotline", *WAYS_IN["issuer"], *training), "Certificate")["hotline-intake"]["spec"]
        assert made["uris"] == ["spiffe://hotline-training/service/intake"]

    def test_are_given_where_no_issuer_is_named(self, render: Render) -> None:
        assert not of_kind(render("hotline"), "Certificate")
