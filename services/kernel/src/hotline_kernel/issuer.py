"""A small OIDC issuer for the one-machine run and for tests; a cluster has its own, and settings refuse this one there.

Serves discovery, its keys and `POST /token` on loopback. Keys and the client secret live in a directory of their owner.
"""

import hmac
import json
import os
import secrets
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

MAX_LIFETIME_SECONDS = 12 * 3600
_KEPT_KEYS = 2  # the one before still verifies tokens signed shortly before a rotation
_MAX_BODY_BYTES = 16_384


class LocalIssuer:
    """Signs tokens for the staff of a one-machine run.

    `url` is the issuer. `POST /token` takes a form: `client_secret` (our `secret`), `subject`, `roles` (separated by
    blanks), `unit`, `region`, `name`, `lifetime_seconds`.
    """

    def __init__(self, directory: Path, port: int = 0, *, audience: str = "hotline") -> None:
        """Keys of an earlier run in the directory are used again; port 0 takes a free one when it starts."""
        self._directory = directory
        self._audience = audience
        self._lock = threading.Lock()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._keys = [_load(path) for path in sorted(directory.glob("*.pem"))]
        if not self._keys:
            self.rotate()
        self.secret = self._persisted_secret()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"issuer": self}))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Serve from a thread."""
        threading.Thread(target=self._server.serve_forever, name="issuer", daemon=True).start()

    def stop(self) -> None:
        """Stop serving; the keys stay in the directory."""
        self._server.shutdown()
        self._server.server_close()

    def token(
        self,
        *,
        subject: str,
        roles: Sequence[str],
        unit: str = "",
        region: str = "",
        name: str = "",
        lifetime_seconds: int = MAX_LIFETIME_SECONDS,
    ) -> str:
        """A signed token. Raises ValueError without a subject or when the lifetime is out of bounds."""
        if not subject or not 0 < lifetime_seconds <= MAX_LIFETIME_SECONDS:
            raise ValueError(f"a token needs a subject and a lifetime of 1 to {MAX_LIFETIME_SECONDS} s")
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": self._audience,
            "sub": subject,
            "iat": now,
            "nbf": now,
            "exp": now + lifetime_seconds,
            "jti": secrets.token_hex(8),
            "roles": list(roles),
            "unit": unit,
            "region": region,
            "name": name,
        }
        with self._lock:
            kid, key = self._keys[-1]
        return jwt.encode(claims, key, algorithm="ES256", headers={"kid": kid})

    def rotate(self) -> None:
        """Sign with a new key from now on; tokens of the key before stay valid, older ones do not."""
        key = generate_private_key(SECP256R1())
        kid = f"{time.time_ns():x}"
        _write_private(
            self._directory / f"{kid}.pem", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        with self._lock:
            self._keys = [*self._keys, (kid, key)]
            old, self._keys = self._keys[:-_KEPT_KEYS], self._keys[-_KEPT_KEYS:]
        for gone, _ in old:
            (self._directory / f"{gone}.pem").unlink()

    def jwks(self) -> dict[str, Any]:
        """The public keys, as `/jwks.json` serves them."""
        with self._lock:
            keys = list(self._keys)
        encoder = jwt.algorithms.ECAlgorithm
        return {
            "keys": [
                encoder.to_jwk(key.public_key(), as_dict=True) | {"kid": kid, "alg": "ES256", "use": "sig"}
                for kid, key in keys
            ]
        }

    def _persisted_secret(self) -> str:
        path = self._directory / "client_secret"
        if not path.exists():
            _write_private(path, secrets.token_urlsafe(32).encode())
        return path.read_text()


class _Handler(BaseHTTPRequestHandler):
    issuer: LocalIssuer

    def do_GET(self) -> None:
        url = self.issuer.url
        if self.path == "/.well-known/openid-configuration":
            self._answer(200, {"issuer": url, "jwks_uri": f"{url}/jwks.json", "token_endpoint": f"{url}/token"})
        elif self.path == "/jwks.json":
            self._answer(200, self.issuer.jwks())
        else:
            self._answer(404, {"error": "not_found"})

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path != "/token" or not length.isdigit() or int(length) > _MAX_BODY_BYTES:
            self._answer(400, {"error": "invalid_request"})
            return
        form = {
            key: values[0] for key, values in parse_qs(self.rfile.read(int(length)).decode(errors="replace")).items()
        }
        if not hmac.compare_digest(form.get("client_secret", "").encode(), self.issuer.secret.encode()):
            self._answer(401, {"error": "invalid_client"})
            return
        try:
            lifetime = int(form.get("lifetime_seconds", str(MAX_LIFETIME_SECONDS)))
            token = self.issuer.token(
                subject=form.get("subject", ""),
                roles=form.get("roles", "").split(),
                unit=form.get("unit", ""),
                region=form.get("region", ""),
                name=form.get("name", ""),
                lifetime_seconds=lifetime,
            )
        except ValueError:
            self._answer(400, {"error": "invalid_request"})
            return
        self._answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": lifetime})

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (named by the base class)
        """Nothing: a request line would say who signed in."""


def _load(path: Path) -> tuple[str, EllipticCurvePrivateKey]:
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise TypeError(f"{path} is not a key of this issuer; remove it")
    return path.stem, key


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
