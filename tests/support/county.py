"""A county's own system as real processes, with a broker of its own, joined to a city by a line that can be cut."""

import base64
import json
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from hotline.dispatch.v1 import county_service_pb2 as counties
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline_cli.client import Hotline, new_request_id, pages
from hotline_cli.local.endpoints import Endpoints
from hotline_cli.local.instance import NO_RATE_LIMIT, Instance
from hotline_cli.local.running import COUNTY_KEYS
from hotline_cli.local.servers import RabbitMq, free_port
from hotline_cli.main import app
from hotline_kernel.errors import HotlineError, Unavailable
from hotline_kernel.sealed_box import SealingKeys
from typer.testing import CliRunner

from tests.support.link import Link
from tests.support.lives import registration, result_of

_PASSWORD = "of-a-test"
BUREAU = "units/housing-bureau"


def hotline(*arguments: str, env: dict[str, str]) -> dict[str, Any]:
    """What a `hotline … -o json` says; the command succeeds."""
    done = CliRunner().invoke(app, [*arguments, "-o", "json"], env=env)
    structlog.reset_defaults()  # the command logs to a stream that is closed now
    assert done.exit_code == 0, (arguments, done.output, done.exception)
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def environment(instance: Instance, prefix: str, *services: str) -> dict[str, str]:
    """What an engineer sets who speaks to a system elsewhere."""
    running = instance.running
    return {
        f"{prefix}TOKEN": running.token(roles=["engineer"]),
        f"{prefix}CA": str(running.ca),
        "HOTLINE_BROKER_MANAGEMENT": running.management,
        **{f"{prefix}{service.upper()}": running.address(service) for service in services},
    }


class RealCounty:
    """Six processes and a broker; start, enrol, and the line between."""

    def __init__(
        self, *, city: Instance, servers: Endpoints, name: str, directory: Path, start: datetime | None = None
    ) -> None:
        """servers -- whose PostgreSQL the county's databases are in; its broker is another.

        start -- where a virtual clock of its own begins; without, it lives by the machine's.
        """
        self.name = name
        self.unit = f"units/{name}"
        self.city = city
        self._files = directory / f"{name}_{city.name}_files"
        self._files.mkdir(parents=True, exist_ok=True)
        ports: dict[str, int] = {}
        for use in ("amqp", "management", "distribution", "epmd"):
            ports[use] = free_port(frozenset(ports.values()))
        self.rabbitmq = RabbitMq(self._files, ports, _PASSWORD)
        amqp, management = self.rabbitmq.endpoints
        self.instance = Instance(
            directory=directory,
            servers=Endpoints(postgres_url=servers.postgres_url, amqp_url=amqp, management_url=management),
            name=f"{name}_{city.name}",
            clock="virtual" if start else "system",
            start=start,
            settings=NO_RATE_LIMIT | {"trace_file": ""},
            profile="county",
        )
        there = urlsplit(city.broker_url)
        self.link = Link(f"{there.hostname}:{there.port}")
        self._connection: Hotline | None = None

    @property
    def connection(self) -> Hotline:
        """To the county's services."""
        if self._connection is None:
            self._connection = Hotline(self.instance.running)
        return self._connection

    @property
    def keys(self) -> SealingKeys:
        return SealingKeys(self.instance.directory / COUNTY_KEYS)

    @property
    def credentials(self) -> dict[str, str]:
        """Of the county on the city's broker, as its answer file holds them."""
        sealed = base64.b64decode(json.loads(self.answer.read_text())["sealed_credentials"])
        found: dict[str, str] = json.loads(self.keys.open(sealed=sealed, place=f"counties/{self.name}/credentials"))
        return found

    @property
    def answer(self) -> Path:
        return self._files / "answer.json"

    def prepare(self) -> None:
        """Its broker runs, and its schemas are there; one county after the other, as migrations are."""
        self.rabbitmq.start()
        self.instance.prepare()

    def start(self) -> None:
        """Its processes run; nothing is joined."""
        self.instance.start()
        office = self.connection.person("office").dispatch
        bureau = work_order_pb2.Unit(name=BUREAU, display_name="住建局", region="130181", principal="张局长")
        bureau.kind = work_order_pb2.UNIT_KIND_DEPARTMENT
        office.CreateUnit(dispatch.CreateUnitRequest(unit=bureau, request_id=new_request_id()))

    def enrol(self, city: Hotline) -> None:
        """One step: request, answer, join; by the commands that people use."""
        county = work_order_pb2.Unit(name=self.unit, display_name=self.name, region="130181", principal="李县长")
        county.kind = work_order_pb2.UNIT_KIND_COUNTY
        city.person("office").dispatch.CreateUnit(dispatch.CreateUnitRequest(unit=county, request_id=new_request_id()))
        keys = str(self.instance.directory / COUNTY_KEYS)
        request, answer = str(self._files / "request.json"), str(self.answer)
        hotline("county", "request", self.name, "--key-file", keys, "--out", request, env={})
        enrolled = self.at_city(
            "enrol", request, "--unit", self.unit, "--address", self.link.address, "--out", answer, on_broker=True
        )
        self.join(keys, answer, enrolled["city_fingerprint"])

    def join(self, keys: str, answer: str, fingerprint: str) -> None:
        """The county takes the answer in."""
        env = environment(self.instance, "HOTLINE_COUNTY_", "dispatch", "sla")
        where = ["--key-file", keys, "--vhost", self.instance.name, "--fingerprint", fingerprint]
        hotline("--county", self.name, "county", "join", answer, *where, env=env)

    def at_city(self, *arguments: str, on_broker: bool = False) -> dict[str, Any]:
        """A `hotline county …` at the city."""
        services = ("intake", "dispatch", "sla", "feedback", "knowledge")
        where = ["--vhost", self.city.name] if on_broker else []
        return hotline("county", *arguments, *where, env=environment(self.city, "HOTLINE_", *services))

    def destroy(self) -> None:
        """Nothing of it is left."""
        if self._connection is not None:
            self._connection.close()
        self.link.close()
        with suppress(Exception):
            self.instance.destroy()
        self.rabbitmq.kill()
        self.rabbitmq.stop()  # the port mapper beside it
        shutil.rmtree(self._files)


class Clerks:
    """Work off a county's orders until told to stop: to a bureau, first contact, result; a tenth is handed back."""

    def __init__(self, county: RealCounty, *, contacts: bool = True) -> None:
        self._county = county
        self._contacts = contacts
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"clerks of {county.name}")
        self.errors: list[BaseException] = []

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        """Raises what they ran into."""
        self._stop.set()
        self._thread.join()
        if self.errors:
            raise self.errors[0]

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                if not self._round():
                    self._stop.wait(0.1)
        except BaseException as error:  # noqa: BLE001  (told to the test in `finish`)
            self.errors.append(error)

    def _round(self) -> bool:
        office = self._county.connection.person("office")
        bureau = self._county.connection.person("unit", unit=BUREAU).dispatch
        waiting = self._listed(office.dispatch, work_order_pb2.WORK_ORDER_STATE_AWAITING_LEAD)
        for order in waiting:
            if order.number[-1] == "3" and not order.past_rounds:  # a tenth is none of the county's business
                self._try(
                    office.counties.HandBackWorkOrder,
                    counties.HandBackWorkOrderRequest(
                        name=order.name, reason="属市级职责", request_id=new_request_id()
                    ),
                )
            else:
                self._try(
                    office.dispatch.DispatchWorkOrder,
                    dispatch.DispatchWorkOrderRequest(name=order.name, lead_unit=BUREAU, request_id=new_request_id()),
                )
        working = self._listed(bureau, work_order_pb2.WORK_ORDER_STATE_DISPATCHED)
        for order in working:
            if self._contacts and not order.HasField("first_contact"):
                self._try(
                    bureau.RecordFirstContact,
                    dispatch.RecordFirstContactRequest(name=order.name, note="已联系", request_id=new_request_id()),
                )
            self._try(bureau.ReportResult, result_of(order.name))
        return bool(waiting or working)

    @staticmethod
    def _listed(who: Any, state: "work_order_pb2.WorkOrderState.ValueType") -> Sequence[work_order_pb2.WorkOrder]:
        try:
            listed: dispatch.ListWorkOrdersResponse = who.ListWorkOrders(
                dispatch.ListWorkOrdersRequest(state=state, page_size=200)
            )
        except Unavailable:
            return []
        return listed.work_orders

    @staticmethod
    def _try(call: Callable[[Any], object], request: object) -> None:
        with suppress(HotlineError):  # it was taken back meanwhile, or a process is just being started again
            call(request)


def refer(city: Hotline, number: int, *, unit: str) -> str:
    """An appeal is registered and released for a unit."""
    request = registration(number)
    request.draft.lead_unit = unit
    operator, reviewer = city.person("operator").intake, city.person("reviewer").intake
    appeal: str = insist(operator.RegisterAppeal, request).name
    insist(reviewer.ReleaseDraft, intake.ReleaseDraftRequest(name=appeal, request_id=new_request_id()))
    return appeal


def insist(call: Callable[[Any], Any], request: object) -> Any:
    """Called until it is answered; whoever is just being started again takes a moment."""
    give_up = time.monotonic() + 60
    while True:
        try:
            return call(request)
        except Unavailable:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)


def errands(of: Hotline, county: str = "") -> list[counties.Errand]:
    """Every errand that one side knows."""
    request = counties.ListErrandsRequest(county=f"counties/{county}" if county else "", page_size=1000)
    return [each for page in pages(of.person("office").counties.ListErrands, request) for each in page.errands]
