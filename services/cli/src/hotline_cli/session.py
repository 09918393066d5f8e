"""Which platform a command speaks to, and as whom."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from hotline_kernel.errors import HotlineError

from hotline_cli.client import SERVICES, Hotline, Person, Platform
from hotline_cli.local.running import MAIN, TRAINING, NoInstanceError, Running, county_instance

As = Annotated[str, typer.Option("--as", help="who acts, as their token names them; on a local platform alone")]
_PRACTISES = ContextVar("practises", default=False)
_COUNTY = ContextVar("county", default="")


def practise(*, training: bool) -> None:
    """Have the command that follows speak to the training tenant, or to the real system."""
    _PRACTISES.set(training)


def go_to_county(name: str) -> None:
    """Have the command that follows speak to a county's own system (Art. 4, 10); empty: to the city's."""
    _COUNTY.set(name)


def county() -> str:
    """The county that the command speaks to; empty: to the city."""
    return _COUNTY.get()


class NoPlatform(Exception):
    """No running platform was found."""


@dataclass(frozen=True)
class _Cluster:
    """A platform elsewhere, described by the environment; the token says who we are."""

    bearer: str
    ca: Path
    prefix: str

    def address(self, service: str) -> str:
        # What a county does not run is called nowhere: such a call ends as unavailable.
        return os.environ.get(f"{self.prefix}{service.upper()}", "127.0.0.1:1")

    def token(self, *, roles: list[str], unit: str = "", region: str = "", subject: str = "") -> str:  # noqa: ARG002
        return self.bearer


def find(*, training: bool = False) -> Platform:
    """The platform of the environment, or else the one that runs on this machine. Raises `NoPlatform`.

    training -- its training tenant (Art. 37), which has an environment of its own.
    """
    prefix = "HOTLINE_TRAINING_" if training else "HOTLINE_COUNTY_" if county() else "HOTLINE_"
    bearer = os.environ.get(f"{prefix}TOKEN")
    if bearer:
        services = ("dispatch", "sla") if county() else SERVICES
        missing = [v for v in (f"{prefix}CA", *(f"{prefix}{s.upper()}" for s in services)) if v not in os.environ]
        if missing:
            raise NoPlatform(f"{prefix}TOKEN is set, but not {', '.join(missing)}")
        return _Cluster(bearer, Path(os.environ[f"{prefix}CA"]), prefix)
    start = "hotline up --training" if training else f"hotline up --county {county()}" if county() else "make run"
    try:
        return Running.find(TRAINING if training else county_instance(county()) if county() else MAIN)
    except NoInstanceError as error:
        raise NoPlatform(
            f"no running platform was found: start one with `{start}`,"
            f" or set {prefix}TOKEN, {prefix}CA and {prefix}INTAKE to {prefix}KNOWLEDGE for one elsewhere"
        ) from error


@contextmanager
def connection(*, training: bool = False) -> Iterator[Hotline]:
    """A connection to the platform; refusals end the command with a sentence and exit code 1.

    training -- to the training tenant, whatever the command was asked for.
    """
    try:
        hotline = Hotline(find(training=training or _PRACTISES.get()))
    except NoPlatform as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from error
    try:
        yield hotline
    except HotlineError as error:
        tell(error)
        raise typer.Exit(1) from error
    finally:
        hotline.close()


@contextmanager
def person(*roles: str, unit: str = "", subject: str = "") -> Iterator[Person]:
    """Somebody in these roles on the platform."""
    with connection() as hotline:
        yield hotline.person(*roles, unit=unit, subject=subject)


def tell(error: HotlineError) -> None:
    """Says why something was refused: for people in both languages, with the article and what is machine-readable."""
    for line in (error.sentence_zh(), error.sentence()):
        if line:
            print(line, file=sys.stderr)
    print(f"[{error.reason}{', ' + error.article if error.article else ''}]", file=sys.stderr)
