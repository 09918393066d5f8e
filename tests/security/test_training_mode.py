"""Practice and the real system refuse each other, both ways, at every border (Art. 37, docs/adr/0031)."""

import json
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.operations.v1 import delivery_service_pb2 as delivery
from hotline_cli.client import Hotline, new_request_id
from hotline_cli.local import pki
from hotline_cli.local.endpoints import Endpoints
from hotline_cli.local.instance import Instance
from hotline_kernel import migrate, rpc_client, schema, topology
from hotline_kernel.errors import HotlineError, Unauthenticated
from hotline_kernel.settings import Settings

from tests.support.tenant import Stranger, training_tenant
from tests.support.workers import run_directory

_RUN = run_directory("security")
_INTAKE = intake.DESCRIPTOR.services_by_name["IntakeService"]
_DOMAINS = {"real": "hotline", "training": "hotline-training"}


@pytest.fixture(scope="module")
def tenant(servers: Endpoints) -> Iterator[Instance]:
    """A training tenant beside the platform."""
    with training_tenant(_RUN, servers, start=datetime(2026, 3, 2, tzinfo=UTC)) as instance:
        yield instance


@pytest.fixture(params=["real", "training"])
def border(request: pytest.FixtureRequest, platform: Instance, tenant: Instance) -> tuple[str, Instance, Instance]:
    """The mode of who is attacked, who that is, and the other one, from which it comes."""
    return (request.param, platform, tenant) if request.param == "real" else (request.param, tenant, platform)


def test_tokens_of_the_other_mode_are_refused(border: tuple[str, Instance, Instance]) -> None:
    _, attacked, other = border
    for platform, welcome in ((Stranger(attacked.running, other.running), False), (attacked.running, True)):
        connection = Hotline(platform)
        ask = connection.person("auditor").intake.ListAppeals
        if welcome:
            ask(intake.ListAppealsRequest())
        else:
            with pytest.raises(Unauthenticated):
                ask(intake.ListAppealsRequest())
        connection.close()


@pytest.mark.parametrize("mode", ["real", "training"])
def test_services_of_the_other_mode_are_nobody_even_by_the_same_authority(
    border: tuple[str, Instance, Instance], mode: str, tmp_path: Path
) -> None:
    attacked_mode, attacked, _ = border
    for file in ("ca.key", "ca.crt"):
        shutil.copy(attacked.directory / "tls" / file, tmp_path / file)
    certificate, key = pki.Authority(tmp_path, trust_domain=_DOMAINS[mode]).certify("dispatch")
    running = attacked.running
    with (
        rpc_client.channel(
            running.internal_address("intake"), ca=running.ca, certificate=certificate, key=key
        ) as channel,
        pytest.raises(HotlineError) as refusal,
    ):
        rpc_client.Client(channel, _INTAKE).call("GetReferral", intake.GetReferralRequest(name=f"appeals/{uuid4()}"))
    assert refusal.value.reason == ("NOT_FOUND" if mode == attacked_mode else "UNAUTHENTICATED")


def test_events_of_the_other_mode_are_dead_on_arrival_and_hold_nobody_back(
    border: tuple[str, Instance, Instance],
) -> None:
    mode, attacked, _ = border
    foreign = next(each for each in _DOMAINS if each != mode)
    event = uuid4()
    headers = {
        "id": str(event),
        "type": "hotline.sla.events.v1.Unknown",
        "source": "sla",
        "subject": f"deadlines/{uuid4()}",
        "time": "2026-05-08T01:00:00+00:00",
        "sequence": 1,
        "mode": foreign,
    }
    with topology.connected(attacked.broker_url) as broker:
        message = broker.default_channel.prepare_message(
            json.dumps({}), content_type="application/json", content_encoding="utf-8", headers=headers
        )
        broker.default_channel.basic_publish(message, "", topology.queue_name("sla", "intake"))
    with psycopg.connect(attacked.database_url("intake"), autocommit=True) as books:

        def found() -> list[tuple[int, str, str, int, str]]:
            return books.execute(
                "SELECT position, state, aggregate, sequence, error FROM inbox WHERE event_id = %s", [event]
            ).fetchall()

        give_up = time.monotonic() + 60
        while not found():
            assert time.monotonic() < give_up
            time.sleep(0.05)  # between two looks
        [(position, state, aggregate, sequence, error)] = found()
    assert (state, aggregate, sequence) == ("dead", "", 0)
    assert foreign in error
    engineer = Hotline(attacked.running)
    engineer.person("engineer").delivery["intake"].DropEvent(
        delivery.DropEventRequest(position=position, reason="演练环境的事件", request_id=new_request_id())
    )
    engineer.close()


def test_databases_of_the_other_mode_are_not_touched(border: tuple[str, Instance, Instance]) -> None:
    mode, attacked, _ = border
    foreign = next(each for each in _DOMAINS if each != mode)
    settings = Settings.model_validate(
        {
            "service": "intake",
            "environment": "local",
            "mode": foreign,
            "oidc_audience": _DOMAINS[foreign],
            "database_url": attacked.database_url("intake"),
            "broker_url": attacked.broker_url,
        }
    )
    with pytest.raises(schema.OtherMode):
        schema.check(settings=settings, package="hotline_intake")
    for phase in ("pre", "post"):
        with pytest.raises(schema.OtherMode):
            migrate.run(settings=settings, package="hotline_intake", phase=phase)
