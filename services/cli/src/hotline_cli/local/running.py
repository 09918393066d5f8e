"""A running instance as its callers see it: where its services are, and tokens from its issuer."""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field, fields
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Self

from hotline_cli.local import city
from hotline_cli.local.pki import write_secret

MAIN = "hotline"
"""Name of the instance that `make run` starts."""
TRAINING = "training"
"""Name of the training tenant that `hotline up --training` starts (Art. 37)."""
COUNTY_KEYS = "county.keys"
"""File of an instance's keys for counties' lines."""
_RENEW_AFTER_SECONDS = 1800.0
_TOKEN_SECONDS = 3600


class NoInstanceError(Exception):
    """No instance runs here; start one with `make run`."""


def county_instance(county: str) -> str:
    """Name of the instance that `hotline up --county NAME` starts."""
    return f"county_{county.replace('-', '_')}"


def run_directory() -> Path:
    """Return where local runs keep everything: `.run` beside the virtual environment of this Python."""
    return Path(sys.prefix).resolve().parent / ".run"


@dataclass(frozen=True)
class Running:
    """What `instance.json` says; its owner alone may read it.

    addresses -- service -> `host:port` for callers with a token;  internal_addresses -- the same for services;
    clock -- as in HOTLINE_CLOCK;  logs -- folder of `<service>.<process>.log`;  trace_file -- spans, one a line;
    broker, management -- the broker's AMQP address and its management API, with credentials.
    """

    name: str
    ca_file: str
    addresses: dict[str, str]
    internal_addresses: dict[str, str]
    issuer: str
    issuer_secret: str = field(repr=False)
    clock: str
    logs: str
    trace_file: str
    broker: str = field(default="", repr=False)
    management: str = field(default="", repr=False)
    _tokens: dict[tuple[str, ...], tuple[float, str]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _lock: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    @classmethod
    def find(cls, name: str = MAIN) -> Self:
        """Return the instance that was started in this checkout; NoInstanceError when there is none."""
        path = run_directory() / name / "instance.json"
        if not path.is_file():
            how = "make run"
            if name != MAIN:
                how = "hotline up --training" if name == TRAINING else "hotline up --county NAME"
            raise NoInstanceError(f"no instance is running here; start one with `{how}`")
        return cls.read(path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the instance that a file describes."""
        return cls(**json.loads(path.read_text()))

    def write(self, path: Path) -> None:
        """Leave a description by which `find` and `read` find the instance."""
        shown = {each.name: getattr(self, each.name) for each in fields(self) if each.init}
        write_secret(path, json.dumps(shown, indent=2).encode())

    @property
    def ca(self) -> Path:
        """Certificate authority of the services."""
        return Path(self.ca_file)

    def address(self, service: str) -> str:
        """Return `host:port` of a service for callers with a token."""
        return self.addresses[service]

    def internal_address(self, service: str) -> str:
        """Return `host:port` of a service for other services (mutual TLS)."""
        return self.internal_addresses[service]

    def token(self, *, roles: list[str], unit: str = "", region: str = "", subject: str = "") -> str:
        """Return a bearer token for somebody in these roles; asked from the issuer anew every half hour.

        unit -- `units/…`;  region -- division code;  subject -- who it is; by default the first of the invented city's
        staff with this role, or whoever is named after the roles and unit.
        Raises NoInstanceError when the issuer does not answer.
        """
        subject, name = (subject, subject) if subject else _default_person(roles, unit)
        wanted = (*sorted(roles), unit, region, subject)
        with self._lock:
            asked, token = self._tokens.get(wanted, (float("-inf"), ""))
            if monotonic() - asked > _RENEW_AFTER_SECONDS:
                token = self._ask(roles=" ".join(sorted(roles)), unit=unit, region=region, subject=subject, name=name)
                self._tokens[wanted] = (monotonic(), token)
            return token

    def _ask(self, **claims: str) -> str:
        form = {**claims, "client_secret": self.issuer_secret}
        form["lifetime_seconds"] = str(_TOKEN_SECONDS)
        body = urllib.parse.urlencode(form).encode()
        try:
            with urllib.request.urlopen(f"{self.issuer}/token", data=body, timeout=10) as answer:  # noqa: S310
                return str(json.load(answer)["access_token"])
        except urllib.error.URLError as error:
            raise NoInstanceError(f"{self.name} does not run any more; start it with `make run`") from error


def _default_person(roles: list[str], unit: str) -> tuple[str, str]:
    """Return subject and name of who speaks when nobody is named."""
    staff = city.load().staff_of(roles[0]) if len(roles) == 1 else []
    if staff:
        return staff[0]["subject"], staff[0]["name"]
    subject = "-".join([*sorted(roles), *([unit.removeprefix("units/")] if unit else [])])
    return subject, subject
