"""A city, and counties on databases of their own."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hotline_cli.local.endpoints import Endpoints
from hotline_cli.local.pki import Authority
from hotline_dispatch import bootstrap
from hotline_dispatch.settings import Settings
from hotline_kernel import migrate, sealing
from hotline_kernel.sealed_box import SealingKeys

from tests.integration.dispatch.conftest import Dispatch
from tests.integration.dispatch.counties.lines import Line, enrol, enter


@pytest.fixture(scope="module")
def county_urls(servers: Endpoints) -> Iterator[list[str]]:
    """Two migrated databases of counties."""
    names = [f"test_county_{secrets.token_hex(6)}" for _ in range(2)]
    for name in names:
        servers.create_database(name)
        environ = {"HOTLINE_DATABASE_URL": servers.database_url(name), "HOTLINE_BROKER_URL": "amqp://nowhere"}
        settings = Settings.load(service="dispatch", environ=environ)
        migrate.run(settings=settings, package="hotline_dispatch", phase="pre")
    yield [servers.database_url(name) for name in names]
    for name in names:
        servers.drop_database(name)


@pytest.fixture
def new_county(
    dispatch: Dispatch, county_urls: list[str], authority: Authority, tmp_path: Path
) -> Iterator[Callable[[str], Line]]:
    """Makes a county on an emptied database and enrols it; the city and its counties share one clock."""
    urls = list(county_urls)
    running: list[Dispatch] = []

    def make(name: str) -> Line:
        keys = tmp_path / f"{name}.keys"
        keys.write_text(sealing.new_key_line(key_id=name))
        keys.chmod(0o600)
        certificate, key = authority.certify("dispatch")
        environ = {
            "HOTLINE_ENVIRONMENT": "local",
            "HOTLINE_PROFILE": "county",
            "HOTLINE_DATABASE_URL": urls.pop(),
            "HOTLINE_BROKER_URL": "amqp://nowhere",
            "HOTLINE_CLOCK": f"virtual:{tmp_path / 'clock'}",
            "HOTLINE_TLS_CA": str(authority.certificate),
            "HOTLINE_TLS_CERTIFICATE": str(certificate),
            "HOTLINE_TLS_KEY": str(key),
            "HOTLINE_VAULT_KEY": str(keys),
            "HOTLINE_COUNTY_KEY": str(keys),
        }
        built = bootstrap.build(Settings.load(service="dispatch", environ=environ))
        built.database.open()
        county = Dispatch(
            application=built, clock=dispatch.clock, intake=dispatch.intake, intake_server=dispatch.intake_server
        )
        running.append(county)
        with built.database.transaction() as tx:
            tx.run("TRUNCATE work_order, work_order_unit, work_order_change, unit, unit_version, lead_count")
            tx.run("TRUNCATE outbox, outbox_sequence, request")
            tx.run("TRUNCATE county, county_line, errand, errand_change, county_message")
        for bureau in ("housing", "water-bureau"):
            enter(county, bureau, "局长")
        enter(dispatch, name, "县长")
        enrol(dispatch, county, name, SealingKeys(keys))
        return Line(dispatch, county, name)

    yield make
    for county in running:
        county.application.database.close()


@pytest.fixture
def line(new_county: Callable[[str], Line]) -> Line:
    """A city and a county."""
    return new_county("xinji")
