"""What an operator can set, read from `HOTLINE_*` once at start; anything unknown or unsafe stops the start."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

PREFIX = "HOTLINE_"
_TEST_PREFIX = "HOTLINE_TEST_"  # read by the tests of this repository only, never by a process
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SettingsError(Exception):
    """The settings cannot be used; the text names each variable, what is wrong and what to do."""


class Settings(BaseModel):
    """Settings every service has; a service subclasses this and adds its own.

    Named `HOTLINE_<FIELD>` in the environment. Constructing one directly reads no environment.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: Literal["local", "cluster"] = Field(
        "cluster",
        description="`local` is the one-machine run, which alone may use a virtual clock and the local issuer.",
    )
    service: str = Field("", description="Name of the service; set by the process itself.")
    mode: Literal["real", "training"] = Field(
        "real",
        description="`training` is a tenant for practising on invented data, apart from the real one (Art. 37).",
    )
    profile: Literal["city", "county", "small"] = Field(
        "city", description="Which topology of services this is a part of."
    )

    database_url: SecretStr = Field(
        description="PostgreSQL of this service, `postgresql://user:password@host/database`."
    )
    pool_size: int = Field(10, ge=1, le=200, description="Database connections a process may hold.")
    statement_timeout_seconds: float = Field(10, gt=0, le=300, description="Longest time of one SQL statement.")
    broker_url: SecretStr = Field(
        description="RabbitMQ, `amqps://user:password@host:5671/vhost`, or `amqp://…:5672/…` without TLS."
    )
    broker_ca: Path | None = Field(
        None, description="Authority of the broker's certificate, PEM; none: those that the machine trusts."
    )

    clock: str = Field("system", description="Legal time: `system`, or `virtual:<file>` in a local run.")
    calendar_file: Path | None = Field(
        None, description="Working days of the operator, laid over the built-in calendar."
    )

    listen_address: str = Field("0.0.0.0:50051", description="Where staff, channels and citizens call (TLS, tokens).")
    internal_address: str = Field("0.0.0.0:50052", description="Where other services call (mutual TLS).")
    health_address: str = Field(
        "", description="Where a kubelet asks for our health: gRPC in plain text, and nothing else; empty: nowhere."
    )
    tls_certificate: Path = Field(Path("/etc/hotline/tls/tls.crt"), description="Certificate of this service, PEM.")
    tls_key: Path = Field(Path("/etc/hotline/tls/tls.key"), description="Its private key, PEM, not readable by others.")
    tls_ca: Path = Field(Path("/etc/hotline/tls/ca.crt"), description="Who signs the services' certificates, PEM.")
    threads: int = Field(16, ge=1, le=256, description="Calls a server works on at the same time.")
    max_waiting_calls: int = Field(
        1000, ge=1, description="Calls a server holds at the same time before it refuses more."
    )
    max_request_bytes: int = Field(1 << 20, ge=1024, le=1 << 26, description="Largest request.")
    rate_per_second: float = Field(200, gt=0, description="Calls a second of one identified caller, sustained.")
    rate_burst: int = Field(400, ge=1, description="Calls of one identified caller at once.")
    anonymous_rate_per_second: float = Field(
        50, gt=0, description="Calls a second of one address without a known token."
    )
    anonymous_rate_burst: int = Field(200, ge=1, description="Calls of one address at once without a known token.")
    drain_seconds: float = Field(20, gt=0, description="Time for calls in hand when a process is told to stop.")

    oidc_issuer: str = Field("", description="Issuer of the tokens, exactly as in their `iss` claim.")
    oidc_audience: str = Field(
        "hotline", description="The `aud` claim tokens must carry; ends in `-training` in the training mode alone."
    )
    oidc_jwks_url: str = Field("", description="Where the issuer's keys are; found by discovery when empty.")

    audit_key: Path = Field(
        Path("/etc/hotline/audit/key.pem"),
        description="Key that signs the record's heads (Art. 36), not readable by others.",
    )
    backup_stamp: Path | None = Field(
        None, description="File with the moment of the last good backup of the database, RFC 3339; its age is a metric."
    )

    worker_threads: int = Field(2, ge=1, le=64, description="Threads of the pump that handle events.")
    tick_seconds: float = Field(1.0, gt=0, le=60, description="How often due moments are looked for.")
    max_attempts: int = Field(12, ge=1, description="Tries before an event is dead and waits for a person.")
    retry_delay_seconds: float = Field(1.0, gt=0, description="Pause before the second try; doubles from try to try.")
    retry_delay_max_seconds: float = Field(300.0, gt=0, description="Longest pause between two tries.")
    outbox_retention_days: int = Field(30, ge=1, description="How long published events are kept.")
    inbox_retention_days: int = Field(30, ge=1, description="How long handled events are kept.")
    request_retention_days: int = Field(7, ge=1, description="How long a repeat of a request gets the stored answer.")

    metrics_port: int = Field(
        9090, ge=0, le=65535, description="HTTP port of `/metrics` and `/healthz`; 0 takes a free one."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    trace_file: Path | None = Field(
        None, description="Also write spans here, one JSON object a line (local run, tests)."
    )

    @classmethod
    def load(cls, *, service: str, environ: Mapping[str, str] | None = None) -> Self:
        """Read the environment; SettingsError names everything that is wrong with it at once."""
        environ = os.environ if environ is None else environ
        known = {PREFIX + name.upper() for name in cls.model_fields}
        problems = [
            f"{name}: no such setting; remove it or correct the name (`--show-config` lists all)"
            for name in sorted(environ)
            if name.startswith(PREFIX) and not name.startswith(_TEST_PREFIX) and name not in known
        ]
        settings: Self | None = None
        values = {
            name: environ[PREFIX + name.upper()] for name in cls.model_fields if environ.get(PREFIX + name.upper())
        }
        try:
            settings = cls.model_validate(values | {"service": service})
        except ValidationError as error:
            problems += [
                _sentence(str(detail["loc"][0]) if detail["loc"] else "", detail["msg"]) for detail in error.errors()
            ]
        if problems or settings is None:
            raise SettingsError("\n".join(problems))
        return settings

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if self.environment == "cluster":
            if self.clock != "system":
                raise ValueError(_sentence("clock", "a virtual clock is for the local run; set `system`"))
            if self.oidc_issuer and _is_plain_http(self.oidc_issuer):
                raise ValueError(
                    _sentence("oidc_issuer", "plain http or a local issuer; set the https address of the issuer")
                )
            if self.oidc_jwks_url and _is_plain_http(self.oidc_jwks_url):
                raise ValueError(
                    _sentence("oidc_jwks_url", "plain http; set an https address, or nothing for discovery")
                )
        elif self.clock != "system" and not self.clock.startswith("virtual:"):
            raise ValueError(_sentence("clock", "set `system` or `virtual:<file>`"))
        if self.is_training != self.oidc_audience.endswith("-training"):
            wanted = "hotline-training" if self.is_training else "hotline"
            raise ValueError(_sentence("oidc_audience", f"tokens of the other mode would be good here; set `{wanted}`"))
        return self

    @property
    def is_training(self) -> bool:
        """Whether everything here is practice on invented data (Art. 37)."""
        return self.mode == "training"

    @property
    def metrics_host(self) -> str:
        """Where the metrics port listens: in a cluster the scraper comes from elsewhere."""
        return "127.0.0.1" if self.environment == "local" else ""

    def require(self, *names: str) -> None:
        """Raise SettingsError unless each of the named settings, which other processes can do without, has a value."""
        missing = [
            _sentence(name, "is not set, and this process needs it") for name in names if not getattr(self, name)
        ]
        if missing:
            raise SettingsError("\n".join(missing))

    def require_files(self, *names: str) -> None:
        """Raise SettingsError unless the files are there and private keys among them are not open to everybody."""
        problems = []
        for name in names:
            path: Path = getattr(self, name)
            if not path.is_file():
                problems.append(_sentence(name, f"there is no file {path}; mount it or name another"))
            elif name.endswith("_key") and path.stat().st_mode & 0o007:
                problems.append(_sentence(name, f"{path} is open to everybody; chmod o= {path}"))
        if problems:
            raise SettingsError("\n".join(problems))

    def shown(self, *, environ: Mapping[str, str] | None = None) -> str:
        """Every value with its source, secrets hidden, one line each, for `--show-config`."""
        environ = os.environ if environ is None else environ
        lines = []
        for name in type(self).model_fields:
            variable = PREFIX + name.upper()
            source = "process" if name == "service" else "environment" if environ.get(variable) else "default"
            lines.append(f"{variable}={getattr(self, name)}  # {source}")
        return "\n".join(lines)


def _sentence(field: str, message: str) -> str:
    if message.startswith("Value error, "):  # ours: it names its variable already
        return message.removeprefix("Value error, ")
    return f"{PREFIX}{field.upper()}: {message[0].lower()}{message[1:]}"


def _is_plain_http(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme != "https" or parts.hostname in _LOOPBACK
