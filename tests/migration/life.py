"""Starts the platform from the sources on PYTHONPATH, lives one life in it, and tells where every appeal stands.

Usage: life.py DIRECTORY POSTGRES_URL AMQP_URL MANAGEMENT_URL   Prints {"code": path, "states": […]}.

With the sources of another release it is run as that release would be: nothing here is newer than the first one.
"""

import json
import os
import sys
from datetime import datetime
from inspect import signature
from pathlib import Path

import hotline_intake
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline_cli.local.endpoints import Endpoints
from hotline_cli.local.instance import NO_RATE_LIMIT, Instance
from hotline_cli.local.seed import seed_city
from hotline_kernel.calendar import ZONE

from tests.e2e.one_life import CALLS, live, new_traceparent
from tests.support.live import LiveHotline


class FromSources(Instance):
    """Its processes have their code from where we have ours."""

    def environment(self, service: str, kind: str) -> dict[str, str]:
        """With our path."""
        return super().environment(service, kind) | {"PYTHONPATH": os.environ["PYTHONPATH"]}


def main(directory: str, postgres_url: str, amqp_url: str, management_url: str) -> None:
    """Seeds a city if there is none yet, and lives."""
    is_new = not Path(directory, "rolled").exists()
    instance = FromSources(
        directory=Path(directory),
        servers=Endpoints(postgres_url=postgres_url, amqp_url=amqp_url, management_url=management_url),
        name="rolled",
        clock="virtual",
        start=datetime(2026, 3, 2, 9, 0, tzinfo=ZONE),
        settings=NO_RATE_LIMIT,
    )
    # What *post* takes away, the release before still needs; that one knows no phases here.
    if "phases" in signature(instance.prepare).parameters:
        instance.prepare(phases=("pre",))
    else:
        instance.prepare()
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


if __name__ == "__main__":
    main(*sys.argv[1:])
