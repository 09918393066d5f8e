"""A training tenant beside a platform: on the same servers, with nothing else of it (Art. 37, docs/adr/0031)."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hotline_cli.client import SERVICES
from hotline_cli.local.endpoints import Endpoints
from hotline_cli.local.instance import NO_RATE_LIMIT, Instance
from hotline_cli.local.running import Running


@contextmanager
def training_tenant(directory: Path, servers: Endpoints, *, start: datetime) -> Iterator[Instance]:
    """Only intake runs: what a person does at an intake or review seat happens there."""
    instance = Instance(
        directory=directory,
        servers=servers,
        name=f"training_{secrets.token_hex(4)}",
        clock="virtual",
        start=start,
        settings=NO_RATE_LIMIT,
        mode="training",
        services=["intake"],
    )
    try:
        instance.prepare()
        instance.start()
        yield instance
    finally:
        instance.destroy()


@dataclass(frozen=True)
class Stranger:
    """A platform as somebody meets it who brings the tokens of another one."""

    met: Running
    own: Running

    @property
    def ca(self) -> Path:
        """Of whom is met."""
        return self.met.ca

    def address(self, service: str) -> str:
        """Of whom is met."""
        return self.met.address(service)

    def token(self, *, roles: list[str], unit: str = "", region: str = "", subject: str = "") -> str:
        """Their own."""
        return self.own.token(roles=roles, unit=unit, region=region, subject=subject)


def environment(running: Running, *, prefix: str, role: str) -> dict[str, str]:
    """By which the command `hotline` finds a platform elsewhere."""
    addresses = {f"{prefix}{service.upper()}": running.address(service) for service in SERVICES}
    return {f"{prefix}TOKEN": running.token(roles=[role]), f"{prefix}CA": str(running.ca), **addresses}
