"""Which platform a command speaks to, and as whom."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer
from hotline_kernel.errors import HotlineError

from hotline_cli.client import SERVICES, Hotline, Person, Platform
from hotline_cli.local.running import NoInstanceError, Running


class NoPlatform(Exception):
    """No running platform was found."""


@dataclass(frozen=True)
class _Cluster:
    """A platform elsewhere, described by the environment; the token says who we are."""

    bearer: str
    ca: Path

    def address(self, service: str) -> str:
        return os.environ[f"HOTLINE_{service.upper()}"]

    def token(self, *, roles: list[str], unit: str = "", region: str = "", subject: str = "") -> str:  # noqa: ARG002
        return self.bearer


def find() -> Platform:
    """The platform of the environment, or else the one that runs on this machine. Raises `NoPlatform`."""
    bearer = os.environ.get("HOTLINE_TOKEN")
    if bearer:
        missing = [v for v in ("HOTLINE_CA", *(f"HOTLINE_{s.upper()}" for s in SERVICES)) if v not in os.environ]
        if missing:
            raise NoPlatform(f"HOTLINE_TOKEN is set, but not {', '.join(missing)}")
        return _Cluster(bearer, Path(os.environ["HOTLINE_CA"]))
    try:
        return Running.find()
    except NoInstanceError as error:
        raise NoPlatform(
            "no running platform was found: start one with `make run`, or set HOTLINE_TOKEN, HOTLINE_CA and"
            " HOTLINE_INTAKE to HOTLINE_KNOWLEDGE for one elsewhere"
        ) from error


@contextmanager
def connection() -> Iterator[Hotline]:
    """A connection to the platform; refusals end the command with a sentence and exit code 1."""
    try:
        hotline = Hotline(find())
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
def person(*roles: str, unit: str = "") -> Iterator[Person]:
    """Somebody in these roles on the platform."""
    with connection() as hotline:
        yield hotline.person(*roles, unit=unit)


def tell(error: HotlineError) -> None:
    """Says why something was refused: for people in both languages, with the article and what is machine-readable."""
    for line in (error.sentence_zh(), error.sentence()):
        if line:
            print(line, file=sys.stderr)
    print(f"[{error.reason}{', ' + error.article if error.article else ''}]", file=sys.stderr)
