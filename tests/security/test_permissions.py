"""Who may call what: every method, every role, every kind of bad token and certificate (Art. 36(4))."""

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hotline_cli.client import SERVICES
from hotline_cli.local import pki
from hotline_cli.local.instance import Instance
from hotline_kernel import rpc_client

from tests.support.lives import UNIT
from tests.support.wire import STAFF_ROLES, Reply, Rpc, Wire, all_rpcs

_ALL = all_rpcs()
_CLOSED = [rpc for rpc in _ALL if "anyone" not in rpc.roles]
_GET_DELIVERY = "/hotline.operations.v1.DeliveryService/GetDelivery"

every_rpc = pytest.mark.parametrize("rpc", _ALL, ids=str)
every_closed_rpc = pytest.mark.parametrize("rpc", _CLOSED, ids=str)
every_service = pytest.mark.parametrize("service", SERVICES)


def token(platform: Instance, *roles: str) -> str:
    """A good token."""
    return platform.running.token(roles=list(roles), unit=UNIT if "unit" in roles else "")


def is_denied(reply: Reply, rpc: Rpc) -> bool:
    """Refused for want of the permission, which is named."""
    return (reply.code, reply.reason, reply.facts.get("permission")) == (
        "PERMISSION_DENIED",
        "PERMISSION_DENIED",
        rpc.access.permission,
    )


def test_every_service_is_covered() -> None:
    assert {rpc.service for rpc in _ALL} == set(SERVICES)
    assert all(rpc.access.permission and rpc.roles for rpc in _ALL)
    assert all("unspecified" not in rpc.roles for rpc in _ALL)


@every_closed_rpc
def test_every_role_that_may_not_call_is_refused(rpc: Rpc, wires: dict[str, Wire], platform: Instance) -> None:
    refused = [role for role in STAFF_ROLES if role not in rpc.roles]
    for roles in [*((role,) for role in refused), tuple(refused), ("service",), ("anyone",), ()]:
        reply = wires[rpc.service].send(rpc.path, token=platform.running.token(roles=list(roles), subject="somebody"))
        assert is_denied(reply, rpc), (roles, reply)


@every_rpc
def test_every_role_that_may_call_is_let_in(rpc: Rpc, wires: dict[str, Wire], platform: Instance) -> None:
    for role in rpc.roles.intersection(STAFF_ROLES):
        reply = wires[rpc.service].send(rpc.path, token=token(platform, role))
        assert reply.reason not in ("PERMISSION_DENIED", "UNAUTHENTICATED"), (role, reply)
        assert reply.is_ours, reply


@every_closed_rpc
def test_a_caller_without_token_is_refused(rpc: Rpc, wires: dict[str, Wire]) -> None:
    reply = wires[rpc.service].send(rpc.path)
    assert (reply.code, reply.reason) == ("UNAUTHENTICATED", "UNAUTHENTICATED")


@every_closed_rpc
def test_a_service_calls_only_what_is_for_services(rpc: Rpc, internal_wires: dict[str, Wire]) -> None:
    reply = internal_wires[rpc.service].send(rpc.path)
    if "service" in rpc.roles:
        assert reply.reason not in ("PERMISSION_DENIED", "UNAUTHENTICATED"), reply
    else:
        assert is_denied(reply, rpc), reply


@every_service
def test_a_certificate_gains_nothing_by_a_token(
    service: str, internal_wires: dict[str, Wire], platform: Instance
) -> None:
    for rpc in _CLOSED:
        if rpc.service == service and "service" not in rpc.roles:
            reply = internal_wires[service].send(rpc.path, token=token(platform, *STAFF_ROLES))
            assert is_denied(reply, rpc), reply


# --- tokens -----------------------------------------------------------------------------------------------------------


class Forger:
    """Signs what the issuer would not, with its own key where that helps."""

    def __init__(self, platform: Instance) -> None:
        path = next(iter(sorted((platform.directory / "issuer").glob("*.pem"), reverse=True)))
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._kid, self._key = path.stem, key
        now = int(time.time())
        self._claims = {
            "iss": platform.running.issuer,
            "aud": "hotline",
            "sub": "mallory",
            "iat": now,
            "exp": now + 600,
            "roles": list(STAFF_ROLES),
            "unit": UNIT,
        }

    def signed(self, *, key: ec.EllipticCurvePrivateKey | None = None, kid: str = "", **claims: object) -> str:
        """A token with some claims changed; None takes a claim away."""
        body = {name: value for name, value in (self._claims | claims).items() if value is not None}
        return jwt.encode(body, key or self._key, algorithm="ES256", headers={"kid": kid or self._kid})

    def with_header(self, algorithm: str, secret: bytes | None) -> str:
        """A token whose header names another algorithm: none at all, or a MAC under the public key."""
        parts = [{"alg": algorithm, "typ": "JWT", "kid": self._kid}, self._claims]
        text = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
        mac = b"" if secret is None else hmac.new(secret, text, hashlib.sha256).digest()
        return (text + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()

    @property
    def public_key(self) -> bytes:
        """As everybody can read it."""
        encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_key().public_bytes(encoding, form)


@pytest.fixture(scope="session")
def forged(platform: Instance) -> dict[str, str]:
    """Tokens that nobody must believe."""
    forger = Forger(platform)
    stranger = ec.generate_private_key(ec.SECP256R1())
    now = int(time.time())
    header, body, signature = forger.signed().split(".")
    widened = base64.urlsafe_b64encode(
        base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).replace(b"mallory", b"malloro")
    )
    return {
        "expired": forger.signed(exp=now - 3600),
        "not yet valid": forger.signed(nbf=now + 3600),
        "without an end": forger.signed(exp=None),
        "for somebody else": forger.signed(aud="payroll"),
        "for nobody": forger.signed(aud=None),
        "of another issuer": forger.signed(iss="https://idp.example"),
        "of no issuer": forger.signed(iss=None),
        "of nobody": forger.signed(sub=None),
        "as a service": forger.signed(sub="service:dispatch"),
        "as the platform itself": forger.signed(sub="system"),
        "under a stranger's key": forger.signed(key=stranger),
        "under an unknown key": forger.signed(key=stranger, kid="mallory"),
        "unsigned": forger.with_header("none", None),
        "unsigned, in capitals": forger.with_header("NONE", None),
        "under the public key as a secret": forger.with_header("HS256", forger.public_key),
        "changed after signing": f"{header}.{widened.decode().rstrip('=')}.{signature}",
        "roles that are no list": forger.signed(roles={"office": True}),
        "a unit that is no text": forger.signed(unit=["units/x"]),
        "no token": "certainly",
        "nothing": "",
        "huge": "a" * 9000,
    }


_FOR_EVERY_METHOD = (
    "expired",
    "for somebody else",
    "of another issuer",
    "under a stranger's key",
    "unsigned",
)


@every_rpc
def test_no_method_believes_a_bad_token(rpc: Rpc, wires: dict[str, Wire], forged: dict[str, str]) -> None:
    for kind in _FOR_EVERY_METHOD:
        reply = wires[rpc.service].send(rpc.path, token=forged[kind])
        assert (reply.code, reply.reason) == ("UNAUTHENTICATED", "UNAUTHENTICATED"), (kind, reply)


@every_service
def test_no_service_believes_a_forged_token(service: str, wires: dict[str, Wire], forged: dict[str, str]) -> None:
    for kind, text in forged.items():
        reply = wires[service].send(_GET_DELIVERY, token=text)
        assert (reply.code, reply.reason) == ("UNAUTHENTICATED", "UNAUTHENTICATED"), (kind, reply)
        assert reply.is_ours, reply


def test_the_forger_could_sign_a_good_token(wires: dict[str, Wire], platform: Instance) -> None:
    """Else the tests above would prove nothing."""
    assert wires["sla"].send(_GET_DELIVERY, token=Forger(platform).signed()).code == "OK"


# --- certificates -----------------------------------------------------------------------------------------------------


def is_not_connected(reply: Reply) -> bool:
    """The handshake failed: no service ever spoke."""
    return reply.code == "UNAVAILABLE" and not reply.reason


@every_service
def test_the_internal_port_is_closed_without_a_certificate(service: str, platform: Instance) -> None:
    running = platform.running
    with rpc_client.channel(running.internal_address(service), ca=running.ca) as channel:
        reply = Wire(channel).send(_GET_DELIVERY, token=token(platform, "engineer"))
    assert is_not_connected(reply), reply


@every_service
def test_the_internal_port_is_closed_to_another_authority(service: str, platform: Instance, tmp_path: Path) -> None:
    running = platform.running
    certificate, key = pki.Authority(tmp_path).certify("dispatch")
    address = running.internal_address(service)
    with rpc_client.channel(address, ca=running.ca, certificate=certificate, key=key) as channel:
        reply = Wire(channel).send(_GET_DELIVERY)
    assert is_not_connected(reply), reply


@every_service
def test_a_certificate_that_names_no_service_is_nobody(service: str, platform: Instance, tmp_path: Path) -> None:
    running = platform.running
    certificate, key = _nameless(platform, tmp_path)
    address = running.internal_address(service)
    with rpc_client.channel(address, ca=running.ca, certificate=certificate, key=key) as channel:
        reply = Wire(channel).send(_GET_DELIVERY)
    assert (reply.code, reply.reason) == ("UNAUTHENTICATED", "UNAUTHENTICATED"), reply


@every_service
def test_a_certificate_says_nothing_on_the_public_port(service: str, platform: Instance) -> None:
    running, tls = platform.running, platform.directory / "tls"
    certificate, key = tls / "dispatch.crt", tls / "dispatch.key"
    with rpc_client.channel(running.address(service), ca=running.ca, certificate=certificate, key=key) as channel:
        reply = Wire(channel).send(_GET_DELIVERY)
    assert reply.code == "UNAUTHENTICATED", reply


def _nameless(platform: Instance, directory: Path) -> tuple[Path, Path]:
    """A certificate of our own authority, with a name that only looks like a service's."""
    tls = platform.directory / "tls"
    authority = x509.load_pem_x509_certificate((tls / "ca.crt").read_bytes())
    key = pki.elliptic_key(directory / "nameless.key")
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dispatch")]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName(
                [
                    x509.DNSName("dispatch"),
                    x509.DNSName("spiffe.hotline.service.dispatch"),
                    x509.UniformResourceIdentifier("spiffe://elsewhere/service/dispatch"),
                    x509.UniformResourceIdentifier("spiffe://hotline/service/dispatch/../sla"),
                ]
            ),
            critical=False,
        )
        .sign(pki.elliptic_key(tls / "ca.key"), hashes.SHA256())
    )
    path = directory / "nameless.crt"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return path, directory / "nameless.key"
