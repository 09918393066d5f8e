"""Starts the platform from the sources on PYTHONPATH and lives one life in it, or leaves it to others.

Usage: life.py DIRECTORY POSTGRES_URL AMQP_URL MANAGEMENT_URL
           lives, and prints {"code": path, "states": […]}: where every appeal stands
       life.py DIRECTORY POSTGRES_URL AMQP_URL MANAGEMENT_URL ISSUER SECRET
           prints {"code": path} when all work, and stops in order when its input ends

With the sources of another release it is run as that release would be: nothing here is newer than the first one.
"""

import json
import os
import sys
from dataclasses import replace
from datetime import datetime
from inspect import signature
from pathlib import Path

import hotline_intake
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline_cli.client import Hotline
from hotline_cli.local.endpoints import Endpoints
from hotline_cli.local.instance import NO_RATE_LIMIT, Instance
from hotline_cli.local.running import Running
from hotline_cli.local.seed import seed_city
from hotline_kernel.calendar import ZONE

from tests.e2e.one_life import CALLS, live, new_traceparent
from tests.support.live import LiveHotline


class FromSources(Instance):
    """Its processes have their code from where we have ours."""

    def environment(self, service: str, kind: str) -> dict[str, str]:
        """With our path."""
        return super().environment(service, kind) | {"PYTHONPATH": os.environ["PYTHONPATH"]}

    def prepare_schema(self) -> None:
        """What *post* takes away, the release before still needs; that one knows no phases here."""
        if "phases" in signature(self.prepare).parameters:
            self.prepare(phases=("pre",))
        else:
            self.prepare()


class UnderIssuer(FromSources):
    """Takes tokens of an issuer that outlives it."""

    issuer = ("", "")

    def environment(self, service: str, kind: str) -> dict[str, str]:
        """With that issuer."""
        return super().environment(service, kind) | {"HOTLINE_OIDC_ISSUER": self.issuer[0]}

    @property
    def running(self) -> Running:
        """With that issuer."""
        return replace(super().running, issuer=self.issuer[0], issuer_secret=self.issuer[1])


def main(directory: str, postgres_url: str, amqp_url: str, management_url: str, *issuer: str) -> None:
    """Seeds a city if there is none yet, and lives or waits."""
    is_new = not Path(directory, "rolled").exists()
    servers = Endpoints(postgres_url=postgres_url, amqp_url=amqp_url, management_url=management_url)
    if issuer:
        wait(Path(directory), servers, issuer=(issuer[0], issuer[1]), is_new=is_new)
        return
    instance = FromSources(
        directory=Path(directory),
        servers=servers,
        name="rolled",
        clock="virtual",
        start=datetime(2026, 3, 2, 9, 0, tzinfo=ZONE),
        settings=NO_RATE_LIMIT,
    )
    instance.prepare_schema()
    try:
        instance.start()
        hotline = LiveHotline(instance)
        if is_new:
            seed_city(hotline)
        live(hotline, {call: new_traceparent() for call in CALLS})
        appeals = hotline.person("operator").intake.ListAppeals(intake.ListAppealsRequest()).appeals
        print(json.dumps({"code": hotline_intake.__file__, "states": [appeal.state for appeal in appeals]}))
        hotline.close()
    finally:
        instance.stop()


def wait(directory: Path, servers: Endpoints, *, issuer: tuple[str, str], is_new: bool) -> None:
    """Works until the input ends."""
    instance = UnderIssuer(directory=directory, servers=servers, name="rolled", settings=NO_RATE_LIMIT)
    instance.issuer = issuer
    instance.prepare_schema()
    try:
        instance.start()
        if is_new:
            hotline = Hotline(instance.running)
            seed_city(hotline)
            hotline.close()
        print(json.dumps({"code": hotline_intake.__file__}), flush=True)
        sys.stdin.read()
    finally:
        instance.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
