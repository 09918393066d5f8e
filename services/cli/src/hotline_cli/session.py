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
from hotline_cli.local.running import MAIN, TRAINING, NoInstanceError, Running

As = Annotated[str, typer.Option("--as", help="who acts, as their token names them; on a local platform alone")]
_PRACTISES = ContextVar("practises", default=False)


def practise(*, training: bool) -> None:
    """Have the command that follows speak to the training tenant, or to the real system."""
    _PRACTISES.set(training)


class NoPlatform(Exception):
    """No running platform was found."""


@dataclass(frozen=True)
class _Cluster:
    """A platform elsewhere, described by the environment; the token says who we are."""

    bearer: str
    ca: Path
    prefix: str

    def address(self, service: str) -> str:
        return os.environ[f"{self.prefix}{service.upper()}"]

    def token(self, *, roles: list[str], unit: str = "", region: str = "", subject: str = "") -> str:  # noqa: ARG002
        return self.bearer


def find(*, training: bool = False) -> Platform:
    """The platform of the environment, or else the one that runs on this machine. Raises `NoPlatform`.

    training -- its training tenant (Art. 37), which has an environment of its own.
    """
    prefix = "HOTLINE_TRAINING_" if training else "HOTLINE_"
    bearer = os.environ.get(f"{prefix}TOKEN")
    if bearer:
        missing = [v for v in (f"{prefix}CA", *(f"{prefix}{s.upper()}" for s in SERVICES)) if v not in os.environ]
        if missing:
            raise NoPlatform(f"{prefix}TOKEN is set, but not {', '.join(missing)}")
        return _Cluster(bearer, Path(os.environ[f"{prefix}CA"]), prefix)
    try:
        return Running.find(TRAINING if training else MAIN)
    except NoInstanceError as error:
        raise NoPlatform(
            f"no running platform was found: start one with `{'hotline up --training' if training else 'make run'}`,"
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
