"""An appeal's life in intake, as its callers see it (Art. 6, 20, 21)."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import intake_service_pb2 as pb
from hotline_intake.adapters.postgres import Store
from hotline_intake.domain.appeal import EmergencyNotAnswerable
from hotline_intake.entrypoints.grpc_server import IntakeServicer
from hotline_kernel import codes
from hotline_kernel.call import Call
from hotline_kernel.clock import VirtualClock
from hotline_kernel.db import Database
from hotline_kernel.errors import (
    EtagMismatch,
    FieldInvalid,
    PermissionDenied,
    RequestIdReused,
    ResourceNotFound,
    StateNotAllowed,
)

By = Callable[..., Call]
DRAFT = appeal_pb2.DraftContent(text="请核实供热", lead_unit="units/heat", supporting_units=["units/water"])


def request(**changes: Any) -> pb.RegisterAppealRequest:
    values: dict[str, Any] = {
        "request_id": str(uuid4()),
        "channel": appeal_pb2.CHANNEL_WEB,
        "kind": appeal_pb2.APPEAL_KIND_DAILY_LIFE,
        "request_type": appeal_pb2.REQUEST_TYPE_HELP,
        "asker": appeal_pb2.ASKER_PERSON,
        "category": "城乡建设/供热",
        "region": "130102",
        "title": "暖气不热",
        "text": "室温只有十四度，老人受不了",
        "citizen": appeal_pb2.Citizen(full_name="欧阳娜", phone="13800138000", address="裕华路1号"),
    }
    return pb.RegisterAppealRequest(**(values | changes))


def events(database: Database[Store]) -> list[str]:
    with database.transaction() as tx:
        rows = tx.all("SELECT type FROM outbox ORDER BY position")
    return [row["type"].rpartition(".")[2] for row in rows]


def occasions(servicer: IntakeServicer, appeal: appeal_pb2.Appeal, by: By) -> list[str]:
    listed = servicer.ListMessages(pb.ListMessagesRequest(parent=appeal.name), by("operator"))
    return [message.occasion for message in listed.messages]


class TestRegister:
    def test_gives_number_code_and_receipt_and_announces_it(
        self, servicer: IntakeServicer, database: Database[Store], by: By
    ) -> None:
        appeal = servicer.RegisterAppeal(request(), by("channel", "intake.appeals.register"))
        assert appeal.number == "130100-20260508-000001"
        assert appeal.state == appeal_pb2.APPEAL_STATE_REGISTERED
        assert (appeal.anonymous, appeal.emergency, appeal.etag) == (False, False, "1")
        assert servicer.GetAppeal(pb.GetAppealRequest(name=appeal.name), by("operator")) == appeal
        assert events(database) == ["AppealRegistered"]
        (receipt,) = servicer.ListMessages(pb.ListMessagesRequest(parent=appeal.name), by("operator")).messages
        assert receipt.name == f"{appeal.name}/messages/1"
        assert (receipt.occasion, receipt.channel) == ("receipt", appeal_pb2.CHANNEL_WEB)
        assert appeal.tracking_code in receipt.text
        assert appeal.number in receipt.text

    def test_is_put_on_record_once_however_often_it_is_repeated(
        self, servicer: IntakeServicer, database: Database[Store], by: By
    ) -> None:
        again = request()
        first, second = (servicer.RegisterAppeal(again, by("operator", "intake.appeals.register")) for _ in range(2))
        assert first == second
        assert events(database) == ["AppealRegistered"]
        with database.transaction() as tx:
            rows = tx.all("SELECT actor, action, resource FROM audit_entry")
        assert rows == [{"actor": "operator-1", "action": "intake.appeals.register", "resource": first.name}]
        other = request(request_id=again.request_id, title="路灯不亮")
        with pytest.raises(RequestIdReused):
            servicer.RegisterAppeal(other, by("operator", "intake.appeals.register"))

    def test_keeps_the_line_it_came_from_and_is_found_by_it(self, servicer: IntakeServicer, by: By) -> None:
        transfer = appeal_pb2.Transfer(line="12345", reference="SJZ-77")
        appeal = servicer.RegisterAppeal(request(transferred_from=transfer), by("operator"))
        assert appeal.transferred_from == transfer
        found = servicer.ListAppeals(pb.ListAppealsRequest(transfer_reference="SJZ-77"), by("operator")).appeals
        assert list(found) == [appeal]

    def test_takes_anonymous_appeals(self, servicer: IntakeServicer, by: By) -> None:
        asked = request()
        asked.ClearField("citizen")
        appeal = servicer.RegisterAppeal(asked, by("channel"))
        assert appeal.anonymous
        text = servicer.ReadAppealText(pb.ReadAppealTextRequest(name=appeal.name), by("reviewer")).text
        assert text == asked.text

    def test_tells_an_emergency_at_once_whom_to_call_and_shows_it(self, servicer: IntakeServicer, by: By) -> None:
        appeal = servicer.RegisterAppeal(request(text="楼下着火了快来人"), by("channel"))
        assert appeal.emergency
        progress = servicer.TrackAppeal(pb.TrackAppealRequest(tracking_code=appeal.tracking_code), by("anyone"))
        assert "119" in progress.messages[0].text
        asked = pb.AnswerAppealRequest(name=appeal.name, text="好的", request_id=str(uuid4()))
        with pytest.raises(EmergencyNotAnswerable):
            servicer.AnswerAppeal(asked, by("operator"))

    def test_drafts_in_the_same_call_for_an_operator_and_nobody_else(
        self, servicer: IntakeServicer, database: Database[Store], by: By
    ) -> None:
        with pytest.raises(PermissionDenied):
            servicer.RegisterAppeal(request(draft=DRAFT), by("channel"))
        assert events(database) == []
        appeal = servicer.RegisterAppeal(request(draft=DRAFT), by("operator"))
        assert appeal.state == appeal_pb2.APPEAL_STATE_DRAFTED
        assert appeal.draft.proposed == DRAFT
        assert appeal.draft.operator == "operator-1"
        assert servicer.GetAppeal(pb.GetAppealRequest(name=appeal.name), by("operator")) == appeal

    @pytest.mark.parametrize(
        ("field", "changes"),
        [
            ("title", {"title": "欧阳娜家暖气不热"}),
            ("draft.text", {"draft": appeal_pb2.DraftContent(text="联系138-0013-8000")}),
        ],
    )
    def test_refuses_identity_in_staffs_words(
        self, servicer: IntakeServicer, database: Database[Store], by: By, field: str, changes: dict[str, Any]
    ) -> None:
        with pytest.raises(FieldInvalid) as refused:
            servicer.RegisterAppeal(request(**changes), by("operator"))
        assert refused.value.violations[0][0] == field
        with database.transaction() as tx:
            assert tx.all("SELECT 1 FROM appeal UNION ALL SELECT 1 FROM citizen") == []


class TestTrack:
    def test_tells_the_citizen_however_the_code_is_typed(self, servicer: IntakeServicer, by: By) -> None:
        appeal = servicer.RegisterAppeal(request(), by("channel"))
        typed = appeal.tracking_code.lower().replace("-", " ")
        progress = servicer.TrackAppeal(pb.TrackAppealRequest(tracking_code=typed), by("anyone"))
        assert progress.number == appeal.number
        assert progress.state == appeal_pb2.APPEAL_STATE_REGISTERED
        assert [message.occasion for message in progress.messages] == ["receipt"]

    def test_tells_a_mistyped_code_from_an_unknown_one(self, servicer: IntakeServicer, by: By) -> None:
        code = servicer.RegisterAppeal(request(), by("channel")).tracking_code
        wrong = ("0" if code[0] != "0" else "2") + code[1:]
        with pytest.raises(FieldInvalid):
            servicer.TrackAppeal(pb.TrackAppealRequest(tracking_code=wrong), by("anyone"))
        with pytest.raises(ResourceNotFound):
            servicer.TrackAppeal(pb.TrackAppealRequest(tracking_code=codes.issue()), by("anyone"))


class TestDispositions:
    def test_a_declined_appeal_is_kept_found_and_taken_up_again(
        self, servicer: IntakeServicer, database: Database[Store], by: By, clock: VirtualClock
    ) -> None:
        appeal = servicer.RegisterAppeal(request(), by("operator"))
        clock.set(datetime(2026, 5, 8, 1, 20, tzinfo=UTC))
        asked = pb.DeclineAppealRequest(
            name=appeal.name,
            ground=appeal_pb2.DECLINE_GROUND_CIVIL_DISPUTE,
            referral="请向人民法院起诉",
            etag=appeal.etag,
            request_id=str(uuid4()),
        )
        declined = servicer.DeclineAppeal(asked, by("operator", "intake.appeals.decline"))
        assert declined.state == appeal_pb2.APPEAL_STATE_DECLINED
        assert declined.decline.actor == "operator-1"
        assert declined.decline.decline_time.ToDatetime(UTC) == datetime(2026, 5, 8, 1, 20, tzinfo=UTC)
        listed = pb.ListAppealsRequest(decline_ground=appeal_pb2.DECLINE_GROUND_CIVIL_DISPUTE)
        assert list(servicer.ListAppeals(listed, by("operator")).appeals) == [declined]
        again = pb.ReinstateAppealRequest(name=appeal.name, reason="法院不受理", request_id=str(uuid4()))
        reinstated = servicer.ReinstateAppeal(again, by("reviewer", "intake.appeals.reinstate"))
        assert reinstated.state == appeal_pb2.APPEAL_STATE_REGISTERED
        assert not reinstated.HasField("decline")
        assert events(database) == ["AppealRegistered", "AppealDeclined", "AppealReinstated"]
        assert occasions(servicer, appeal, by) == ["receipt", "declined"]
        with database.transaction() as tx:
            row = tx.one("SELECT purpose, details FROM audit_entry ORDER BY position DESC LIMIT 1")
        assert row == {"purpose": "法院不受理", "details": {"declined_for": "CIVIL_DISPUTE"}}

    def test_an_answer_is_told_and_announced(self, servicer: IntakeServicer, database: Database[Store], by: By) -> None:
        appeal = servicer.RegisterAppeal(request(), by("operator"))
        entry = f"entries/{uuid4()}"
        asked = pb.AnswerAppealRequest(name=appeal.name, text="供热标准为18度", entry=entry, request_id=str(uuid4()))
        answered = servicer.AnswerAppeal(asked, by("operator"))
        assert (answered.answer.text, answered.answer.entry) == ("供热标准为18度", entry)
        assert occasions(servicer, appeal, by) == ["receipt", "answered"]
        assert events(database) == ["AppealRegistered", "AppealAnswered"]

    def test_a_draft_is_returned_mended_and_released(
        self, servicer: IntakeServicer, database: Database[Store], by: By
    ) -> None:
        appeal = servicer.RegisterAppeal(request(draft=DRAFT), by("operator"))
        returned = servicer.ReturnDraft(
            pb.ReturnDraftRequest(name=appeal.name, reason="缺地址", request_id=str(uuid4())), by("reviewer")
        )
        assert (returned.state, returned.draft.return_reason) == (appeal_pb2.APPEAL_STATE_REGISTERED, "缺地址")
        mended = appeal_pb2.DraftContent(text="请核实裕华路供热", lead_unit="units/heat")
        drafted = servicer.DraftWorkOrder(
            pb.DraftWorkOrderRequest(name=appeal.name, draft=mended, request_id=str(uuid4())), by("operator")
        )
        assert drafted.draft.proposed == mended
        with pytest.raises(StateNotAllowed):
            servicer.GetReferral(pb.GetReferralRequest(name=appeal.name), by("service"))
        reviewed = appeal_pb2.DraftContent(
            text="请两日内核实", lead_unit="units/heat", directive_kind=appeal_pb2.DIRECTIVE_KIND_COMMON
        )
        released = servicer.ReleaseDraft(
            pb.ReleaseDraftRequest(name=appeal.name, content=reviewed, etag=drafted.etag, request_id=str(uuid4())),
            by("reviewer"),
        )
        assert released.state == appeal_pb2.APPEAL_STATE_REFERRED
        assert (released.draft.proposed, released.draft.released) == (mended, reviewed)
        referral = servicer.GetReferral(pb.GetReferralRequest(name=appeal.name), by("service"))
        assert (referral.title, referral.text) == ("暖气不热", "请两日内核实")
        assert events(database) == ["AppealRegistered", "AppealReferred"]
        assert occasions(servicer, appeal, by) == ["receipt", "referred"]

    @pytest.mark.parametrize("text", ["请联系欧阳娜", "电话13800138000"])
    def test_what_goes_to_a_unit_never_names_the_citizen(self, servicer: IntakeServicer, by: By, text: str) -> None:
        appeal = servicer.RegisterAppeal(request(), by("operator"))
        naming = appeal_pb2.DraftContent(text=text, lead_unit="units/heat")
        with pytest.raises(FieldInvalid):
            servicer.DraftWorkOrder(
                pb.DraftWorkOrderRequest(name=appeal.name, draft=naming, request_id=str(uuid4())), by("operator")
            )
        servicer.DraftWorkOrder(
            pb.DraftWorkOrderRequest(name=appeal.name, draft=DRAFT, request_id=str(uuid4())), by("operator")
        )
        with pytest.raises(FieldInvalid):
            servicer.ReleaseDraft(
                pb.ReleaseDraftRequest(name=appeal.name, content=naming, request_id=str(uuid4())), by("reviewer")
            )
        assert servicer.GetAppeal(pb.GetAppealRequest(name=appeal.name), by("operator")).etag == "2"

    def test_a_change_of_what_was_not_seen_is_refused(self, servicer: IntakeServicer, by: By) -> None:
        appeal = servicer.RegisterAppeal(request(), by("operator"))
        asked = pb.AnswerAppealRequest(name=appeal.name, text="好", etag="7", request_id=str(uuid4()))
        with pytest.raises(EtagMismatch):
            servicer.AnswerAppeal(asked, by("operator"))

    def test_of_many_at_once_exactly_one_wins(
        self, servicer: IntakeServicer, database: Database[Store], by: By
    ) -> None:
        appeal = servicer.RegisterAppeal(request(), by("operator"))

        def answer(number: int) -> bool:
            asked = pb.AnswerAppealRequest(
                name=appeal.name, text=f"答复{number}", etag=appeal.etag, request_id=str(uuid4())
            )
            try:
                servicer.AnswerAppeal(asked, by("operator"))
            except EtagMismatch:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(answer, range(16))) == 1
        assert events(database) == ["AppealRegistered", "AppealAnswered"]
        assert occasions(servicer, appeal, by) == ["receipt", "answered"]


def test_messages_come_in_pages(servicer: IntakeServicer, by: By) -> None:
    appeal = servicer.RegisterAppeal(request(draft=DRAFT), by("operator"))
    servicer.ReleaseDraft(pb.ReleaseDraftRequest(name=appeal.name, request_id=str(uuid4())), by("reviewer"))
    first = servicer.ListMessages(pb.ListMessagesRequest(parent=appeal.name, page_size=1), by("operator"))
    assert [message.occasion for message in first.messages] == ["receipt"]
    rest = servicer.ListMessages(
        pb.ListMessagesRequest(parent=appeal.name, page_size=1, page_token=first.next_page_token), by("operator")
    )
    assert [message.occasion for message in rest.messages] == ["referred"]
    assert rest.next_page_token == ""


def test_events_are_on_the_wire_as_their_samples_say(
    servicer: IntakeServicer, database: Database[Store], by: By
) -> None:
    everything = appeal_pb2.DraftContent(
        text="请核实",
        lead_unit="units/heat",
        supporting_units=["units/water"],
        directive_kind=appeal_pb2.DIRECTIVE_KIND_COMMON,
        statutory_term=appeal_pb2.StatutoryTerm(
            days=60, counted=appeal_pb2.COUNTED_DAYS_CALENDAR, law="信访工作条例", article="第三十四条"
        ),
    )
    operator, reviewer = by("operator"), by("reviewer")
    for _ in range(3):  # the third is asked repeatedly
        referred = servicer.RegisterAppeal(request(draft=everything, confidential=True), operator).name
        servicer.ReleaseDraft(pb.ReleaseDraftRequest(name=referred, request_id=str(uuid4())), reviewer)
    registered = servicer.RegisterAppeal(request(), operator)
    name = registered.name
    servicer.DeclineAppeal(
        pb.DeclineAppealRequest(
            name=name, ground=appeal_pb2.DECLINE_GROUND_MILITARY, referral="部队", request_id=str(uuid4())
        ),
        operator,
    )
    servicer.ReinstateAppeal(pb.ReinstateAppealRequest(name=name, reason="不是", request_id=str(uuid4())), reviewer)
    servicer.AnswerAppeal(
        pb.AnswerAppealRequest(name=name, text="好", entry=f"entries/{uuid4()}", request_id=str(uuid4())), operator
    )
    servicer.EraseCitizen(
        pb.EraseCitizenRequest(name=registered.citizen, reason="本人申请", request_id=str(uuid4())), by("office")
    )
    with database.transaction() as tx:
        rows = tx.all("SELECT type, payload FROM outbox ORDER BY position")
    sent = {row["type"].rpartition(".")[2]: set(json.loads(row["payload"])) for row in rows}
    samples = Path(__file__).parents[2] / "contract" / "samples" / "intake"
    assert sent == {path.stem: set(json.loads(path.read_text())) for path in samples.glob("*.json")}
