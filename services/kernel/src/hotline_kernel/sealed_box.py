"""What may be read on one other side alone: sealed to its public key, and signed by ours (Art. 36(4)).

A sealed box: an ephemeral X25519 key agrees with the reader's, HKDF-SHA256 derives a key that is used once, AES-256-GCM
encrypts. Whoever carries it, a broker or a backup, has nothing to read.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hotline_kernel.sealing import read_key_file

PUBLIC_KEYS_BYTES = 64
"""The key to seal to, then the key that signatures are checked with."""
_KEY_BYTES = 32
_VERSION = b"\x01"
_ID_BYTES = 8
_NONCE = bytes(12)  # each key encrypts once
_HEAD_BYTES = len(_VERSION) + _ID_BYTES + _KEY_BYTES


class SealBroken(ValueError):
    """It is not sealed to any of our keys, was changed, or was moved to another place."""


class SealingKeys:
    """Our private keys, from a file: one a line, its id, a space, 32 bytes in base64; the last is ours now."""

    def __init__(self, path: Path) -> None:
        """Raises `KeyFileError`."""
        seeds: Sequence[bytes] = list(read_key_file(path).values())
        private = [X25519PrivateKey.from_private_bytes(_derive(seed, b"hotline seal")) for seed in seeds]
        self._private = {_id(key.public_key().public_bytes_raw()): key for key in private}
        self._signing = Ed25519PrivateKey.from_private_bytes(_derive(seeds[-1], b"hotline sign"))
        self.public_keys = private[-1].public_key().public_bytes_raw() + self._signing.public_key().public_bytes_raw()

    def open(self, *, sealed: bytes, place: str) -> bytes:
        """What was sealed to us for this place. Raises `SealBroken`."""
        version, key_id = sealed[:1], sealed[1 : 1 + _ID_BYTES]
        ephemeral = sealed[1 + _ID_BYTES : _HEAD_BYTES]
        private = self._private.get(key_id)
        if version != _VERSION or private is None or len(ephemeral) != _KEY_BYTES:
            raise SealBroken(f"{place} is not sealed to any key of ours")
        try:
            shared = private.exchange(X25519PublicKey.from_public_bytes(ephemeral))
            key = _derive(shared, ephemeral + private.public_key().public_bytes_raw())
            return AESGCM(key).decrypt(_NONCE, sealed[_HEAD_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"{place} does not open with our key") from error

    def sign(self, message: bytes) -> bytes:
        """Our signature."""
        return self._signing.sign(message)


def seal(*, plain: bytes, to: bytes, place: str) -> bytes:
    """Ciphertext that the owner of the public keys `to` opens, as what it is.

    place -- whose and which field it is; a ciphertext moved elsewhere does not open.
    """
    reader = to[:_KEY_BYTES]
    ephemeral = X25519PrivateKey.generate()
    public = ephemeral.public_key().public_bytes_raw()
    key = _derive(ephemeral.exchange(X25519PublicKey.from_public_bytes(reader)), public + reader)
    return _VERSION + _id(reader) + public + AESGCM(key).encrypt(_NONCE, plain, place.encode())


def is_signed(*, message: bytes, signature: bytes, by: bytes) -> bool:
    """Whether the owner of the public keys `by` signed it."""
    try:
        Ed25519PublicKey.from_public_bytes(by[_KEY_BYTES:]).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public_keys: bytes) -> str:
    """What two people compare by voice: `ab12-cd34-…`, 80 bits."""
    digest = hashlib.sha256(public_keys).hexdigest()[:20]
    return "-".join(digest[start : start + 4] for start in range(0, len(digest), 4))


def _id(public_key: bytes) -> bytes:
    return hashlib.sha256(public_key).digest()[:_ID_BYTES]


def _derive(secret: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(secret)
