"""The chart of databases and broker, as the real helm renders it; its kinds belong to operators."""

import subprocess

import pytest
from hotline_kernel import telemetry, topology
from hotline_kernel.settings import Settings

from tests.deploy.conftest import ROOT, Render, Tool
from tests.deploy.test_chart import KUBERNETES, PROFILES, SERVICES, check, of_kind, pods
from tests.deploy.test_values import schema, undescribed, values

BACKED_UP = ("--set", "postgres.backup.destination=s3://backups/hotline")
RESTORED = (*BACKED_UP, "--set", "postgres.restore.server=hotline-postgres,postgres.backup.server=hotline-postgres-2")
WHOLE = (
    *(*RESTORED, "--set", "postgres.restore.until=2026-10-08T01:00:00Z"),
    *("--set", "rabbitmq.tls.issuer.name=hotline", "--set", "rabbitmq.counties.from={10.13.0.0/16}"),
)


class TestData:
    def test_lints(self, helm: Tool) -> None:
        answer = helm("lint", "--strict", "hotline-data")
        assert answer.returncode == 0, answer.stdout + answer.stderr

    @pytest.mark.parametrize("version", KUBERNETES)
    def test_every_manifest_is_valid(self, render: Render, version: str) -> None:
        for manifest in [*render("hotline-data", *WHOLE), *render("hotline-data")]:
            check(manifest, version)

    def test_has_a_database_and_a_role_for_each_service(self, render: Render) -> None:
        data = render("hotline-data")
        databases = {each["spec"]["name"]: each["spec"]["owner"] for each in of_kind(data, "Database").values()}
        assert databases == {service: service for service in SERVICES}
        roles = of_kind(data, "Cluster")["hotline-postgres"]["spec"]["managed"]["roles"]
        assert {role["name"] for role in roles} == set(SERVICES)

    def test_makes_what_the_hotline_asks_for(self, render: Render) -> None:
        made = {f"{name}-default-user" for name in of_kind(render("hotline-data"), "RabbitmqCluster")}
        made |= {f"{name}-ca" for name in of_kind(render("hotline-data"), "Cluster")}
        for each in of_kind(render("hotline-data"), "RabbitmqCluster").values():
            made.add(each["spec"]["tls"]["secretName"])
        given = {
            role["passwordSecret"]["name"]
            for each in of_kind(render("hotline-data"), "Cluster").values()
            for role in each["spec"]["managed"]["roles"]
        }
        asked = set()
        for name, pod in pods(render("hotline")):
            if name.endswith("-migrate"):
                asked |= {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
                for each in pod["containers"][0]["env"]:
                    if "valueFrom" in each:
                        asked.add(each["valueFrom"]["secretKeyRef"]["name"])
        assert asked == made | given

    def test_lets_in_whom_the_hotline_sends_and_nobody_unnamed(self, render: Render) -> None:
        policies = of_kind(render("hotline-data", *WHOLE), "NetworkPolicy")
        for name in ("hotline-postgres", "hotline-rabbitmq"):
            for rule in policies[name]["spec"]["ingress"]:
                assert rule["from"], name
                assert rule["ports"], name
        asked = values("hotline/values.yaml")["global"]["network"]
        for name, peer in (("hotline-postgres", asked["database"]), ("hotline-rabbitmq", asked["broker"])):
            selector = policies[name]["spec"]["podSelector"]
            assert peer["to"] == [{"podSelector": selector}]
            assert policies[name]["spec"]["ingress"][0]["ports"][0]["port"] == peer["ports"][0]

    def test_loses_no_commit_with_a_node(self, render: Render) -> None:
        cluster = of_kind(render("hotline-data"), "Cluster")["hotline-postgres"]["spec"]
        assert cluster["postgresql"]["synchronous"] == {"method": "any", "number": 1, "dataDurability": "required"}
        assert cluster["affinity"]["podAntiAffinityType"] == "required"
        assert of_kind(render("hotline-data"), "RabbitmqCluster")["hotline-rabbitmq"]["spec"]["replicas"] == 3
        assert topology.QUEUE_ARGUMENTS == {"x-queue-type": "quorum"}

    @pytest.mark.parametrize(
        ("apart", "label"), [("node", "kubernetes.io/hostname"), ("zone", "topology.kubernetes.io/zone")]
    )
    def test_stands_apart_so_that_a_node_or_a_zone_may_be_lost(self, render: Render, apart: str, label: str) -> None:
        data = render("hotline-data", "--set", f"apart={apart}")
        assert of_kind(data, "Cluster")["hotline-postgres"]["spec"]["affinity"]["topologyKey"] == label
        broker = of_kind(data, "RabbitmqCluster")["hotline-rabbitmq"]["spec"]["affinity"]["podAntiAffinity"]
        [rule] = broker["requiredDuringSchedulingIgnoredDuringExecution"]
        assert rule["topologyKey"] == label

    def test_has_connections_for_a_city_at_its_most(self, render: Render) -> None:
        city = render("hotline", *PROFILES["city"])
        most = {name: each["spec"].get("replicas") for name, each in of_kind(city, "Deployment").items()}
        most |= {name: each["spec"]["maxReplicas"] for name, each in of_kind(city, "HorizontalPodAutoscaler").items()}
        most |= {name: each["spec"]["maxReplicaCount"] for name, each in of_kind(city, "ScaledObject").items()}
        pool = Settings.model_fields["pool_size"].default
        # Besides the pool: who wakes the relay; in a pump also relay and bell.
        each_has = {"serve": pool + 1, "pump": pool + 3, "listen": 1}
        wanted = sum(pods * each_has[name.rpartition("-")[2]] for name, pods in most.items())
        parameters = values("hotline-data/values.yaml")["postgres"]["parameters"]
        assert wanted < int(parameters["max_connections"]) - 50

    def test_stands_on_one_node_where_there_is_one(self, render: Render) -> None:
        small = render("hotline-data", "--set", "postgres.instances=1,rabbitmq.replicas=1")
        cluster = of_kind(small, "Cluster")["hotline-postgres"]["spec"]
        assert "synchronous" not in cluster["postgresql"]
        assert "affinity" not in of_kind(small, "RabbitmqCluster")["hotline-rabbitmq"]["spec"]
        assert not of_kind(small, "PodDisruptionBudget")

    def test_is_backed_up_where_told_and_says_where_it_is_not(self, helm: Tool, render: Render) -> None:
        assert not of_kind(render("hotline-data"), "ScheduledBackup")
        cluster = of_kind(render("hotline-data", *BACKED_UP), "Cluster")["hotline-postgres"]["spec"]
        assert cluster["backup"]["barmanObjectStore"]["destinationPath"] == "s3://backups/hotline"
        backup = of_kind(render("hotline-data", *BACKED_UP), "ScheduledBackup")["hotline-postgres"]["spec"]
        assert (backup["cluster"]["name"], backup["immediate"]) == ("hotline-postgres", True)
        notes = helm("install", "hotline-data", "hotline-data", "--dry-run=client").stdout
        assert "NOTHING IS BACKED UP" in notes

    def test_tells_the_age_of_its_backups_as_the_alerts_ask_for_it(self, render: Render) -> None:
        rule = of_kind(render("hotline-data", *BACKED_UP), "PrometheusRule")["hotline-backups"]
        recorded = rule["spec"]["groups"][0]["rules"]
        assert {each["record"] for each in recorded} == {next(iter(telemetry.BACKUP_AGE_SECONDS.describe())).name}
        assert {each["labels"]["service"] for each in recorded} == set(SERVICES)
        assert not of_kind(render("hotline-data"), "PrometheusRule")

    def test_is_restored_to_a_moment(self, render: Render) -> None:
        cluster = of_kind(render("hotline-data", *WHOLE), "Cluster")["hotline-postgres"]["spec"]
        recovery = cluster["bootstrap"]["recovery"]
        assert recovery["recoveryTarget"] == {"targetTime": "2026-10-08T01:00:00Z"}
        source = next(each for each in cluster["externalClusters"] if each["name"] == recovery["source"])
        assert source["barmanObjectStore"]["serverName"] == "hotline-postgres"
        assert cluster["backup"]["barmanObjectStore"]["serverName"] == "hotline-postgres-2"

    def test_is_never_restored_over_its_own_backups(self, helm: Tool) -> None:
        restored = ("--set", "postgres.restore.server=hotline-postgres")
        answer = helm("template", "d", "hotline-data", *BACKED_UP, *restored)
        assert answer.returncode != 0
        assert "name another postgres.backup.server" in answer.stderr

    @pytest.mark.parametrize(
        ("line", "running"), [("none", set()), ("stopped", {"serve"})], ids=["nothing", "serve-alone"]
    )
    def test_is_restored_while_nothing_runs_and_then_serve_alone(
        self, render: Render, line: str, running: set[str]
    ) -> None:
        """By the lines that docs/how-to/restore.md has for it."""
        page = (ROOT / "docs" / "how-to" / "restore.md").read_text()
        [script] = [each for each in page.splitlines() if each.startswith(f"{line}=$(")]
        done = subprocess.run(
            ["sh", "-c", f'{script}; printf %s "${{{line}%,}}"'], capture_output=True, text=True, check=True
        )
        hotline = render("hotline", *PROFILES["city"], "--set", done.stdout)
        scaled = {name.rpartition("-")[2] for name in of_kind(hotline, "HorizontalPodAutoscaler")}
        assert scaled <= running
        assert not of_kind(hotline, "ScaledObject")
        for name, each in of_kind(hotline, "Deployment").items():
            kind = name.rpartition("-")[2]
            assert kind in running or each["spec"]["replicas"] == 0, name

    def test_outlives_its_release(self, render: Render) -> None:
        data = render("hotline-data")
        for kind in ("Cluster", "Database", "RabbitmqCluster"):
            for each in of_kind(data, kind).values():
                assert each["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"

    def test_shows_every_key_that_there_is(self) -> None:
        assert undescribed(values("hotline-data/values.yaml"), schema("hotline-data")) == []

    @pytest.mark.parametrize(
        ("wrong", "named"),
        [
            ("postgres.instnaces=3", "instnaces"),
            ("postgres.storage.size=200", "/postgres/storage/size"),
            ("rabbitmq.replicas=2", "/rabbitmq/replicas"),
            ("postgres.backup.destination=/mnt/backups", "/postgres/backup/destination"),
            ("postgres.backup.schedule=30 2 * * *", "/postgres/backup/schedule"),
            ("postgres.restore.until=yesterday", "/postgres/restore/until"),
            ("rabbitmq.counties.from={anywhere}", "/rabbitmq/counties/from"),
            ("services={insight}", "/services"),
        ],
    )
    def test_a_wrong_value_is_refused_by_name(self, helm: Tool, wrong: str, named: str) -> None:
        answer = helm("template", "d", "hotline-data", "--set", wrong)
        assert answer.returncode != 0
        assert named in answer.stderr
