"""The record on a real PostgreSQL: sealing, keeping heads, and finding whoever tampers with it (Art. 36)."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf import json_format
from hotline.operations.events.v1.audit_events_pb2 import AuditSealed
from hotline.operations.v1 import audit_service_pb2 as pb
from hotline_kernel import audit, audit_chain, migrate
from hotline_kernel.audit_chain import Verification
from hotline_kernel.audit_servicer import AuditServicer
from hotline_kernel.auth import Principal
from hotline_kernel.call import Call
from hotline_kernel.clock import SystemClock
from hotline_kernel.db import Database, Transaction
from hotline_kernel.inbox import Envelope
from hotline_kernel.settings import Settings
from prometheus_client import REGISTRY

NOW = datetime(2026, 5, 8, 1, 0, 0, 123456, tzinfo=UTC)
OPERATOR = Principal("operator-7", frozenset({"operator", "reviewer"}), "", "320100")
AUDITOR = Principal("auditor-1", frozenset({"auditor"}), "", "")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
BATCHES = (3, 4, 5)
"""Entries of the three seals that most tests begin with: positions 1-3, 4-7 and 8-12."""


@pytest.fixture
def kernel_database_url(database_url: str) -> str:
    """A database with the kernel's tables alone."""
    environ = {"HOTLINE_DATABASE_URL": database_url, "HOTLINE_BROKER_URL": "amqp://nowhere"}
    settings = Settings.load(service="intake", environ=environ)
    migrate.run(settings=settings, package="hotline_cli", phase="pre")  # a package without tables of its own
    return database_url


@pytest.fixture
def database(kernel_database_url: str) -> Iterator[Database[Transaction]]:
    database = Database(conninfo=kernel_database_url, transaction=Transaction, audience={})
    database.open()
    yield database
    database.close()


@pytest.fixture
def tamper(kernel_database_url: str) -> Iterator[Callable[[str], None]]:
    """Run SQL as one who owns the database and has switched the triggers off."""
    with psycopg.connect(kernel_database_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")

        def run(sql: str) -> None:
            for statement in sql.split(";"):
                connection.execute(statement)

        yield run


@pytest.fixture
def sealed(database: Database[Transaction]) -> Database[Transaction]:
    """A record with three seals, whose heads dispatch keeps."""
    for entries in BATCHES:
        record(database, entries)
        assert seal(database) == entries
    keep_heads(database)
    return database


def record(database: Database[Transaction], entries: int) -> None:
    with database.transaction(actor=OPERATOR) as tx:
        for number in range(entries):
            tx.record(
                action="intake.contacts.reveal",
                resource=f"appeals/{number}",
                time=NOW + timedelta(microseconds=number),
                purpose="回访",
                details={"字段": "phone", "channel": 'hot"line'},
            )


def seal(database: Database[Transaction], *, key: Ed25519PrivateKey = KEY) -> int:
    with database.transaction() as tx:
        return audit.seal(tx=tx, service="intake", key=key, now=NOW)


def envelope(source: str = "intake") -> Envelope:
    return Envelope(id=None, source=source, aggregate=f"audit/{source}", sequence=1, type="", time=NOW, traceparent="")


def announced(database: Database[Transaction]) -> list[AuditSealed]:
    with database.transaction() as tx:
        rows = tx.all("SELECT payload FROM outbox WHERE aggregate = 'audit/intake' ORDER BY sequence")
    return [json_format.Parse(row["payload"], AuditSealed()) for row in rows]


def keep(database: Database[Transaction], event: AuditSealed) -> None:
    with database.transaction() as tx:
        audit.keep_head(event, tx=tx, now=NOW, envelope=envelope())


def keep_heads(database: Database[Transaction]) -> None:
    for event in announced(database):
        keep(database, event)


def metric(name: str) -> float:
    value = REGISTRY.get_sample_value(name, {"service": "intake"})
    assert value is not None, name
    return value


class Reader:
    """Reads the record as an auditor does, by the API and its pages."""

    def __init__(self, database: Database[Transaction], *, page_size: int = 2) -> None:
        self._servicer = AuditServicer(database, SystemClock())
        self._page_size = page_size
        self._call = Call(principal=AUDITOR, method="", permission="operations.audit.list", trace_id="")

    def entries(self, *, resource: str = "", seal: int = 0) -> Iterator[pb.AuditEntry]:
        request = pb.ListAuditEntriesRequest(resource=resource, seal=seal, page_size=self._page_size)
        while True:
            answer = self._servicer.ListAuditEntries(request, self._call)
            yield from answer.entries
            if not (token := answer.next_page_token):
                return
            request.page_token = token

    def seals(self) -> Iterator[pb.Seal]:
        request = pb.ListSealsRequest(page_size=self._page_size)
        while True:
            answer = self._servicer.ListSeals(request, self._call)
            yield from answer.seals
            if not (token := answer.next_page_token):
                return
            request.page_token = token

    def heads(self, source: str = "intake") -> Iterator[pb.Seal]:
        request = pb.ListKeptHeadsRequest(source=source, page_size=self._page_size)
        while True:
            answer = self._servicer.ListKeptHeads(request, self._call)
            yield from answer.heads
            if not (token := answer.next_page_token):
                return
            request.page_token = token


def verify(database: Database[Transaction], *, page_size: int = 2) -> Verification:
    reader = Reader(database, page_size=page_size)
    return audit_chain.verify_chain(
        "intake", seals=reader.seals, entries=reader.entries, kept_heads={"dispatch": reader.heads}
    )


class TestSealing:
    def test_leaves_a_chain_that_verifies(self, sealed: Database[Transaction]) -> None:
        found = verify(sealed)
        assert found.findings == []
        assert (found.seals, found.entries, found.heads) == (3, 12, 3)

    def test_shows_the_entry_as_it_was_recorded(self, sealed: Database[Transaction]) -> None:
        entry = next(Reader(sealed).entries())
        assert json_format.MessageToDict(entry, preserving_proto_field_name=True) == {
            "position": "1",
            "time": "2026-05-08T01:00:00.123456Z",
            "actor": "operator-7",
            "roles": "operator,reviewer",
            "action": "intake.contacts.reveal",
            "resource": "appeals/0",
            "purpose": "回访",
            "details": '{"channel":"hot\\"line","字段":"phone"}',
            "seal": "1",
        }

    def test_does_nothing_without_entries(self, database: Database[Transaction]) -> None:
        assert seal(database) == 0
        assert list(Reader(database).seals()) == []
        assert announced(database) == []

    def test_announces_each_head(self, sealed: Database[Transaction]) -> None:
        events = announced(sealed)
        assert [event.entries for event in events] == list(BATCHES)
        assert [(event.seal, event.hash, event.signature, event.public_key) for event in events] == [
            (each.seal, each.hash, each.signature, each.public_key) for each in Reader(sealed).seals()
        ]

    def test_seals_late_what_was_committed_late(
        self, database: Database[Transaction], kernel_database_url: str
    ) -> None:
        with psycopg.connect(kernel_database_url) as slow:
            slow.execute(
                "INSERT INTO audit_entry (time, actor, action, resource) VALUES (now(), 'slow', 'read', 'appeals/1')"
            )
            record(database, 2)
            assert seal(database) == 2
        assert seal(database) == 1
        assert [entry.seal for entry in Reader(database).entries()][:3] == [2, 1, 1]
        assert verify(database).findings == []

    def test_goes_on_at_once_while_there_is_a_full_batch(
        self, database: Database[Transaction], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "BATCH", 5)
        record(database, 12)
        ticker = audit.sealing_ticker(database=database, clock=SystemClock(), service="intake", key=KEY)
        assert ticker.interval_seconds < 1  # the stated window
        assert [ticker.run() for _ in range(4)] == [True, True, False, False]
        assert [each.entries for each in Reader(database).seals()] == [5, 5, 2]

    def test_measures_what_waits_before_it_tries_to_seal(self, database: Database[Transaction]) -> None:
        record(database, 3)
        ticker = audit.sealing_ticker(database=database, clock=SystemClock(), service="intake", key=KEY)
        ticker.run()
        assert metric("hotline_audit_unsealed") == 3
        assert metric("hotline_audit_oldest_unsealed_seconds") > 0
        ticker.run()
        assert metric("hotline_audit_unsealed") == 0
        assert metric("hotline_audit_oldest_unsealed_seconds") == 0

    def test_stays_one_chain_with_several_sealers(self, database: Database[Transaction]) -> None:
        written = threading.Event()

        def write() -> None:
            for _ in range(60):
                record(database, 5)

        def seal_on() -> int:
            total = 0
            while True:
                last = written.is_set()
                if not (count := seal(database)) and last:
                    return total
                total += count

        with ThreadPoolExecutor(5) as pool:
            writers = [pool.submit(write) for _ in range(2)]
            sealers = [pool.submit(seal_on) for _ in range(3)]
            for writer in writers:
                writer.result()
            written.set()
            by_sealer = [sealer.result() for sealer in sealers]
        keep_heads(database)
        found = verify(database, page_size=100)
        assert found.findings == []
        assert sum(by_sealer) == found.entries == 600
        assert found.unsealed == 1  # that the auditor began to read

    def test_may_go_on_while_the_chain_is_verified(self, sealed: Database[Transaction]) -> None:
        reader = Reader(sealed)

        def growing(read: Callable[[], Iterable[pb.Seal]]) -> Iterator[pb.Seal]:
            for count, item in enumerate(read()):
                if count < 5:
                    record(sealed, 1)
                    seal(sealed)
                    keep_heads(sealed)
                yield item

        found = audit_chain.verify_chain(
            "intake",
            seals=partial(growing, reader.seals),
            entries=reader.entries,
            kept_heads={"dispatch": partial(growing, reader.heads)},
        )
        assert found.findings == []

    def test_keeps_up_with_five_thousand_entries_a_second(
        self, database: Database[Transaction], kernel_database_url: str
    ) -> None:
        with psycopg.connect(kernel_database_url) as connection:
            connection.execute(
                "INSERT INTO audit_entry (time, actor, roles, action, resource, purpose, details, trace_id)"
                " SELECT now(), 'operator-7', 'operator', 'intake.contacts.reveal', 'appeals/' || n, 'callback',"
                ' \'{"field": "phone"}\', md5(n::text) FROM generate_series(1, 20000) n'
            )
        ticker = audit.sealing_ticker(database=database, clock=SystemClock(), service="intake", key=KEY)
        rates = []
        for _ in range(20_000 // audit.BATCH):
            start = perf_counter()
            assert ticker.run()
            rates.append(audit.BATCH / (perf_counter() - start))
        print("entries/s, batch by batch:", *map(round, rates))
        assert max(rates) > 5_000  # the best, because others share the machine
        assert verify(database, page_size=1000).findings == []


class TestTheTables:
    def test_refuse_to_be_changed(self, sealed: Database[Transaction], kernel_database_url: str) -> None:
        record(sealed, 1)
        for sql in (
            "UPDATE audit_entry SET actor = 'nobody'",
            "UPDATE audit_entry SET purpose = 'x', seal = 1 WHERE seal IS NULL",
            "UPDATE audit_entry SET seal = NULL",
            "UPDATE audit_entry SET seal = seal + 1",
            "DELETE FROM audit_entry",
            "TRUNCATE audit_entry",
            "UPDATE audit_seal SET hash = ''",
            "DELETE FROM audit_seal",
            "TRUNCATE audit_seal",
            "UPDATE audit_kept_head SET hash = ''",
            "DELETE FROM audit_kept_head",
            "TRUNCATE audit_kept_head",
        ):
            with (
                psycopg.connect(kernel_database_url) as connection,
                pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"append-only \(Art\. 36\)"),
            ):
                connection.execute(sql)
        assert verify(sealed).findings == []


class TestTampering:
    @pytest.mark.parametrize(
        "change",
        [
            "time = time + interval '1 microsecond'",
            "actor = 'nobody'",
            "roles = 'auditor'",
            "action = 'intake.appeals.get'",
            "resource = 'appeals/99'",
            "purpose = ''",
            "details = '{}'",
            'details = details || \'{"more": ""}\'',
            "trace_id = 'x'",
        ],
    )
    def test_with_any_column_is_found(
        self, sealed: Database[Transaction], tamper: Callable[[str], None], change: str
    ) -> None:
        tamper(f"UPDATE audit_entry SET {change} WHERE position = 5")
        assert verify(sealed).findings == [
            "intake: seal 2: its entries, up to position 7, are not those it was made of"
        ]

    def test_with_the_position_is_found(self, sealed: Database[Transaction], tamper: Callable[[str], None]) -> None:
        tamper(
            "ALTER TABLE audit_entry ALTER position SET GENERATED BY DEFAULT;"
            "UPDATE audit_entry SET position = 100 WHERE position = 5"
        )
        assert verify(sealed).findings == [
            "intake: seal 2: its entries, up to position 100, are not those it was made of"
        ]

    def test_with_the_seal_of_an_entry_is_found(
        self, sealed: Database[Transaction], tamper: Callable[[str], None]
    ) -> None:
        tamper("UPDATE audit_entry SET seal = NULL WHERE position = 5")
        found = verify(sealed)
        assert found.findings == ["intake: seal 2: 3 of its 4 entries are there"]

    def test_by_moving_an_entry_to_another_seal_is_found(
        self, sealed: Database[Transaction], tamper: Callable[[str], None]
    ) -> None:
        tamper("UPDATE audit_entry SET seal = 3 WHERE position = 7")
        assert verify(sealed).findings == [
            "intake: seal 3: its entries, up to position 11, are not those it was made of",
            "intake: seal 3: the entry at position 12 does not belong to it",
            "intake: seal 2: 3 of its 4 entries are there",
        ]

    def test_by_deleting_an_entry_is_found(self, sealed: Database[Transaction], tamper: Callable[[str], None]) -> None:
        tamper("DELETE FROM audit_entry WHERE position = 5")
        assert verify(sealed).findings == ["intake: seal 2: 3 of its 4 entries are there"]

    def test_by_adding_an_entry_to_a_seal_is_found(
        self, sealed: Database[Transaction], tamper: Callable[[str], None]
    ) -> None:
        tamper("INSERT INTO audit_entry (time, actor, action, resource, seal) VALUES (now(), 'nobody', 'x', 'y', 2)")
        assert verify(sealed).findings == ["intake: seal 2: the entry at position 13 does not belong to it"]

    def test_by_adding_an_entry_of_a_seal_that_never_was_is_found(
        self, sealed: Database[Transaction], tamper: Callable[[str], None]
    ) -> None:
        tamper("INSERT INTO audit_entry (time, actor, action, resource, seal) VALUES (now(), 'nobody', 'x', 'y', 9)")
        assert verify(sealed).findings == ["intake: there are entries of a seal 9, which is missing"]

    def test_by_cutting_off_the_tail_with_its_seal_is_found(
        self, sealed: Database[Transaction], tamper: Callable[[str], None]
    ) -> None:
        tamper("DELETE FROM audit_entry WHERE seal = 3; DELETE FROM audit_seal WHERE seal = 3")
        assert verify(sealed).findings == [
            "intake: the chain ends with seal 2, but dispatch keeps the head of seal 3: it was cut short"
        ]

    def test_by_cutting_off_everything_is_found(
        self, sealed: Database[Transaction], tamper: Callable[[str], None]
    ) -> None:
        tamper("DELETE FROM audit_entry; DELETE FROM audit_seal")
        assert verify(sealed).findings == [
            "intake: the chain ends with seal 0, but dispatch keeps the head of seal 3: it was cut short"
        ]

    def test_by_deleting_a_seal_in_the_middle_is_found(
        self, sealed: Database[Transaction], tamper: Callable[[str], None]
    ) -> None:
        tamper("DELETE FROM audit_seal WHERE seal = 2")
        assert verify(sealed).findings[0] == "intake: the seals from 2 to 2 are missing"

    def test_with_the_hash_of_a_seal_is_found(
        self, sealed: Database[Transaction], tamper: Callable[[str], None]
    ) -> None:
        tamper("UPDATE audit_seal SET hash = sha256('x') WHERE seal = 2")
        assert verify(sealed).findings == [
            "intake: seal 2: its signature is wrong",
            "intake: seal 2: differs from the head that dispatch keeps, which is signed",
            "intake: seal 2: its entries, up to position 7, are not those it was made of",
            "intake: seal 3: its entries, up to position 12, are not those it was made of",
        ]

    @pytest.mark.parametrize("key", [KEY, OTHER_KEY], ids=["same key", "other key"])
    def test_by_rewriting_the_whole_chain_is_found(
        self, sealed: Database[Transaction], tamper: Callable[[str], None], key: Ed25519PrivateKey
    ) -> None:
        tamper("DELETE FROM audit_seal; UPDATE audit_entry SET seal = NULL; DELETE FROM audit_entry WHERE position = 5")
        assert seal(sealed, key=key) == 11
        assert verify(sealed).findings == [
            "intake: seal 1: differs from the head that dispatch keeps, which is signed",
            "intake: the chain ends with seal 1, but dispatch keeps the head of seal 3: it was cut short",
        ]

    def test_with_a_kept_head_is_found(self, sealed: Database[Transaction], tamper: Callable[[str], None]) -> None:
        tamper("UPDATE audit_kept_head SET hash = sha256('x') WHERE seal = 2")
        assert verify(sealed).findings == [
            "intake: seal 2: differs from the head that dispatch keeps, which is NOT signed by its key"
        ]


class TestThePatrol:
    """Goes over the chain at home all the time, so that tampering shows before an auditor comes."""

    def turns(self, database: Database[Transaction], patrol: audit.Patrol, times: int) -> list[int]:
        checked = []
        for _ in range(times):
            with database.transaction() as tx:
                checked.append(patrol.turn(tx=tx))
        return checked

    def test_finds_a_whole_chain_whole(self, sealed: Database[Transaction]) -> None:
        patrol = audit.Patrol(service="intake")
        assert self.turns(sealed, patrol, 2) == [3, 3]
        assert not patrol.broken

    def test_walks_from_the_end_to_the_beginning_and_again(self, sealed: Database[Transaction]) -> None:
        patrol = audit.Patrol(service="intake", limit=2)
        assert self.turns(sealed, patrol, 3) == [2, 1, 2]
        assert not patrol.broken

    def test_has_nothing_to_do_without_seals(self, database: Database[Transaction]) -> None:
        assert self.turns(database, audit.Patrol(service="intake"), 1) == [0]

    @pytest.mark.parametrize("limit", [1, 2, audit.CHECK_SEALS])
    @pytest.mark.parametrize(
        ("sql", "broken"),
        [
            ("UPDATE audit_entry SET actor = 'nobody' WHERE position = 5", {2}),
            ("DELETE FROM audit_entry WHERE position = 9", {3}),
            ("UPDATE audit_entry SET seal = 1 WHERE position = 5", {1, 2}),
            (r"UPDATE audit_seal SET hash = '\x00' WHERE seal = 1", {1, 2}),
            (r"UPDATE audit_seal SET signature = '\x00' WHERE seal = 3", {3}),
        ],
    )
    def test_names_the_seals_that_were_tampered_with(
        self, sealed: Database[Transaction], tamper: Callable[[str], None], sql: str, broken: set[int], limit: int
    ) -> None:
        tamper(sql)
        patrol = audit.Patrol(service="intake", limit=limit)
        self.turns(sealed, patrol, 3)
        assert patrol.broken == broken

    def test_misses_a_seal_that_was_taken_out(
        self, sealed: Database[Transaction], tamper: Callable[[str], None]
    ) -> None:
        tamper("DELETE FROM audit_seal WHERE seal = 2")
        patrol = audit.Patrol(service="intake")
        self.turns(sealed, patrol, 1)
        assert patrol.broken == {2, 3}

    def test_forgets_what_is_whole_again(self, sealed: Database[Transaction], tamper: Callable[[str], None]) -> None:
        patrol = audit.Patrol(service="intake")
        for actor, broken in (("nobody", {2}), (OPERATOR.subject, set())):
            tamper(f"UPDATE audit_entry SET actor = '{actor}' WHERE position = 5")
            self.turns(sealed, patrol, 1)
            assert patrol.broken == broken

    def test_shows_in_the_metrics(self, sealed: Database[Transaction], tamper: Callable[[str], None]) -> None:
        tamper("UPDATE audit_entry SET actor = 'nobody' WHERE position = 5")
        assert not audit.checking_ticker(database=sealed, service="intake").run()
        assert metric("hotline_audit_broken_seals") == 1


class TestTheAgeOfTheKey:
    def test_is_that_of_its_first_seal(self, sealed: Database[Transaction]) -> None:
        record(sealed, 1)
        assert seal(sealed, key=OTHER_KEY)
        record(sealed, 1)
        assert seal(sealed, key=OTHER_KEY)
        with sealed.transaction() as tx:
            rows = tx.all("SELECT seal_time FROM audit_seal ORDER BY seal")
            assert audit.first_used(tx=tx, key=OTHER_KEY) == rows[3]["seal_time"]
            assert audit.first_used(tx=tx, key=KEY) is None  # it seals no more

    def test_is_that_of_the_chain_if_there_was_never_another(self, sealed: Database[Transaction]) -> None:
        with sealed.transaction() as tx:
            row = tx.one("SELECT seal_time FROM audit_seal WHERE seal = 1")
            assert row is not None
            assert audit.first_used(tx=tx, key=KEY) == row["seal_time"]

    def test_is_unknown_before_the_first(self, database: Database[Transaction]) -> None:
        with database.transaction() as tx:
            assert audit.first_used(tx=tx, key=KEY) is None


class TestKeepingHeads:
    def test_keeps_them_in_order(self, sealed: Database[Transaction]) -> None:
        kept = list(Reader(sealed).heads())
        assert [(head.seal, head.entries) for head in kept] == [(1, 3), (2, 4), (3, 5)]
        assert list(Reader(sealed).heads("sla")) == []

    def test_takes_the_same_one_again(self, sealed: Database[Transaction]) -> None:
        keep_heads(sealed)
        assert len(list(Reader(sealed).heads())) == 3

    def test_refuses_one_that_is_not_signed_by_its_key(self, sealed: Database[Transaction]) -> None:
        event = announced(sealed)[0]
        event.signature = bytes(64)
        with pytest.raises(audit.HeadRefused, match="seal 1 of intake is not signed by its key"):
            keep(sealed, event)

    def test_refuses_one_that_another_service_signed(self, sealed: Database[Transaction]) -> None:
        with sealed.transaction() as tx, pytest.raises(audit.HeadRefused, match="seal 1 of sla"):
            audit.keep_head(announced(sealed)[0], tx=tx, now=NOW, envelope=envelope("sla"))

    def test_refuses_another_head_of_a_seal_that_is_kept(
        self, sealed: Database[Transaction], tamper: Callable[[str], None]
    ) -> None:
        tamper("DELETE FROM audit_seal; UPDATE audit_entry SET seal = NULL")
        seal(sealed, key=OTHER_KEY)
        with pytest.raises(audit.HeadRefused, match="another head of seal 1 of intake is kept already"):
            keep(sealed, announced(sealed)[-1])


class TestTheService:
    def test_lists_the_entries_about_one_resource(self, sealed: Database[Transaction]) -> None:
        entries = list(Reader(sealed, page_size=1).entries(resource="appeals/3"))
        assert {entry.resource for entry in entries} == {"appeals/3"}
        assert [entry.position for entry in entries][:2] == [7, 11]

    def test_lists_the_entries_of_one_seal(self, sealed: Database[Transaction]) -> None:
        assert [entry.position for entry in Reader(sealed).entries(seal=2)] == [4, 5, 6, 7]
        assert [entry.position for entry in Reader(sealed).entries(seal=2, resource="appeals/3")] == [7]

    def test_puts_on_record_who_looked_into_the_record(self, sealed: Database[Transaction]) -> None:
        list(Reader(sealed).entries(resource="appeals/3"))
        last = list(Reader(sealed, page_size=100).entries())[-1]
        assert (last.actor, last.action, last.resource) == ("auditor-1", "operations.audit.list", "appeals/3")

    def test_says_when_a_seal_was_made(self, sealed: Database[Transaction]) -> None:
        for each in Reader(sealed).seals():
            age = datetime.now(UTC) - each.seal_time.ToDatetime(tzinfo=UTC)
            assert timedelta(0) <= age < timedelta(minutes=5)


class TestTheKey:
    def test_is_made_once_for_its_owner_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "audit.pem"
        made = audit.load_or_create_key(path)
        assert path.stat().st_mode & 0o777 == 0o600
        assert audit.load_or_create_key(path).private_bytes_raw() == made.private_bytes_raw()
        assert audit.load_key(path).private_bytes_raw() == made.private_bytes_raw()

    def test_must_be_ed25519(self, tmp_path: Path) -> None:
        path = tmp_path / "audit.pem"
        path.write_text("no key")
        with pytest.raises(ValueError, match="PEM"):
            audit.load_key(path)
