"""Who is calling: staff and channels by an OIDC token, services by their certificate (Art. 36(4)).

The lifetime of a token is real time; the legal clock has no say in it.
"""

import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import jwt
import structlog
from hotline.common.v1 import access_pb2

from hotline_kernel.errors import Unauthenticated, Unavailable
from hotline_kernel.settings import Settings

ALGORITHMS = ("RS256", "ES256", "EdDSA")
LEEWAY_SECONDS = 30
_KEYS_FRESH_SECONDS = 300.0
_REFETCH_SECONDS = 10.0
_TRUST_SECONDS = 300.0  # a verified token is verified again after this: its key may have been withdrawn
_MAX_TOKENS = 10_000
_MAX_TOKEN_LENGTH = 8192
_MAX_DOCUMENT_BYTES = 1 << 20
TRUST_DOMAINS = {"real": "hotline", "training": "hotline-training"}
"""By mode; a certificate of one is worth nothing in the other (Art. 37)."""
_SERVICE_URI = re.compile(r"spiffe://([a-z-]+)/service/([a-z][a-z0-9-]{0,39})")
_SUBJECT = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
# `service` is proven by a certificate and `anyone` needs no proof, so neither can come with a token.
_TOKEN_ROLES = frozenset(
    name.removeprefix("ROLE_").lower()
    for name, number in access_pb2.Role.items()
    if number not in (access_pb2.ROLE_UNSPECIFIED, access_pb2.ROLE_ANYONE, access_pb2.ROLE_SERVICE)
)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller whose identity was proven.

    subject -- `service:dispatch`, or the `sub` claim of a token; "" for a citizen without a token.
    roles -- lower case, as in `hotline.common.v1.Role` without the prefix;
    unit -- `units/…` or ""; region -- code or ""; name -- how colleagues know them, or "".
    """

    subject: str
    roles: frozenset[str]
    unit: str
    region: str
    name: str = ""


# The platform acting by itself: event handlers and due moments.
SYSTEM = Principal("system", frozenset({"service"}), "", "")
ANONYMOUS = Principal("", frozenset(), "", "")


def service_principal(uris: Iterable[str], *, mode: str = "real") -> Principal | None:
    """The service that a verified certificate names in its URIs, `spiffe://hotline/service/<name>`; None without.

    mode -- whose services are meant: those of the other one are nobody.
    """
    for uri in uris:
        match = _SERVICE_URI.fullmatch(uri)
        if match and match[1] == TRUST_DOMAINS[mode]:
            return Principal(f"service:{match[2]}", frozenset({"service"}), "", "")
    return None


class Authenticator:
    """Verifies tokens of one issuer for one audience. Safe to use from many threads."""

    def __init__(
        self, *, issuer: str, audience: str, jwks_url: str = "", monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Without `jwks_url` the keys are found by discovery; nothing is fetched before the first token comes."""
        self._issuer = issuer
        self._audience = audience
        self._keys = _Keys(issuer=issuer, jwks_url=jwks_url, monotonic=monotonic)
        self._verified: OrderedDict[str, tuple[Principal, float]] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def from_settings(cls, settings: Settings) -> "Authenticator":
        """The authenticator of a server."""
        return cls(issuer=settings.oidc_issuer, audience=settings.oidc_audience, jwks_url=settings.oidc_jwks_url)

    def known(self, token: str) -> Principal | None:
        """Whose token it is if it was verified lately, else None; cheap."""
        with self._lock:
            entry = self._verified.get(token)
            if entry is None or entry[1] < time.time():
                return None
            self._verified.move_to_end(token)
            return entry[0]

    def identify(self, token: str) -> Principal:
        """Whose token it is. Raises Unauthenticated; Unavailable if the issuer's keys cannot be had now."""
        principal = self.known(token)
        if principal is not None:
            return principal
        claims = self._claims(token)
        principal = _principal(claims)
        trusted_until = min(float(claims["exp"]) + LEEWAY_SECONDS, time.time() + _TRUST_SECONDS)
        with self._lock:
            self._verified[token] = (principal, trusted_until)
            if len(self._verified) > _MAX_TOKENS:
                self._verified.popitem(last=False)
        return principal

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            if len(token) > _MAX_TOKEN_LENGTH:
                raise jwt.InvalidTokenError("longer than any of ours")
            header = jwt.get_unverified_header(token)
            key = self._keys.get(str(header.get("kid", "")))
            if key is None or header.get("alg") != key.algorithm_name:
                raise jwt.InvalidKeyError("no such key of the issuer")
            return jwt.decode(
                token,
                key=key,
                algorithms=ALGORITHMS,
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:  # a hostile token can be any JSON
            _log.info("token_refused", error=type(error).__name__)
            raise Unauthenticated from error


def _principal(claims: dict[str, Any]) -> Principal:
    subject, roles = claims["sub"], claims.get("roles", [])
    reserved = subject == SYSTEM.subject or subject.startswith("service:")
    if reserved or not _SUBJECT.fullmatch(subject) or not isinstance(roles, list):
        _log.warning("token_claims_refused")
        raise Unauthenticated
    unit, region, name = (claims.get(claim, "") for claim in ("unit", "region", "name"))
    if not all(isinstance(value, str) for value in (unit, region, name)):
        _log.warning("token_claims_refused")
        raise Unauthenticated
    return Principal(
        subject, _TOKEN_ROLES.intersection(role for role in roles if isinstance(role, str)), unit, region, name
    )


class _Keys:
    """The issuer's public keys: fetched when old or when a key id is new, kept while the issuer is away."""

    def __init__(self, *, issuer: str, jwks_url: str, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._issuer = issuer
        self._jwks_url = jwks_url
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._lock = threading.Lock()

    def get(self, kid: str) -> jwt.PyJWK | None:
        """The key, None if the issuer has no such key. Raises Unavailable if that cannot be known now."""
        if kid not in self._keys:
            with self._lock:  # whoever needs the key waits for the one fetch
                if kid not in self._keys:
                    self._refresh()
        elif self._monotonic() - self._fetched_at > _KEYS_FRESH_SECONDS and self._lock.acquire(blocking=False):
            try:  # the others go on with the old keys meanwhile
                self._refresh()
            finally:
                self._lock.release()
        key = self._keys.get(kid)
        if key is None and self._fetched_at < self._tried_at:
            raise Unavailable
        return key

    def _refresh(self) -> None:
        now = self._monotonic()
        if now - self._tried_at < _REFETCH_SECONDS:
            return
        self._tried_at = now
        try:
            url = self._jwks_url
            if not url:
                url = str(_fetch(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")["jwks_uri"])
            self._keys = _usable(_fetch(url))
            self._fetched_at = now
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("issuer_keys_not_fetched", error=type(error).__name__, kept=len(self._keys))


def _usable(document: dict[str, Any]) -> dict[str, jwt.PyJWK]:
    keys = {}
    for entry in document["keys"]:
        try:
            key = jwt.PyJWK.from_dict(entry)
        except jwt.PyJWTError:
            continue  # a kind of key we do not use
        if key.key_id and key.algorithm_name in ALGORITHMS and key.public_key_use != "enc":
            keys[key.key_id] = key
    return keys


def _fetch(url: str) -> dict[str, Any]:
    if not url.startswith(("https://", "http://")):
        raise ValueError("not a web address")
    with urllib.request.urlopen(url, timeout=3.0) as response:  # noqa: S310  (scheme checked; settings refuse plain http)
        document = json.loads(response.read(_MAX_DOCUMENT_BYTES))
    if not isinstance(document, dict):
        raise TypeError("not a JSON object")
    return document
