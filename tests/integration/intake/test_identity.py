"""Who a citizen is stands in the vault alone, is told to few, on record, and can be forgotten (Art. 24(1), 36(4))."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from hotline.dispatch.events.v1.work_order_events_pb2 import WorkOrderDispatched, WorkOrderSentBack
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as pb
from hotline_intake.adapters.postgres import Store
from hotline_intake.domain.appeal import ContactRelayed, NotOwnUnit
from hotline_intake.domain.citizen import CitizenErased
from hotline_intake.entrypoints.grpc_server import IntakeServicer
from hotline_intake.handlers import appeals as handlers
from hotline_kernel import sealing
from hotline_kernel.call import Call
from hotline_kernel.clock import VirtualClock
from hotline_kernel.db import Database
from hotline_kernel.errors import FieldInvalid, ResourceNotFound
from hotline_kernel.sealed_box import SealingKeys, fingerprint

By = Callable[..., Call]
NAME, PHONE, ADDRESS, WORDS = "欧阳娜仁花", "13912345678", "槐安路七十七号院", "锅炉房夜里停火老人冻得睡不着"
DRAFT = appeal_pb2.DraftContent(text="请核实供热", lead_unit="units/heat")


def register(
    servicer: IntakeServicer, call: Call, *, phone: str = PHONE, confidential: bool = False
) -> appeal_pb2.Appeal:
    return servicer.RegisterAppeal(
        pb.RegisterAppealRequest(
            request_id=str(uuid4()),
            channel=appeal_pb2.CHANNEL_PHONE,
            kind=appeal_pb2.APPEAL_KIND_DAILY_LIFE,
            request_type=appeal_pb2.REQUEST_TYPE_COMPLAINT,
            asker=appeal_pb2.ASKER_PERSON,
            category="城乡建设/供热",
            region="130102",
            title="暖气不热",
            text=WORDS,
            citizen=appeal_pb2.Citizen(full_name=NAME, phone=phone, address=ADDRESS),
            confidential=confidential,
            draft=DRAFT,
        ),
        call,
    )


def reveal(servicer: IntakeServicer, appeal: appeal_pb2.Appeal, call: Call) -> pb.Contact:
    return servicer.RevealContact(pb.RevealContactRequest(name=appeal.name, purpose="回访"), call)


def dispatch(database: Database[Store], appeal: appeal_pb2.Appeal, lead: str) -> str:
    order = f"workOrders/{uuid4()}"
    with database.transaction() as tx:
        handlers.order_was_dispatched(WorkOrderDispatched(work_order=order, appeal=appeal.name, lead_unit=lead), tx=tx)
    return order


class TestSomebodyWhoReadsMany:
    def test_is_put_on_record_at_every_sixtieth_within_an_hour(
        self, servicer: IntakeServicer, database: Database[Store], clock: VirtualClock, by: Callable[..., Call]
    ) -> None:
        appeal = register(servicer, by("operator"))
        seat = by("callback", "intake.contacts.reveal")

        def told() -> list[str]:
            with database.transaction() as tx:
                rows = tx.all("SELECT actor, details FROM audit_entry WHERE action = 'intake.reads.unusual'")
            return [f"{row['actor']} {row['details']['in_an_hour']}" for row in rows]

        for _ in range(59):
            reveal(servicer, appeal, seat)
        clock.set(clock.now() + timedelta(hours=1))
        for _ in range(59):
            reveal(servicer, appeal, seat)
        assert told() == []
        reveal(servicer, appeal, seat)
        assert told() == ["callback-1 60"]

    def test_is_counted_by_whatever_opens_identity_or_what_somebody_said(
        self, servicer: IntakeServicer, database: Database[Store], by: Callable[..., Call]
    ) -> None:
        """A contact, a text and a search by number are one read each (Art. 36(4))."""
        appeal = register(servicer, by("operator"), phone="13812340099")

        def counted() -> int:
            with database.transaction() as tx:
                return tx.reads_since(datetime(2000, 1, 1, tzinfo=UTC), actor="operator-1")

        before = counted()
        reveal(servicer, appeal, by("operator", "intake.contacts.reveal"))
        servicer.ReadAppealText(pb.ReadAppealTextRequest(name=appeal.name), by("operator", "intake.texts.read"))
        found = servicer.ListAppeals(pb.ListAppealsRequest(phone="13812340099"), by("operator", "intake.appeals.list"))
        servicer.ListAppeals(pb.ListAppealsRequest(), by("operator", "intake.appeals.list"))
        assert [each.name for each in found.appeals] == [appeal.name]
        assert counted() - before == 3


class TestAContactForACounty:
    """A county with a system of its own is sent who brought it, sealed to its key (ADR 0035)."""

    @pytest.fixture
    def keys(self, tmp_path: Path) -> SealingKeys:
        (tmp_path / "county").write_text(sealing.new_key_line(key_id="county"))
        return SealingKeys(tmp_path / "county")

    def seal(self, servicer: IntakeServicer, appeal: appeal_pb2.Appeal, keys: SealingKeys, call: Call) -> bytes:
        request = pb.SealContactRequest(
            name=appeal.name, unit="units/xinji", public_keys=keys.public_keys, place="errands/1"
        )
        return servicer.SealContact(request, call).sealed

    def test_is_sealed_for_whom_leads_the_order_and_on_record(
        self, servicer: IntakeServicer, database: Database[Store], keys: SealingKeys, by: By
    ) -> None:
        appeal = register(servicer, by("operator"))
        service = by("service", "intake.contacts.seal")
        with pytest.raises(NotOwnUnit):
            self.seal(servicer, appeal, keys, service)
        dispatch(database, appeal, "units/xinji")
        sealed = self.seal(servicer, appeal, keys, service)
        contact = pb.Contact.FromString(keys.open(sealed=sealed, place="errands/1/contact"))
        assert (contact.full_name, contact.phone, contact.address) == (NAME, PHONE, ADDRESS)
        assert NAME.encode() not in sealed
        with database.transaction() as tx:
            (row,) = tx.all("SELECT resource, details FROM audit_entry WHERE action = 'intake.contacts.seal'")
        assert row["resource"] == appeal.name
        assert row["details"] == {
            "unit": "units/xinji",
            "errand": "errands/1",
            "key": fingerprint(keys.public_keys),
        }

    def test_of_who_asked_for_confidentiality_is_refused(
        self, servicer: IntakeServicer, database: Database[Store], keys: SealingKeys, by: By
    ) -> None:
        appeal = register(servicer, by("operator"), confidential=True)
        dispatch(database, appeal, "units/xinji")
        with pytest.raises(ContactRelayed):
            self.seal(servicer, appeal, keys, by("service"))

    def test_is_announced_as_erased_for_each_appeal_of_the_citizen(
        self, servicer: IntakeServicer, database: Database[Store], keys: SealingKeys, by: By
    ) -> None:
        appeals = [register(servicer, by("operator")) for _ in range(2)]
        dispatch(database, appeals[0], "units/xinji")
        erase = pb.EraseCitizenRequest(name=appeals[0].citizen, reason="本人申请", request_id=str(uuid4()))
        servicer.EraseCitizen(erase, by("office"))
        with database.transaction() as tx:
            rows = tx.all("SELECT aggregate FROM outbox WHERE type = 'hotline.intake.events.v1.ContactErased'")
        assert {row["aggregate"] for row in rows} == {appeal.name for appeal in appeals}
        with pytest.raises(CitizenErased):
            self.seal(servicer, appeals[0], keys, by("service"))


class TestIdentity:
    def test_is_in_no_table_no_log_and_no_error_in_the_clear(
        self,
        servicer: IntakeServicer,
        database: Database[Store],
        by: By,
        capfd: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        appeal = register(servicer, by("operator"))
        servicer.ReleaseDraft(pb.ReleaseDraftRequest(name=appeal.name, request_id=str(uuid4())), by("reviewer"))
        servicer.ReadAppealText(pb.ReadAppealTextRequest(name=appeal.name), by("reviewer"))
        reveal(servicer, appeal, by("callback"))
        servicer.ListAppeals(pb.ListAppealsRequest(phone=PHONE), by("operator"))
        naming = pb.DraftWorkOrderRequest(
            name=register_plain(servicer, by).name,
            draft=appeal_pb2.DraftContent(text=f"{NAME}电话{PHONE}住{ADDRESS}"),
            request_id=str(uuid4()),
        )
        with pytest.raises(FieldInvalid) as refused:
            servicer.DraftWorkOrder(naming, by("operator"))
        with database.transaction() as tx:
            tables = tx.all("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            rows = [
                row["row"]
                for table in tables
                for row in tx.all(f'SELECT t::text AS row FROM "{table["tablename"]}" AS t')
            ]
        captured = capfd.readouterr()
        everything = "\n".join([*rows, captured.out, captured.err, caplog.text, str(refused.value)])
        assert len(rows) > 10
        for secret in (NAME, PHONE, ADDRESS, WORDS):
            assert secret not in everything
            assert secret.encode().hex() not in everything

    def test_is_revealed_to_the_office_with_the_purpose_on_record(
        self, servicer: IntakeServicer, database: Database[Store], by: By
    ) -> None:
        appeal = register(servicer, by("operator"))
        for role in ("operator", "callback", "office"):
            contact = reveal(servicer, appeal, by(role, "intake.contacts.reveal"))
            assert (contact.full_name, contact.phone, contact.address) == (NAME, PHONE, ADDRESS)
        with database.transaction() as tx:
            rows = tx.all(
                "SELECT actor, resource, purpose FROM audit_entry WHERE action = 'intake.contacts.reveal'"
                " ORDER BY position"
            )
        assert [row["actor"] for row in rows] == ["operator-1", "callback-1", "office-1"]
        assert {(row["resource"], row["purpose"]) for row in rows} == {(appeal.name, "回访")}

    def test_is_revealed_to_the_lead_unit_while_it_leads(
        self, servicer: IntakeServicer, database: Database[Store], by: By
    ) -> None:
        appeal = register(servicer, by("operator"))
        with pytest.raises(NotOwnUnit):
            reveal(servicer, appeal, by("unit", unit="units/heat"))
        order = dispatch(database, appeal, "units/heat")
        assert reveal(servicer, appeal, by("unit", unit="units/heat")).phone == PHONE
        with pytest.raises(NotOwnUnit):
            reveal(servicer, appeal, by("unit", unit="units/water"))
        with database.transaction() as tx:
            handlers.order_was_sent_back(WorkOrderSentBack(work_order=order, unit="units/heat"), tx=tx)
        with pytest.raises(NotOwnUnit):
            reveal(servicer, appeal, by("unit", unit="units/heat"))

    def test_is_never_revealed_to_a_unit_when_confidential(
        self, servicer: IntakeServicer, database: Database[Store], by: By
    ) -> None:
        appeal = register(servicer, by("operator"), confidential=True)
        dispatch(database, appeal, "units/heat")
        with pytest.raises(ContactRelayed):
            reveal(servicer, appeal, by("unit", unit="units/heat"))
        assert reveal(servicer, appeal, by("office")).phone == PHONE


def register_plain(servicer: IntakeServicer, by: By) -> appeal_pb2.Appeal:
    """An appeal of the same citizen that waits for its disposition."""
    appeal = register(servicer, by("operator"))
    return servicer.ReturnDraft(
        pb.ReturnDraftRequest(name=appeal.name, reason="缺地址", request_id=str(uuid4())), by("reviewer")
    )


class TestPhone:
    def test_finds_all_appeals_of_its_citizen_on_record_without_the_number(
        self, servicer: IntakeServicer, database: Database[Store], by: By
    ) -> None:
        first = register(servicer, by("operator"))
        second = register(servicer, by("operator"), phone=f"+86{PHONE}")
        register(servicer, by("operator"), phone="13700000000")
        assert first.citizen == second.citizen
        listed = servicer.ListAppeals(pb.ListAppealsRequest(phone=PHONE), by("operator", "intake.appeals.list")).appeals
        assert [appeal.name for appeal in listed] == [second.name, first.name]
        assert not servicer.ListAppeals(
            pb.ListAppealsRequest(phone="13600000000"), by("operator", "intake.appeals.list")
        ).appeals
        with database.transaction() as tx:
            rows = tx.all("SELECT resource FROM audit_entry WHERE action = 'intake.appeals.list' ORDER BY position")
        assert [row["resource"] for row in rows] == [first.citizen, "citizens/-"]

    def test_is_one_citizen_though_many_register_at_once(
        self, servicer: IntakeServicer, database: Database[Store], by: By
    ) -> None:
        with ThreadPoolExecutor(8) as pool:
            appeals = list(pool.map(lambda _: register(servicer, by("operator")), range(24)))
        assert len({appeal.citizen for appeal in appeals}) == 1
        assert len({appeal.number for appeal in appeals}) == 24
        with database.transaction() as tx:
            row = tx.one("SELECT (SELECT count(*) FROM citizen) AS citizens, (SELECT count(*) FROM appeal) AS appeals")
        assert row == {"citizens": 1, "appeals": 24}
        assert {reveal(servicer, appeal, by("office")).full_name for appeal in appeals} == {NAME}


class TestErase:
    def test_forgets_the_citizen_and_keeps_the_appeals(
        self, servicer: IntakeServicer, database: Database[Store], by: By
    ) -> None:
        appeal = register(servicer, by("operator"))
        asked = pb.EraseCitizenRequest(name=appeal.citizen, reason="本人申请", request_id=str(uuid4()))
        erased = servicer.EraseCitizen(asked, by("office", "intake.citizens.erase"))
        assert servicer.EraseCitizen(asked, by("office", "intake.citizens.erase")) == erased
        with pytest.raises(CitizenErased):
            reveal(servicer, appeal, by("office"))
        with pytest.raises(CitizenErased):
            servicer.ReadAppealText(pb.ReadAppealTextRequest(name=appeal.name), by("operator"))
        assert servicer.GetAppeal(pb.GetAppealRequest(name=appeal.name), by("operator")) == appeal
        assert not servicer.ListAppeals(pb.ListAppealsRequest(phone=PHONE), by("operator")).appeals
        released = servicer.ReleaseDraft(
            pb.ReleaseDraftRequest(name=appeal.name, request_id=str(uuid4())), by("reviewer")
        )
        assert released.state == appeal_pb2.APPEAL_STATE_REFERRED
        with database.transaction() as tx:
            row = tx.one("SELECT wrapped_key, phone_hash FROM citizen")
            record = tx.one("SELECT resource, purpose FROM audit_entry WHERE action = 'intake.citizens.erase'")
        assert row == {"wrapped_key": None, "phone_hash": None}
        assert record == {"resource": appeal.citizen, "purpose": "本人申请"}

    def test_happens_once_and_to_somebody(self, servicer: IntakeServicer, by: By) -> None:
        appeal = register(servicer, by("operator"))

        def erase(name: str) -> None:
            asked = pb.EraseCitizenRequest(name=name, reason="本人申请", request_id=str(uuid4()))
            servicer.EraseCitizen(asked, by("office"))

        erase(appeal.citizen)
        with pytest.raises(CitizenErased):
            erase(appeal.citizen)
        with pytest.raises(ResourceNotFound):
            erase(f"citizens/{uuid4()}")

    def test_does_not_know_the_citizen_when_they_come_again(self, servicer: IntakeServicer, by: By) -> None:
        before = register(servicer, by("operator"))
        asked = pb.EraseCitizenRequest(name=before.citizen, reason="本人申请", request_id=str(uuid4()))
        servicer.EraseCitizen(asked, by("office"))
        after = register(servicer, by("operator"))
        assert after.citizen != before.citizen
        assert reveal(servicer, after, by("office")).phone == PHONE
