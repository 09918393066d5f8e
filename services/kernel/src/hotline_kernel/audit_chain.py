"""The chain that makes the record tamper-evident (Art. 36): how a link is made, and how a whole chain is verified.

Pure: no database, no network. What is hashed is the entry as the API shows it, so that whoever may read the record can
verify it. docs/explanation/audit.md says what the chain proves and what it cannot.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hotline.operations.v1.audit_service_pb2 import AuditEntry, Seal

GENESIS = bytes(32)
"""The hash before the first seal."""

_MOST_FINDINGS = 1000

Entries = Callable[[], Iterable[AuditEntry]]
Seals = Callable[[], Iterable[Seal]]


def link_hash(previous: bytes, entries: Iterable[AuditEntry]) -> bytes:
    """Return the hash of a seal: SHA-256 over the hash before and its entries in order of position."""
    digest = hashlib.sha256(previous)
    for entry in entries:
        digest.update(serialise(entry))
    return digest.digest()


def serialise(entry: AuditEntry) -> bytes:
    """Return every column of an entry but its seal, each as UTF-8 after its length in four bytes (big-endian).

    The lengths keep text from moving between columns unseen.
    """
    columns = (
        str(entry.position),
        f"{entry.time.seconds}.{entry.time.nanos:09d}",
        entry.actor,
        entry.roles,
        entry.action,
        entry.resource,
        entry.purpose,
        entry.details,
        entry.trace_id,
    )
    encoded = [column.encode() for column in columns]
    return b"".join(len(column).to_bytes(4) + column for column in encoded)


def signed_text(*, service: str, seal: int, link: bytes) -> bytes:
    """Return what a service signs of a seal whose hash is `link`."""
    return f"{service}:{seal}:{link.hex()}".encode()


def is_signed(*, service: str, seal: int, link: bytes, signature: bytes, public_key: bytes) -> bool:
    """Say whether the signature is that of the key over the seal of this service."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(
            signature, signed_text(service=service, seal=seal, link=link)
        )
    except (InvalidSignature, ValueError):  # ValueError: not a key at all
        return False
    return True


@dataclass
class Verification:
    """What a walk along a chain has seen, and what is wrong with it."""

    service: str
    seals: int = 0
    entries: int = 0
    """Entries in seals."""
    unsealed: int = 0
    """Entries not yet sealed when the walk began; nothing is proved of them."""
    heads: int = 0
    """Heads that other services keep. Without any, a chain cut short or rewritten as a whole goes unseen."""
    findings: list[str] = field(default_factory=list)
    """What is wrong, a sentence each; a thousand at most."""

    def find(self, sentence: str) -> None:
        """Add a finding."""
        if len(self.findings) < _MOST_FINDINGS:
            self.findings.append(f"{self.service}: {sentence}")
        elif len(self.findings) == _MOST_FINDINGS:
            self.findings.append(f"{self.service}: there is more than these {_MOST_FINDINGS} findings")


def verify_chain(
    service: str,
    *,
    seals: Seals,
    entries: Entries,
    kept_heads: Mapping[str, Seals],
    known_keys: Collection[bytes] = (),
) -> Verification:
    """Walk the whole chain of a service and compare it with the heads that others keep.

    Memory does not grow with the chain, so each argument is a function that begins to read (page by page) when called,
    seals twice at least. The chain may grow meanwhile: what comes after the first walk over the seals is not judged.

    seals, entries -- in order;  kept_heads -- by keeper, each in order;
    known_keys -- raw public keys the auditor has from elsewhere; with none, a change of key is a finding.
    """
    found = Verification(service)
    # The ends first: a head that is kept now must be in the seals that are read afterwards.
    ends = {keeper: _count_heads(found, keeper, heads()) for keeper, heads in kept_heads.items()}
    last = _verify_seals(found, seals(), {keeper: heads() for keeper, heads in kept_heads.items()}, known_keys)
    for keeper, end in ends.items():
        if end > last:
            found.find(f"the chain ends with seal {last}, but {keeper} keeps the head of seal {end}: it was cut short")
    _verify_entries(found, entries(), seals, last)
    return found


def _count_heads(found: Verification, keeper: str, heads: Iterable[Seal]) -> int:
    last = 0
    for head in heads:
        if last and head.seal != last + 1:
            found.find(f"{keeper} keeps no heads of the seals from {last + 1} to {head.seal - 1}")
        last = head.seal
        found.heads += 1
    return last


def _verify_seals(
    found: Verification, seals: Iterable[Seal], kept_heads: Mapping[str, Iterable[Seal]], known_keys: Collection[bytes]
) -> int:
    keepers = [_Keeper(name, iter(heads)) for name, heads in kept_heads.items()]
    last, key = 0, b""
    for seal in seals:
        found.seals += 1
        if seal.seal != last + 1:
            found.find(f"the seals from {last + 1} to {seal.seal - 1} are missing")
        if not _is_signed(found.service, seal):
            found.find(f"seal {seal.seal}: its signature is wrong")
        if known_keys and seal.public_key not in known_keys:
            found.find(f"seal {seal.seal}: is signed with a key that is not known, {seal.public_key.hex()}")
        elif not known_keys and key not in (b"", seal.public_key):
            found.find(f"seal {seal.seal}: the key changed to {seal.public_key.hex()}")
        for keeper in keepers:
            keeper.compare(found, seal)
        last, key = seal.seal, seal.public_key
    return last


def _is_signed(service: str, seal: Seal) -> bool:
    return is_signed(
        service=service, seal=seal.seal, link=seal.hash, signature=seal.signature, public_key=seal.public_key
    )


class _Keeper:
    """The heads one service keeps, walked in step with the seals at home."""

    def __init__(self, name: str, heads: Iterator[Seal]) -> None:
        self._name = name
        self._heads = heads
        self._head = next(heads, None)

    def compare(self, found: Verification, seal: Seal) -> None:
        while self._head is not None and self._head.seal < seal.seal:
            self._head = next(self._heads, None)
        head = self._head
        if head is None or head.seal != seal.seal:
            return
        if (head.hash, head.public_key, head.entries) != (seal.hash, seal.public_key, seal.entries):
            proof = "is signed" if _is_signed(found.service, head) else "is NOT signed by its key"
            found.find(f"seal {seal.seal}: differs from the head that {self._name} keeps, which {proof}")


@dataclass
class _Link:
    """A seal whose entries are still coming: entries commit, and so are sealed, in nearly their order only."""

    seal: Seal
    digest: "hashlib._Hash | None"
    """None if the hash before is missing."""
    entries: int = 0


def _verify_entries(found: Verification, entries: Iterable[AuditEntry], seals: Seals, last: int) -> None:
    links = _links(seals())
    waiting: dict[int, _Link] = {}
    read = 0
    later: set[int] = set()
    for entry in entries:
        if entry.seal == 0 or entry.seal > last:
            found.unsealed += 1
            later.update({entry.seal} - {0})
            continue
        while read < entry.seal and (link := next(links, None)) is not None:
            read = link.seal.seal
            waiting[read] = link
        _add(found, waiting, entry)
    for link in _until(last, waiting, links):
        found.find(f"seal {link.seal.seal}: {link.entries} of its {link.seal.entries} entries are there")
    if later:
        later.difference_update(seal.seal for seal in seals())
        for number in sorted(later):
            found.find(f"there are entries of a seal {number}, which is missing")


def _links(seals: Iterable[Seal]) -> Iterator[_Link]:
    number, link = 0, GENESIS
    for seal in seals:
        yield _Link(seal, hashlib.sha256(link) if seal.seal == number + 1 else None)
        number, link = seal.seal, seal.hash


def _add(found: Verification, waiting: dict[int, _Link], entry: AuditEntry) -> None:
    found.entries += 1
    link = waiting.get(entry.seal)
    if link is None:
        found.find(f"seal {entry.seal}: the entry at position {entry.position} does not belong to it")
        return
    link.entries += 1
    if link.digest:
        link.digest.update(serialise(entry))
    if link.entries == link.seal.entries:
        del waiting[entry.seal]
        if link.digest and link.digest.digest() != link.seal.hash:
            found.find(f"seal {entry.seal}: its entries, up to position {entry.position}, are not those it was made of")


def _until(last: int, waiting: Mapping[int, _Link], links: Iterator[_Link]) -> Iterator[_Link]:
    yield from waiting.values()
    for link in links:
        if link.seal.seal > last:
            return
        yield link
