"""What only some may read is encrypted under a key of its own, wrapped by a key outside the database (Art. 36(4)).

Envelope encryption with AES-256-GCM. Whoever has the database has ciphertexts; whoever forgets a wrapped key has
forgotten what it sealed, in every backup of the ciphertexts too.
"""

import base64
import binascii
import os
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_NONCE_BYTES = 12
_WRAP_PURPOSE = b"hotline citizen key "  # of what was wrapped first; what is wrapped already must open with it


class KeyFileError(ValueError):
    """A key file cannot be used; says which and why, never what stands in it."""


class KeyEncryption(Protocol):
    """Keeps the key-encryption key; shaped as the wrap and unwrap calls of a KMS."""

    def wrap(self, key: bytes) -> bytes:
        """The data key, encrypted."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """The data key again."""


class FileKeyEncryption:
    """Key-encryption keys from a file: one a line, its id, a space, 32 bytes in base64.

    The last line wraps; the lines before it still unwrap, so a rotation appends a line.
    """

    def __init__(self, path: Path) -> None:
        """Raises `KeyFileError`."""
        keys = read_key_file(path)
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._newest = list(keys)[-1]

    def wrap(self, key: bytes) -> bytes:
        """The data key, encrypted under the newest key."""
        key_id = self._newest.encode()
        return bytes([len(key_id)]) + key_id + _encrypt(self._ciphers[self._newest], key, _WRAP_PURPOSE + key_id)

    def unwrap(self, wrapped: bytes) -> bytes:
        """The data key again. A `KeyError` names a key that the file has lost."""
        key_id = wrapped[1 : 1 + wrapped[0]]
        return _decrypt(self._ciphers[key_id.decode()], wrapped[1 + wrapped[0] :], _WRAP_PURPOSE + key_id)


class DataKey:
    """The key of one citizen or report, open."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, *, plain: str, place: str) -> bytes:
        """Ciphertext that opens only as what it is.

        place -- whose and which field it is, `citizens/…/appeals/…/text`; a ciphertext moved elsewhere does not open.
        """
        return _encrypt(self._cipher, plain.encode(), place.encode())

    def open(self, *, sealed: bytes, place: str) -> str:
        """The plain text again. Raises `cryptography.exceptions.InvalidTag` if it was changed or moved."""
        return _decrypt(self._cipher, sealed, place.encode()).decode()


class Envelopes:
    """Makes data keys and opens them again."""

    def __init__(self, keys: KeyEncryption) -> None:
        self._keys = keys

    def issue(self) -> tuple[bytes, DataKey]:
        """A new data key, wrapped for the database and open for now."""
        key = os.urandom(_KEY_BYTES)
        return self._keys.wrap(key), DataKey(key)

    def unlock(self, *, wrapped_key: bytes) -> DataKey:
        """A data key, open."""
        return DataKey(self._keys.unwrap(wrapped_key))


def new_key_line(*, key_id: str) -> str:
    """A fresh random key as a line of a key file."""
    return f"{key_id} {base64.b64encode(os.urandom(_KEY_BYTES)).decode()}\n"


def read_key_file(path: Path) -> dict[str, bytes]:
    """Keys by id, oldest first. Raises `KeyFileError`."""
    keys: dict[str, bytes] = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        try:
            key_id, encoded = line.split()
            key = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error) as error:
            raise KeyFileError(f"{path}: line {number} is not an id, a space and a key in base64") from error
        if len(key) != _KEY_BYTES or not 0 < len(key_id.encode()) < 256 or key_id in keys:
            raise KeyFileError(f"{path}: line {number} needs an id of its own and {_KEY_BYTES} bytes")
        keys[key_id] = key
    if not keys:
        raise KeyFileError(f"{path}: there is no key in it")
    return keys


def _encrypt(cipher: AESGCM, plain: bytes, associated: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, associated)


def _decrypt(cipher: AESGCM, sealed: bytes, associated: bytes) -> bytes:
    return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], associated)
