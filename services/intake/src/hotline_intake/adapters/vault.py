"""The vault: a key per citizen (`hotline_kernel.sealing`), and telephone numbers that are found again (Art. 36(4)).

A number is found by keyed BLAKE2b under a key of its own, so that the hash tells nothing without it.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from hotline_kernel.sealing import Envelopes, FileKeyEncryption, KeyEncryption, read_key_file

from hotline_intake.domain.citizen import normalised_phone


class Vault(Envelopes):
    """Makes and opens citizens' keys, and finds citizens by telephone number."""

    def __init__(self, *, keys: KeyEncryption, lookup_key: bytes) -> None:
        super().__init__(keys)
        self._lookup_key = lookup_key

    def phone_hash(self, *, phone: str) -> bytes:
        """What a number is found by; the same for every way to write it."""
        return hashlib.blake2b(normalised_phone(phone=phone).encode(), key=self._lookup_key, digest_size=32).digest()

    def hashes(self, *, words: Sequence[str]) -> list[int]:
        """What words are compared by, 32 bits each; not the key itself, so that nobody meets a number's hash in it."""
        key = hashlib.blake2b(b"words", key=self._lookup_key, digest_size=32).digest()
        digests = (hashlib.blake2b(word.encode(), key=key, digest_size=4).digest() for word in words)
        return [int.from_bytes(digest) for digest in digests]


def from_files(*, keys: Path, lookup_key: Path) -> Vault:
    """The vault of a process. The lookup file has one line, shaped as those of the key file. Raises `KeyFileError`."""
    (lookup,) = list(read_key_file(lookup_key).values())[-1:]
    return Vault(keys=FileKeyEncryption(keys), lookup_key=lookup)
