"""Tokens: which are believed, and what happens when keys change or the issuer is away."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hotline_kernel.auth import Authenticator, service_principal
from hotline_kernel.errors import Unauthenticated, Unavailable
from hotline_kernel.issuer import MAX_LIFETIME_SECONDS, LocalIssuer


class Hands:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[LocalIssuer]:
    issuer = LocalIssuer(tmp_path / "issuer")
    issuer.start()
    yield issuer
    issuer.stop()


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def authenticator(issuer: LocalIssuer, hands: Hands) -> Authenticator:
    return Authenticator(issuer=issuer.url, audience="hotline", monotonic=hands)


def forged(issuer: LocalIssuer, directory: Path, **changes: Any) -> str:
    """A token with the issuer's own key, with claims that differ; None leaves one out."""
    key_file = max(directory.glob("issuer/*.pem"))
    now = int(time.time())
    claims = {"iss": issuer.url, "aud": "hotline", "sub": "li", "exp": now + 600, "nbf": now, "roles": ["operator"]}
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode(claims, key_file.read_text(), algorithm="ES256", headers={"kid": key_file.stem})


class TestIdentify:
    def test_tells_who_it_is(self, issuer: LocalIssuer, authenticator: Authenticator) -> None:
        token = issuer.token(subject="li", roles=["unit"], unit="units/water", region="130102", name="李")
        principal = authenticator.identify(token)
        assert (principal.subject, principal.unit, principal.region) == ("li", "units/water", "130102")
        assert principal.name == "李"
        assert principal.roles == {"unit"}

    def test_ignores_roles_that_a_token_cannot_give(self, issuer: LocalIssuer, authenticator: Authenticator) -> None:
        roles = ["operator", "service", "anyone", "unspecified", "emperor"]
        assert authenticator.identify(issuer.token(subject="li", roles=roles)).roles == {"operator"}

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({"exp": int(time.time()) - 60}, id="expired"),
            pytest.param({"nbf": int(time.time()) + 600}, id="not yet"),
            {"aud": "another"},
            {"iss": "https://elsewhere.example"},
            {"exp": None},
            {"aud": None},
            {"sub": None},
            {"sub": ""},
            {"sub": 7},
            {"sub": "service:dispatch"},
            {"sub": "system"},
            {"sub": "li\x00"},
            {"roles": "operator"},
            {"unit": ["units/x"]},
        ],
        # Without moments: every worker has to find the same names.
        ids=lambda changes: " ".join(key if key in ("exp", "nbf") else f"{key}={changes[key]!r}" for key in changes),
    )
    def test_refuses_claims_that_are_not_right(
        self, issuer: LocalIssuer, authenticator: Authenticator, tmp_path: Path, changes: dict[str, Any]
    ) -> None:
        with pytest.raises(Unauthenticated):
            authenticator.identify(forged(issuer, tmp_path, **changes))

    def test_bears_clocks_that_differ_by_seconds(
        self, issuer: LocalIssuer, authenticator: Authenticator, tmp_path: Path
    ) -> None:
        now = int(time.time())
        authenticator.identify(forged(issuer, tmp_path, exp=now - 20))
        authenticator.identify(forged(issuer, tmp_path, nbf=now + 20))

    def test_refuses_another_key_under_a_known_name(self, issuer: LocalIssuer, authenticator: Authenticator) -> None:
        (key,) = issuer.jwks()["keys"]
        stranger = ec.generate_private_key(ec.SECP256R1())
        claims = {"iss": issuer.url, "aud": "hotline", "sub": "li", "exp": int(time.time()) + 600}
        with pytest.raises(Unauthenticated):
            authenticator.identify(jwt.encode(claims, stranger, algorithm="ES256", headers={"kid": key["kid"]}))

    @pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256"])
    def test_refuses_another_algorithm_than_the_keys(
        self, issuer: LocalIssuer, authenticator: Authenticator, algorithm: str
    ) -> None:
        (key,) = issuer.jwks()["keys"]
        signing: Any = {
            "none": None,
            "HS256": "the public key is no secret: " + key["x"],
            "RS256": rsa.generate_private_key(65537, 2048),
        }
        claims = {"iss": issuer.url, "aud": "hotline", "sub": "li", "exp": int(time.time()) + 600}
        token = jwt.encode(claims, signing[algorithm], algorithm=algorithm, headers={"kid": key["kid"]})
        with pytest.raises(Unauthenticated):
            authenticator.identify(token)

    @pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.", "é", "x" * 100_000, "bnVsbA.bnVsbA.x"])
    def test_refuses_what_is_no_token(self, authenticator: Authenticator, token: str) -> None:
        with pytest.raises(Unauthenticated):
            authenticator.identify(token)


class TestKeys:
    def test_of_a_rotation_are_fetched_when_they_are_met(
        self, issuer: LocalIssuer, authenticator: Authenticator, hands: Hands
    ) -> None:
        before = issuer.token(subject="li", roles=[])
        authenticator.identify(before)
        issuer.rotate()
        hands.seconds += 11
        authenticator.identify(issuer.token(subject="wang", roles=[]))
        authenticator.identify(issuer.token(subject="zhao", roles=[]))

    def test_unknown_are_asked_for_at_most_every_ten_seconds(
        self, issuer: LocalIssuer, authenticator: Authenticator, hands: Hands
    ) -> None:
        authenticator.identify(issuer.token(subject="li", roles=[]))
        issuer.rotate()
        hands.seconds += 9
        token = issuer.token(subject="wang", roles=[])
        with pytest.raises(Unauthenticated):
            authenticator.identify(token)
        hands.seconds += 2
        authenticator.identify(token)

    def test_withdrawn_are_forgotten_after_a_while(
        self, issuer: LocalIssuer, authenticator: Authenticator, hands: Hands
    ) -> None:
        authenticator.identify(issuer.token(subject="li", roles=[]))
        old = issuer.token(subject="wang", roles=[])
        issuer.rotate()
        issuer.rotate()
        hands.seconds += 301
        authenticator.identify(issuer.token(subject="zhao", roles=[]))
        with pytest.raises(Unauthenticated):
            authenticator.identify(old)

    def test_are_kept_while_the_issuer_is_away(
        self, issuer: LocalIssuer, authenticator: Authenticator, hands: Hands
    ) -> None:
        authenticator.identify(issuer.token(subject="li", roles=[]))
        later = issuer.token(subject="wang", roles=[])
        issuer.stop()
        hands.seconds += 3600
        authenticator.identify(later)

    def test_not_to_be_had_make_us_unavailable_and_blame_nobody(self, issuer: LocalIssuer, tmp_path: Path) -> None:
        token = issuer.token(subject="li", roles=[])
        away = Authenticator(issuer=issuer.url, audience="hotline", jwks_url=f"{issuer.url}/nowhere")
        with pytest.raises(Unavailable):
            away.identify(token)


class TestServicePrincipal:
    def test_is_named_by_the_certificates_uri(self) -> None:
        principal = service_principal(["intake.hotline.svc", "spiffe://hotline/service/intake"])
        assert principal is not None
        assert principal.subject == "service:intake"
        assert principal.roles == {"service"}

    @pytest.mark.parametrize(
        "uri",
        ["spiffe://elsewhere/service/intake", "spiffe://hotline/service/", "spiffe://hotline/service/a/b", "intake"],
    )
    def test_is_nobody_without_one_of_ours(self, uri: str) -> None:
        assert service_principal([uri]) is None

    @pytest.mark.parametrize(("domain", "mode"), [("hotline", "real"), ("hotline-training", "training")])
    def test_is_nobody_in_the_other_mode(self, domain: str, mode: str) -> None:
        uri = f"spiffe://{domain}/service/intake"
        known = [each for each in ("real", "training") if service_principal([uri], mode=each) is not None]
        assert known == [mode]


class TestLocalIssuer:
    def ask(self, issuer: LocalIssuer, **form: str) -> dict[str, Any]:
        body = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(f"{issuer.url}/token", body, timeout=5) as response:
            answer: dict[str, Any] = json.load(response)
        return answer

    def test_gives_a_token_to_who_knows_the_secret(self, issuer: LocalIssuer, authenticator: Authenticator) -> None:
        answer = self.ask(issuer, client_secret=issuer.secret, subject="li", roles="operator reviewer")
        assert authenticator.identify(answer["access_token"]).roles == {"operator", "reviewer"}

    @pytest.mark.parametrize("secret", ["", "guess"])
    def test_gives_none_to_others(self, issuer: LocalIssuer, secret: str) -> None:
        with pytest.raises(urllib.error.HTTPError) as raised:
            self.ask(issuer, client_secret=secret, subject="li")
        assert raised.value.code == 401

    def test_signs_for_twelve_hours_at_most(self, issuer: LocalIssuer) -> None:
        lifetime = str(MAX_LIFETIME_SECONDS + 1)
        with pytest.raises(urllib.error.HTTPError) as raised:
            self.ask(issuer, client_secret=issuer.secret, subject="li", lifetime_seconds=lifetime)
        assert raised.value.code == 400

    def test_keeps_its_keys_and_its_secret_for_its_owner_alone(self, issuer: LocalIssuer, tmp_path: Path) -> None:
        again = LocalIssuer(tmp_path / "issuer")
        assert again.jwks() == issuer.jwks()
        assert again.secret == issuer.secret
        assert {path.stat().st_mode & 0o777 for path in (tmp_path / "issuer").iterdir()} == {0o600}
