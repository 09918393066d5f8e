"""Counties with a system of their own: how they join, and how their line stands (Art. 4, 10; ADR 0033-0035)."""

import base64
import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, unquote, urlsplit

import typer
from hotline.dispatch.v1 import county_service_pb2 as pb
from hotline_kernel.sealed_box import SealBroken, SealingKeys, fingerprint, seal
from hotline_kernel.sealing import KeyFileError, new_key_line
from hotline_kernel.timestamps import timestamp

from hotline_cli import session
from hotline_cli.broker import Broker, BrokerError, line_vhost
from hotline_cli.client import new_request_id, pages
from hotline_cli.local.running import COUNTY_KEYS, MAIN, NoInstanceError, Running, county_instance, run_directory
from hotline_cli.output import Format, Output, console, show, show_list
from hotline_cli.session import person

app = typer.Typer(no_args_is_help=True)

County = Annotated[str, typer.Argument(help="the county's short name, for example xinji")]
KeyFile = Annotated[
    Path | None, typer.Option("--key-file", help="the county's keys; by default those of the local run")
]
Management = Annotated[
    str,
    typer.Option(
        "--management",
        envvar="HOTLINE_BROKER_MANAGEMENT",
        help="management API of this side's broker, http(s)://user:secret@host:port; by default the local run's",
    ),
]
VirtualHost = Annotated[str, typer.Option("--vhost", help="this side's virtual host; by default the local run's")]


@app.command()
def request(
    county: County,
    *,
    key_file: KeyFile = None,
    new_key: Annotated[bool, typer.Option("--new-key", help="append a fresh key, which the city is then told")] = False,
    out: Annotated[Path | None, typer.Option(help="where the request goes; by default COUNTY.request.json")] = None,
    output: Output = Format.TEXT,
) -> None:
    """County: make the key pair, if there is none, and the request that the city signs."""
    path = _key_file(key_file, county)
    if new_key or not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with path.open("a") as file:
            file.write(new_key_line(key_id=f"{county}-{secrets.token_hex(4)}"))
    keys = _keys(path)
    name = f"counties/{county}"
    application = b"hotline county application\n" + name.encode() + b"\n" + keys.public_keys
    written = out or Path(f"{county}.request.json")
    content = {"county": name, "public_keys": _text(keys.public_keys), "signature": _text(keys.sign(application))}
    written.write_text(json.dumps(content, indent=2) + "\n")
    show(
        {
            "request": str(written),
            "fingerprint": fingerprint(keys.public_keys),
            "next": f"hotline county enrol {written} --unit units/…   (at the city / 在市级执行)",
        },
        output,
    )


@app.command()
def enrol(
    request: Annotated[Path, typer.Argument(help="the county's request file")],
    *,
    unit: Annotated[str, typer.Option(help="units/… the county in the city's registry")],
    address: Annotated[
        str, typer.Option(help="host:port at which the county reaches the city's broker; by default the local run's")
    ] = "",
    service_user: Annotated[
        str, typer.Option(help="the broker user of the city's dispatch; by default the one of --management")
    ] = "",
    management: Management = "",
    vhost: VirtualHost = "",
    out: Annotated[Path | None, typer.Option(help="where the answer goes; by default COUNTY.answer.json")] = None,
    output: Output = Format.TEXT,
) -> None:
    """City: sign a county's request, make its virtual host, queues and credentials, and write the answer.

    Repeated with the same request it gives the county new credentials; with another key, that key.
    """
    asked = json.loads(request.read_text())
    here = _here(management, vhost)
    broker = Broker(here.management)
    line = line_vhost(here.vhost, asked["county"])
    public_keys = base64.b64decode(asked["public_keys"])
    wanted = pb.EnrolCountyRequest(
        county=asked["county"],
        public_keys=public_keys,
        signature=base64.b64decode(asked["signature"]),
        unit=unit,
        broker=f"{address or here.address}/{line}",
        request_id=new_request_id(),
    )
    with person("engineer") as engineer, _broker_errors():
        enrolled = engineer.counties.EnrolCounty(wanted)
        password = secrets.token_urlsafe(32)
        broker.make_line(vhost=line, user=line, password=password, service_user=service_user or broker.user)
    credentials = json.dumps({"user": line, "password": password}).encode()
    answer = {
        "certificate": _text(enrolled.certificate),
        "signature": _text(enrolled.signature),
        "sealed_credentials": _text(seal(plain=credentials, to=public_keys, place=f"{asked['county']}/credentials")),
    }
    written = out or Path(f"{asked['county'].removeprefix('counties/')}.answer.json")
    written.write_text(json.dumps(answer, indent=2) + "\n")
    show(
        {
            "answer": str(written),
            "county_fingerprint": enrolled.county.county_fingerprint,
            "city_fingerprint": enrolled.county.city_fingerprint,
            "next": f"hotline county join {written} --fingerprint …   (in the county / 在县（市）执行)",
        },
        output,
    )


@app.command()
def rotate(
    request: Annotated[Path, typer.Argument(help="the county's request file, the old one or one with a new key")],
    *,
    address: Annotated[str, typer.Option(help="as with enrol")] = "",
    service_user: Annotated[str, typer.Option(help="as with enrol")] = "",
    management: Management = "",
    vhost: VirtualHost = "",
    out: Annotated[Path | None, typer.Option(help="where the answer goes")] = None,
    output: Output = Format.TEXT,
) -> None:
    """City: give a county new credentials, and its new key if it made one; the line is down until it joins again."""
    name = json.loads(request.read_text())["county"]
    with person("engineer") as engineer:
        known = engineer.counties.GetCounty(pb.GetCountyRequest(name=name))
    enrol(
        request,
        unit=known.unit,
        address=address or known.broker.partition("/")[0],
        service_user=service_user,
        management=management,
        vhost=vhost,
        out=out,
        output=output,
    )


@app.command()
def join(
    answer: Annotated[Path, typer.Argument(help="the city's answer file")],
    *,
    fingerprint: Annotated[str, typer.Option(help="the city's fingerprint, as the city reads it out")],
    key_file: KeyFile = None,
    tls: Annotated[bool, typer.Option(help="the city's broker speaks TLS (amqps)")] = False,
    management: Management = "",
    vhost: VirtualHost = "",
    output: Output = Format.TEXT,
) -> None:
    """County: take in the city's answer and make the shovels that carry the line."""
    said = json.loads(answer.read_text())
    certificate = pb.CountyCertificate.FromString(base64.b64decode(said["certificate"]))
    keys = _keys(_key_file(key_file, certificate.county.removeprefix("counties/")))
    here = _here(management, vhost)
    wanted = pb.JoinCityRequest(
        certificate=base64.b64decode(said["certificate"]),
        signature=base64.b64decode(said["signature"]),
        fingerprint=fingerprint,
        request_id=new_request_id(),
    )
    with person("engineer") as engineer, _broker_errors():
        county = engineer.counties.JoinCity(wanted)
        try:
            sealed = base64.b64decode(said["sealed_credentials"])
            credentials = json.loads(keys.open(sealed=sealed, place=f"{county.name}/credentials"))
        except SealBroken as error:
            raise BrokerError("the credentials are not sealed to our key") from error
        account = f"{quote(credentials['user'], safe='')}:{quote(credentials['password'], safe='')}"
        address, _, far = county.broker.partition("/")
        scheme = "amqps" if tls else "amqp"
        city = f"{scheme}://{account}@{address}/{quote(far, safe='')}?heartbeat=10&connection_timeout=5000"
        broker = Broker(here.management)
        broker.make_ends(here.vhost)
        broker.make_shovels(vhost=here.vhost, city=city)
    show(county, output)


@app.command()
def status(county: Annotated[str, typer.Argument()] = "", output: Output = Format.TEXT) -> None:
    """Show lines: whether they carry, how old their view is, how much waits."""
    with person("engineer") as engineer:
        if county:
            show(engineer.counties.GetCounty(pb.GetCountyRequest(name=f"counties/{county}")), output)
            return
        answers = pages(engineer.counties.ListCounties, pb.ListCountiesRequest(page_size=1000))
        found = [each for answer in answers for each in answer.counties]
    columns = ("name", "display_name", "state", "line_up", "view_age_seconds", "waiting_out", "waiting_in")
    show_list(found, columns, output, empty="no county has joined", more=False)


@app.command()
def suspend(
    county: County, *, management: Management = "", vhost: VirtualHost = "", output: Output = Format.TEXT
) -> None:
    """City: carry nothing for a county, either way; what happens meanwhile waits."""
    name = f"counties/{county}"
    here = _here(management, vhost)
    line = line_vhost(here.vhost, name)
    with person("engineer") as engineer, _broker_errors():
        suspended = engineer.counties.SuspendCounty(pb.SuspendCountyRequest(name=name, request_id=new_request_id()))
        Broker(here.management).shut_line(vhost=line, user=line)
    show(suspended, output)


@app.command()
def resume(
    county: County, *, management: Management = "", vhost: VirtualHost = "", output: Output = Format.TEXT
) -> None:
    """City: carry again, what waited first."""
    name = f"counties/{county}"
    here = _here(management, vhost)
    line = line_vhost(here.vhost, name)
    with person("engineer") as engineer, _broker_errors():
        Broker(here.management).open_line(vhost=line, user=line)
        resumed = engineer.counties.ResumeCounty(pb.ResumeCountyRequest(name=name, request_id=new_request_id()))
    show(resumed, output)


@app.command()
def erasures(county: County, output: Output = Format.TEXT) -> None:
    """City: tell a county again whom it must forget, after it restored a backup (Art. 36(4))."""
    wanted = pb.RepeatErasuresRequest(name=f"counties/{county}", request_id=new_request_id())
    with person("engineer") as engineer:
        show(engineer.counties.RepeatErasures(wanted), output)


@app.command()
def resync(
    county: County,
    *,
    restored_to: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z"], help="the restore's moment, 2026-10-08T01:00:00+08:00")
    ],
    output: Output = Format.TEXT,
) -> None:
    """After a restore of this side: agree with the other again, which sends once more what it keeps."""
    wanted = pb.ResyncCountyRequest(
        name=f"counties/{county}", restored_time=timestamp(restored_to), request_id=new_request_id()
    )
    with person("engineer") as engineer:
        show(engineer.counties.ResyncCounty(wanted), output)


@app.command()
def errands(
    *,
    order: Annotated[str, typer.Option(help="workOrders/… of this side")] = "",
    county: Annotated[str, typer.Option(help="the county's short name")] = "",
    output: Output = Format.TEXT,
) -> None:
    """List orders that counties have or had, and how the other side of each stands."""
    name = f"counties/{county}" if county else ""
    wanted = pb.ListErrandsRequest(work_order=order, county=name, page_size=1000)
    with person("office") as office:
        found = [each for page in pages(office.counties.ListErrands, wanted) for each in page.errands]
    columns = ("work_order", "county", "state", "other_number", "other_state", "contact")
    show_list(found, columns, output, empty="no order went to a county", more=False)


@app.command("hand-back")
def hand_back(
    order: Annotated[str, typer.Argument(help="workOrders/… of the county")],
    reason: Annotated[str, typer.Option(help="why (Art. 22)")],
    output: Output = Format.TEXT,
) -> None:
    """County: give an order back to the city, which decides (Art. 22)."""
    wanted = pb.HandBackWorkOrderRequest(name=order, reason=reason, request_id=new_request_id())
    with person("office") as office:
        show(office.counties.HandBackWorkOrder(wanted), output)


@app.command()
def reveal(
    order: Annotated[str, typer.Argument(help="workOrders/… of the county")],
    purpose: Annotated[str, typer.Option(help="what for; it goes on record (Art. 36(4))")],
    unit: Annotated[str, typer.Option(help="units/… the bureau that leads it; else as the county's office")] = "",
    output: Output = Format.TEXT,
) -> None:
    """County: open who brought it and how to reach them; the read is on record."""
    with person("unit" if unit else "office", unit=unit) as who:
        show(who.counties.RevealContact(pb.RevealContactRequest(name=order, purpose=purpose)), output)


class _Here:
    """This side's broker."""

    def __init__(self, *, management: str, vhost: str, address: str) -> None:
        self.management, self.vhost, self.address = management, vhost, address


def _here(management: str, vhost: str) -> _Here:
    local: Running | None = None
    try:
        name = county_instance(session.county()) if session.county() else MAIN
        local = Running.find(name)
    except NoInstanceError as error:
        if not management or not vhost:
            print("no local run: name --management and --vhost", file=sys.stderr)
            raise typer.Exit(2) from error
    broker = urlsplit(local.broker if local else "")
    return _Here(
        management=management or (local.management if local else ""),
        vhost=vhost or unquote(broker.path.lstrip("/")),
        address=f"{broker.hostname}:{broker.port}",
    )


def _key_file(named: Path | None, county: str) -> Path:
    return named or run_directory() / county_instance(county) / COUNTY_KEYS


def _keys(path: Path) -> SealingKeys:
    try:
        return SealingKeys(path)
    except (OSError, KeyFileError) as error:
        print(f"the keys cannot be read: {error}", file=sys.stderr)
        raise typer.Exit(2) from error


@contextmanager
def _broker_errors() -> Iterator[None]:
    try:
        yield
    except BrokerError as error:
        console.print(str(error))
        raise typer.Exit(1) from error


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
