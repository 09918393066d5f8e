"""What an operator can set for dispatch."""

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Self

from hotline_kernel import settings
from pydantic import Field, model_validator

from hotline_dispatch.domain.county import Side
from hotline_dispatch.domain.record import OfficeDuty
from hotline_dispatch.domain.webhook import Destinations


class Settings(settings.Settings):
    """Settings of dispatch."""

    intake_address: str = Field("intake:50052", description="Where intake answers other services (mutual TLS).")
    send_back_limit: int = Field(2, ge=0, le=20, description="How often an order may be given back (Art. 22; ours).")
    directive_chase_minutes: int = Field(
        60, ge=1, le=10_080, description="After so long an urgent order's directive is asked for again (Art. 23; ours)."
    )
    office_lead_hours: int = Field(
        2, ge=1, le=720, description="After so long the office is asked again to name a lead unit (Art. 22; ours)."
    )
    office_directive_hours: int = Field(
        24,
        ge=1,
        le=720,
        description="After so long the office is asked again for a directive that is not urgent (Art. 23; ours).",
    )
    office_extension_hours: int = Field(
        4, ge=1, le=720, description="After so long the office is asked again to decide an extension (Art. 26; ours)."
    )
    join_limit: int = Field(
        500, ge=1, le=5000, description="How many others an order may stand for (Art. 23(3); the number is ours)."
    )
    filing_look_days: int = Field(
        90,
        ge=1,
        le=3650,
        description="Days until a filed matter is looked at again, if no day is named (ours).",
    )
    suggestion_orders: int = Field(
        2000, ge=0, le=50_000, description="Of so many of the latest orders a suggestion knows the text (Art. 3; ours)."
    )
    vault_key: Path = Field(
        Path("/etc/hotline/vault/keys"),
        description="Key-encryption keys of webhooks' secrets, a line each (`id base64`), newest last; not readable by"
        " others.",
    )
    webhook_hosts: str = Field(
        "",
        description="Hosts on which units' systems may be called, by commas, `*` for a part of a name; empty: every"
        " host (Art. 10(2); ours).",
    )
    webhook_networks: str = Field(
        "",
        description="Networks whose addresses may be called though they are not public, by commas, `10.8.0.0/16`;"
        " empty: none (ours).",
    )
    webhook_plain_http: bool = Field(
        False, description="Units' systems may be called without TLS; in a one-machine run alone."
    )
    webhook_ca: Path | None = Field(
        None, description="Authorities of units' systems, PEM, besides those that the machine trusts."
    )
    webhook_timeout_seconds: float = Field(10, gt=0, le=30, description="Longest call of a unit's system (ours).")
    webhook_threads: int = Field(4, ge=1, le=64, description="Units' systems that a pump calls at the same time.")
    webhook_give_up_days: float = Field(
        7, gt=0, le=90, description="After so long a call that fails is dead and waits for a person (ours)."
    )
    webhook_retention_days: int = Field(30, ge=1, description="How long calls that arrived are kept (ours).")
    webhook_limit: int = Field(5, ge=1, le=100, description="How many webhooks a unit may have (ours).")

    county_key: Path = Field(
        Path("/etc/hotline/county/keys"),
        description="Keys of this side of counties' lines, a line each (`id base64`), newest last; not readable by"
        " others. A county must have it; a city needs it with its first county (ADR 0035).",
    )
    county_heartbeat_seconds: float = Field(
        10, gt=0, le=300, description="How often each side of a county's line says that it is there (ours)."
    )
    county_cut_off_seconds: float = Field(
        300, gt=0, description="What a county did so long before it came counts as asked while cut off (ours)."
    )
    county_skew_seconds: float = Field(
        120, gt=0, description="So far ahead a county's clock may be before it is said to be skewed (ours)."
    )
    county_retention_days: int = Field(
        30, ge=1, description="How long messages that crossed are kept on the sender's side (ours)."
    )

    @property
    def side(self) -> Side:
        """Which end of counties' lines this is."""
        return Side.COUNTY if self.profile == "county" else Side.CITY

    @property
    def office_patience(self) -> Mapping[OfficeDuty, timedelta]:
        """After how long the office is asked again for what it owes."""
        return {
            OfficeDuty.LEAD: timedelta(hours=self.office_lead_hours),
            OfficeDuty.DIRECTIVE: timedelta(hours=self.office_directive_hours),
            OfficeDuty.EXTENSION: timedelta(hours=self.office_extension_hours),
        }

    @model_validator(mode="after")
    def _webhooks_are_safe(self) -> Self:
        for part in _parts(self.webhook_networks):
            try:
                ip_network(part)
            except ValueError as error:
                raise ValueError(f"HOTLINE_WEBHOOK_NETWORKS: {error}") from error
        if self.webhook_plain_http and self.environment == "cluster":
            raise ValueError("HOTLINE_WEBHOOK_PLAIN_HTTP: is for the one-machine run; units' systems have https")
        return self

    @property
    def destinations(self) -> Destinations:
        """Where units' systems may be called."""
        return Destinations(
            hosts=tuple(host.lower() for host in _parts(self.webhook_hosts)),
            networks=tuple(ip_network(network) for network in _parts(self.webhook_networks)),
            plain_http=self.webhook_plain_http,
        )


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]
