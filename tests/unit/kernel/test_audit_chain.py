"""The chain of the record: what a link covers, and what a walk along it finds (Art. 36).

Tampering with real tables is in tests/integration/kernel/test_audit.py.
"""

import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hotline.operations.v1.audit_service_pb2 import AuditEntry, Seal
from hotline_kernel import audit_chain
from hotline_kernel.audit_chain import GENESIS, Verification
from hypothesis import assume, given
from hypothesis import strategies as st

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
GOLDEN = "a4104f2ff3ae77a6c1e6e9d267e8bece76ed0658dacd7f50fdc90956a4fbb240"
PUBLIC_KEY = KEY.public_key().public_bytes_raw()

words = st.text(max_size=8)
any_entry = st.builds(
    AuditEntry,
    position=st.integers(1, 2**40),
    actor=words,
    roles=words,
    action=words,
    resource=words,
    purpose=words,
    details=words,
    trace_id=words,
)


def entry(position: int, *, seal: int) -> AuditEntry:
    made = AuditEntry(position=position, actor="甲", action="intake.appeals.get", resource="appeals/1", seal=seal)
    made.time.FromDatetime(datetime(2026, 5, 8, 1, 0, 0, position, tzinfo=UTC))
    return made


def link(number: int, previous: bytes, entries: Sequence[AuditEntry], *, key: Ed25519PrivateKey = KEY) -> Seal:
    digest = audit_chain.link_hash(previous, entries)
    return Seal(
        seal=number,
        entries=len(entries),
        hash=digest,
        signature=key.sign(audit_chain.signed_text(service="intake", seal=number, link=digest)),
        public_key=key.public_key().public_bytes_raw(),
    )


def chain(entries: Iterable[AuditEntry], *, key: Ed25519PrivateKey = KEY) -> list[Seal]:
    """Seal entries as their `seal` says."""
    by_seal: dict[int, list[AuditEntry]] = {}
    for one in entries:
        by_seal.setdefault(one.seal, []).append(one)
    seals: list[Seal] = []
    for number in sorted(by_seal):
        seals.append(link(number, seals[-1].hash if seals else GENESIS, by_seal[number], key=key))
    return seals


T = TypeVar("T")


def given_as(items: Sequence[T]) -> Callable[[], Iterator[T]]:
    return lambda: iter(items)


ENTRIES = [entry(position, seal=(position + 1) // 2) for position in range(1, 9)]
SEALS = chain(ENTRIES)


def verify(
    seals: Sequence[Seal] = SEALS,
    entries: Sequence[AuditEntry] = ENTRIES,
    heads: Sequence[Seal] = SEALS,
    known_keys: Sequence[bytes] = (),
) -> Verification:
    return audit_chain.verify_chain(
        "intake",
        seals=given_as(seals),
        entries=given_as(entries),
        kept_heads={"dispatch": given_as(heads)},
        known_keys=known_keys,
    )


class TestALink:
    def test_never_changes_its_form(self) -> None:
        """A record sealed years ago must still verify."""
        assert audit_chain.link_hash(GENESIS, ENTRIES[:2]).hex() == GOLDEN
        assert audit_chain.signed_text(service="sla", seal=7, link=b"\x01\xff") == b"sla:7:01ff"

    @given(any_entry, any_entry)
    def test_differs_for_entries_that_differ(self, one: AuditEntry, other: AuditEntry) -> None:
        assume(one != other)
        assert audit_chain.serialise(one) != audit_chain.serialise(other)

    def test_keeps_text_in_its_column(self) -> None:
        one = AuditEntry(actor="ab", roles="c")
        other = AuditEntry(actor="a", roles="bc")
        assert audit_chain.serialise(one) != audit_chain.serialise(other)

    def test_is_signed_for_one_service_and_one_seal(self) -> None:
        seal = SEALS[0]
        signed = {"link": seal.hash, "signature": seal.signature, "public_key": seal.public_key}
        assert audit_chain.is_signed(service="intake", seal=1, **signed)
        assert not audit_chain.is_signed(service="sla", seal=1, **signed)
        assert not audit_chain.is_signed(service="intake", seal=2, **signed)
        assert not audit_chain.is_signed(service="intake", seal=1, **{**signed, "public_key": b"no key"})


class TestAWholeChain:
    def test_has_no_findings(self) -> None:
        found = verify()
        assert found.findings == []
        assert (found.seals, found.entries, found.heads, found.unsealed) == (4, 8, 4, 0)

    def test_may_be_empty(self) -> None:
        found = verify([], [], [])
        assert found == Verification("intake")

    def test_counts_what_is_not_sealed_yet(self) -> None:
        found = verify(entries=[*ENTRIES, entry(9, seal=0)])
        assert (found.findings, found.unsealed) == ([], 1)

    def test_may_have_entries_sealed_after_later_ones(self) -> None:
        entries = [entry(1, seal=1), entry(2, seal=2), entry(3, seal=1), entry(4, seal=3), entry(5, seal=2)]
        assert verify(chain(entries), entries, []).findings == []

    def test_may_grow_while_it_is_walked(self) -> None:
        grown = [*ENTRIES, entry(9, seal=5), entry(10, seal=0)]
        walks = iter([SEALS, chain(grown[:9]), chain(grown[:9])])
        found = audit_chain.verify_chain(
            "intake", seals=lambda: next(walks), entries=given_as(grown), kept_heads={"dispatch": given_as(SEALS)}
        )
        assert (found.findings, found.unsealed) == ([], 2)

    def test_may_be_ahead_of_who_keeps_its_heads(self) -> None:
        assert verify(heads=SEALS[:2]).findings == []

    def test_may_be_older_than_who_keeps_its_heads(self) -> None:
        assert verify(heads=SEALS[2:]).findings == []

    def test_is_walked_in_memory_that_does_not_grow(self) -> None:
        assert _peak_memory(4_000) < 64 * 1024  # what is kept of 2,000 seals would be more


def _peak_memory(entries: int) -> int:
    def read() -> Iterator[AuditEntry]:
        return (entry(position, seal=(position + 1) // 2) for position in range(1, entries + 1))

    def seals() -> Iterator[Seal]:
        previous, source = GENESIS, read()
        for number, pair in enumerate(zip(source, source, strict=True), start=1):
            made = link(number, previous, pair)
            yield made
            previous = made.hash

    tracemalloc.start()
    try:
        found = audit_chain.verify_chain("intake", seals=seals, entries=read, kept_heads={"dispatch": seals})
        assert (found.findings, found.entries) == ([], entries)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class TestFindings:
    def test_name_the_seal_whose_entry_was_changed_and_no_other(self) -> None:
        changed = AuditEntry()
        changed.CopyFrom(ENTRIES[2])
        changed.purpose = "another"
        found = verify(entries=[*ENTRIES[:2], changed, *ENTRIES[3:]])
        assert found.findings == ["intake: seal 2: its entries, up to position 4, are not those it was made of"]

    def test_name_the_seal_that_lost_an_entry(self) -> None:
        found = verify(entries=[*ENTRIES[:4], *ENTRIES[5:]])
        assert found.findings == ["intake: seal 3: 1 of its 2 entries are there"]

    def test_name_an_entry_too_many(self) -> None:
        found = verify(entries=[*ENTRIES[:4], entry(5, seal=2), *ENTRIES[4:]])
        assert found.findings == ["intake: seal 2: the entry at position 5 does not belong to it"]

    def test_name_an_entry_of_a_seal_that_never_was(self) -> None:
        found = verify(entries=[*ENTRIES, entry(9, seal=99)])
        assert found.findings == ["intake: there are entries of a seal 99, which is missing"]

    def test_name_every_seal_whose_entries_are_gone(self) -> None:
        found = verify(entries=ENTRIES[:4])
        assert found.findings == [f"intake: seal {n}: 0 of its 2 entries are there" for n in (3, 4)]

    def test_name_a_gap_in_the_seals(self) -> None:
        found = verify([SEALS[0], *SEALS[2:]])
        assert found.findings == [
            "intake: the seals from 2 to 2 are missing",
            "intake: seal 2: the entry at position 3 does not belong to it",
            "intake: seal 2: the entry at position 4 does not belong to it",
        ]

    def test_name_a_chain_cut_short(self) -> None:
        found = verify(SEALS[:2], ENTRIES[:4])
        assert found.findings == [
            "intake: the chain ends with seal 2, but dispatch keeps the head of seal 4: it was cut short"
        ]

    def test_name_a_wrong_signature(self) -> None:
        forged = Seal()
        forged.CopyFrom(SEALS[3])
        forged.signature = bytes(64)
        assert verify([*SEALS[:3], forged]).findings == ["intake: seal 4: its signature is wrong"]

    def test_name_every_seal_of_a_chain_rewritten_with_another_key(self) -> None:
        found = verify(chain(ENTRIES, key=OTHER_KEY))
        assert found.findings == [
            f"intake: seal {n}: differs from the head that dispatch keeps, which is signed" for n in (1, 2, 3, 4)
        ]

    def test_tell_a_kept_head_that_was_changed_itself(self) -> None:
        changed = Seal()
        changed.CopyFrom(SEALS[0])
        changed.hash = bytes(32)
        found = verify(heads=[changed, *SEALS[1:]])
        assert found.findings == [
            "intake: seal 1: differs from the head that dispatch keeps, which is NOT signed by its key"
        ]

    def test_name_heads_missing_at_who_keeps_them(self) -> None:
        assert verify(heads=[SEALS[0], SEALS[3]]).findings == [
            "intake: dispatch keeps no heads of the seals from 2 to 3"
        ]

    def test_name_a_change_of_key(self) -> None:
        last = link(4, SEALS[2].hash, ENTRIES[6:], key=OTHER_KEY)
        found = verify([*SEALS[:3], last], heads=[])
        assert found.findings == [f"intake: seal 4: the key changed to {last.public_key.hex()}"]

    def test_accept_keys_the_auditor_knows_and_name_every_other(self) -> None:
        last = link(4, SEALS[2].hash, ENTRIES[6:], key=OTHER_KEY)
        seals = [*SEALS[:3], last]
        assert verify(seals, heads=[], known_keys=[PUBLIC_KEY, last.public_key]).findings == []
        assert verify(seals, heads=[], known_keys=[PUBLIC_KEY]).findings == [
            f"intake: seal 4: is signed with a key that is not known, {last.public_key.hex()}"
        ]

    def test_end_after_a_thousand(self) -> None:
        entries = [entry(position, seal=position) for position in range(1, 1500)]
        found = verify(chain(entries), [], [])
        assert len(found.findings) == 1001
        assert found.findings[-1] == "intake: there is more than these 1000 findings"
