"""Certificates and keys of one instance, made when first asked for and kept."""

import base64
import secrets
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALID = timedelta(days=3650)  # a local run is thrown away before; nobody renews its certificates
_LOOPBACK: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that its owner alone may read."""
    path.touch(mode=0o600)
    path.write_bytes(content)


def key_ring(path: Path) -> Path:
    """Return the path of a file with one random key, a line `id base64`; made if not there."""
    if not path.exists():
        write_secret(path, b"local " + base64.b64encode(secrets.token_bytes(32)) + b"\n")
    return path


def elliptic_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Return the P-256 private key in a PEM file; made if not there."""
    if not path.exists():
        write_secret(path, _pem(ec.generate_private_key(ec.SECP256R1())))
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path} holds no elliptic-curve key")
    return key


class Authority:
    """The certificate authority of one instance."""

    def __init__(self, directory: Path, *, trust_domain: str = "hotline") -> None:
        """Read the authority from the directory; made if not there. trust_domain -- of the services it certifies."""
        self._trust_domain = trust_domain
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._key = elliptic_key(directory / "ca.key")
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hotline local run")])
        self.certificate = directory / "ca.crt"
        if not self.certificate.exists():
            self.certificate.write_bytes(self._certify_itself())

    def certify(self, service: str) -> tuple[Path, Path]:
        """Return certificate and key by which a service is known, as server on this machine and as client.

        Other services know it by the URI `spiffe://<trust domain>/service/<name>`.
        """
        path = self._directory / f"{service}.crt"
        key = self._directory / f"{service}.key"
        if not path.exists():
            names = [*_LOOPBACK, x509.UniformResourceIdentifier(f"spiffe://{self._trust_domain}/service/{service}")]
            usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            builder = (
                _builder(subject=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, service)]), issuer=self._name)
                .public_key(elliptic_key(key).public_key())
                .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
                .add_extension(x509.SubjectAlternativeName(names), critical=False)
                .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            )
            path.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return path, key

    def _certify_itself(self) -> bytes:
        builder = (
            _builder(subject=self._name, issuer=self._name)
            .public_key(self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        )
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _builder(*, subject: x509.Name, issuer: x509.Name) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _VALID)
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
