"""Where units' own systems are called, and how often (Art. 10(2))."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from hotline_kernel.errors import Invalid, Refused, StateNotAllowed
from hotline_kernel.wording import Code

from hotline_dispatch.domain.change import Change

_SECRET_MARK = "whsec_"  # noqa: S105  (what Standard Webhooks puts before a secret)
# Addresses that carry an IPv4 address in them: a way around, unless it is allowed by name.
_CARRIERS = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("2002::/16"))

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class WebhookUrlRefused(Invalid):
    """A unit's system is called by https, on a host and in a network that the platform's operator allows."""

    reason = "WEBHOOK_URL_REFUSED"
    article = "Art. 10(2)"
    zh = "承办单位系统的回调地址须为 https，且主机和网段须经平台运维方许可（第十条第二项）。"


class WebhooksEnough(Refused):
    """The unit has {limit} webhooks, as many as a unit may have: delete one first."""

    reason = "WEBHOOKS_ENOUGH"
    article = "Art. 10(2)"
    zh = "该单位已登记 {limit} 个回调地址，达到上限，请先删除不用的（第十条第二项；上限为本系统所定）。"


class WebhookStateNotAllowed(StateNotAllowed):
    """{resource} is {state}, which does not allow it."""

    article = "Art. 10(2)"
    zh = "{resource} 当前为“{state}”，不能进行此操作（第十条第二项）。"


@dataclass(frozen=True)
class Destinations:
    """Where the platform may call: nobody makes it speak to itself or into somebody's network (Art. 36(4)).

    hosts -- names with `*` for a part of them; empty: every host;  networks -- in which addresses are allowed that are
    not public;  plain_http -- of the one-machine run alone.
    """

    hosts: Sequence[str] = ()
    networks: Sequence[Network] = ()
    plain_http: bool = False

    def check(self, url: str) -> SplitResult:
        """The parts of an address that may be called. Raises `WebhookUrlRefused`.

        What a name stands for is asked when it is called: it may have changed since.
        """
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname or "", parts.port
        except ValueError as error:
            raise _refused("is not an address", "") from error
        if parts.scheme != "https" and not (self.plain_http and parts.scheme == "http"):
            raise _refused("must begin with https://", host)
        if not host or parts.username is not None or parts.fragment or host.endswith("."):
            raise _refused("must have a host, and no account and no fragment", host)
        if self.hosts and not any(fnmatchcase(host, pattern) for pattern in self.hosts):
            raise _refused("is on a host that is not allowed", host)
        address = _literal(host)
        if address is not None and not self.allows(address):
            raise _refused("is in a network that is not allowed", host)
        return parts

    def allows(self, address: Address) -> bool:
        """Whether something at this address may be called: what is public, and what is allowed by network."""
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if any(address in network for network in self.networks):
            return True
        carries = any(address in network for network in _CARRIERS)
        return address.is_global and not address.is_multicast and not carries


class WebhookState(Code):
    """Whether a webhook is called."""

    ACTIVE = "ACTIVE", "启用"
    SUSPENDED = "SUSPENDED", "暂停"


@dataclass(frozen=True, kw_only=True)
class Line:
    """How the calls go.

    failures -- tries in a row that nobody answered;  retry_time -- when it is tried again after that, real time.
    """

    failures: int = 0
    error: str = ""
    retry_time: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """Where one unit's system hears of its orders; old_secret_until -- real time, None without an old secret."""

    id: UUID
    unit: str
    url: str
    state: WebhookState
    create_time: datetime
    old_secret_until: datetime | None = None
    line: Line = Line()
    version: int = 1

    @property
    def name(self) -> str:
        """`webhooks/{uuid}`."""
        return f"webhooks/{self.id}"

    def suspended(self) -> "Webhook":
        """It is not called for now. Raises `WebhookStateNotAllowed`."""
        return self._turned(WebhookState.ACTIVE, WebhookState.SUSPENDED)

    def resumed(self) -> "Webhook":
        """It is called again. Raises `WebhookStateNotAllowed`."""
        return self._turned(WebhookState.SUSPENDED, WebhookState.ACTIVE)

    def _turned(self, start: WebhookState, end: WebhookState) -> "Webhook":
        if self.state is not start:
            raise WebhookStateNotAllowed(resource=self.name, state=self.state)
        return replace(self, state=end, version=self.version + 1)


class DeliveryState(Code):
    """Where a delivery stands."""

    PENDING = "PENDING", "待送达"
    DELIVERED = "DELIVERED", "已送达"
    DEAD = "DEAD", "已停止重试"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One change on its way to a webhook; sequence -- in which they were written; times are real."""

    id: UUID
    sequence: int
    webhook: UUID
    change: Change
    state: DeliveryState
    attempts: int
    error: str
    create_time: datetime
    deliver_time: datetime | None = None

    @property
    def name(self) -> str:
        """`webhookDeliveries/{uuid}`."""
        return f"webhookDeliveries/{self.id}"


@dataclass(frozen=True)
class Patience:
    """How long and how often a call is tried.

    first, longest -- pauses between two tries, which double;  give_up -- the age at which a failed delivery is dead.
    """

    first: timedelta
    longest: timedelta
    give_up: timedelta

    def pause(self, failures: int, *, chance: float) -> timedelta:
        """After so many failures in a row; chance -- from 0 to 1, so that not everybody comes back at once."""
        whole = min(self.first * 2.0 ** min(failures - 1, 30), self.longest)
        return whole * (0.5 + chance / 2)


class OutcomeKind(StrEnum):
    """How a call went."""

    ARRIVED = "ARRIVED"
    REFUSED = "REFUSED"
    UNREACHED = "UNREACHED"


@dataclass(frozen=True)
class Outcome:
    """How a call went; a refusal is about this delivery, and an unreached system keeps the others waiting too.

    error -- in our words, never in those of who was called.
    """

    kind: OutcomeKind
    error: str = ""


def signature(*, secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature` of Standard Webhooks: an HMAC-SHA256 by each secret.

    secrets -- as they were given out, `whsec_…`;  timestamp -- seconds since 1970, real time.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    keys = (base64.b64decode(secret.removeprefix(_SECRET_MARK)) for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}" for key in keys)


def secret_of(key: bytes) -> str:
    """A secret as it is given out.  key -- 24 to 64 random bytes."""
    return _SECRET_MARK + base64.b64encode(key).decode()


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _refused(rule: str, host: str) -> WebhookUrlRefused:
    return WebhookUrlRefused(violations=[("url", rule)], host=host)
