"""Who sees what tells who a citizen is, role by role and field by field (Art. 36(4))."""

from collections.abc import Callable, Iterator

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.feedback.v1 import report_service_pb2 as reports
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import contest_service_pb2 as contests
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.operations.v1 import audit_service_pb2 as audit
from hotline_cli.client import Hotline, Person, new_request_id
from hotline_cli.local.instance import Instance
from hotline_cli.quiet import Quiet
from hotline_kernel.errors import Denied

from tests.security.books import Books
from tests.security.life import Life
from tests.support.lives import UNIT, registration
from tests.support.wire import STAFF_ROLES, all_rpcs

# What a message of ours says of a citizen, and who may read it. `unit` is the lead's, of an order that is not
# confidential; every other unit is refused.
NEEDS: dict[tuple[str, str], tuple[str, frozenset[str]]] = {
    ("Contact", "full_name"): ("RevealContact", frozenset({"operator", "callback", "office", "unit"})),
    ("Contact", "phone"): ("RevealContact", frozenset({"operator", "callback", "office", "unit"})),
    ("Contact", "address"): ("RevealContact", frozenset({"operator", "callback", "office", "unit"})),
    ("AppealText", "text"): ("ReadAppealText", frozenset({"operator", "reviewer", "quality"})),
    ("ContestText", "text"): ("ReadContest", frozenset({"reviewer"})),
    ("ReportContents", "text"): ("ExamineReport", frozenset({"inspector"})),
    ("ReportContents", "about"): ("ExamineReport", frozenset({"inspector"})),
    ("ReportContents", "contact"): ("ExamineReport", frozenset({"inspector"})),
}
_TELLING = frozenset({"full_name", "phone", "address", "contact", "id_number", "caller_number"})
_OF_NO_CITIZEN = frozenset({("Base", "address")})  # where a unit's own knowledge base answers
_WORDS = frozenset({"AppealText", "ContestText", "ReportContents"})

NAME, PHONE, ADDRESS = "令狐知微", "13971504999", "知微巷七号"


def fields_of(message: Descriptor, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Every text of ours in an answer, by its message: points for a contact tell nothing of anybody."""
    for field in message.fields:
        if field.type == FieldDescriptor.TYPE_STRING:
            yield message.name, field.name
        inner = field.message_type
        if inner is not None and inner.full_name.startswith("hotline.") and inner.full_name not in seen:
            yield from fields_of(inner, seen | {inner.full_name})


def test_no_other_answer_has_a_field_for_it() -> None:
    told = {
        (field, rpc.method.name): rpc.roles
        for rpc in all_rpcs()
        for field in set(fields_of(rpc.method.output_type))
        if (field[1] in _TELLING and field not in _OF_NO_CITIZEN) or field in NEEDS
    }
    assert told == {(field, method): roles for field, (method, roles) in NEEDS.items()}
    assert {message for message, _ in NEEDS} - _WORDS == {"Contact"}


def contact_of(person: Person, appeal: str) -> tuple[str, str, str]:
    """What somebody learns of who brought it."""
    found = person.intake.RevealContact(intake.RevealContactRequest(name=appeal, purpose="按需知悉"))
    return found.full_name, found.phone, found.address


@pytest.fixture(scope="module")
def brought(hotline: Hotline, quiet: Quiet) -> dict[str, str]:
    """An open appeal and a confidential one, both with the lead unit."""
    appeals = {}
    for name, confidential in (("open", False), ("confidential", True)):
        request = registration(7)
        request.confidential = confidential
        request.citizen.CopyFrom(appeal_pb2.Citizen(full_name=NAME, phone=PHONE, address=ADDRESS))
        appeals[name] = hotline.person("operator").intake.RegisterAppeal(request).name
        hotline.person("reviewer").intake.ReleaseDraft(
            intake.ReleaseDraftRequest(name=appeals[name], request_id=new_request_id())
        )
    quiet.wait()
    return appeals


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_a_contact_is_whole_or_refused(role: str, hotline: Hotline, brought: dict[str, str]) -> None:
    person = hotline.person(role, unit=UNIT if role == "unit" else "")
    for kind, appeal in brought.items():
        if role in NEEDS["Contact", "phone"][1] and not (role == "unit" and kind == "confidential"):
            assert contact_of(person, appeal) == (NAME, PHONE, ADDRESS)
        else:
            with pytest.raises(Denied):
                contact_of(person, appeal)


def test_another_unit_is_refused(hotline: Hotline, brought: dict[str, str]) -> None:
    for appeal in brought.values():
        with pytest.raises(Denied):
            contact_of(hotline.person("unit", unit="units/water-group"), appeal)


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_what_was_said_is_read_by_its_roles_alone(
    role: str, hotline: Hotline, life: Life, brought: dict[str, str]
) -> None:
    person = hotline.person(role, unit=UNIT if role == "unit" else "")
    read: dict[tuple[str, str], Callable[[], object]] = {
        ("AppealText", "text"): lambda: person.intake.ReadAppealText(
            intake.ReadAppealTextRequest(name=brought["open"])
        ),
        ("ContestText", "text"): lambda: person.contests.ReadContest(contests.ReadContestRequest(name=life.contest)),
        ("ReportContents", "text"): lambda: person.reports.ExamineReport(
            reports.ExamineReportRequest(name=life.report, purpose="按需知悉")
        ),
    }
    for field, ask in read.items():
        if role in NEEDS[field][1]:
            ask()
        else:
            with pytest.raises(Denied):
                ask()


def test_the_record_lists_every_reader_of_a_contact(hotline: Hotline, brought: dict[str, str]) -> None:
    readers = {"operator": "reader-1", "callback": "reader-2", "office": "reader-3"}
    for role, subject in readers.items():
        contact_of(hotline.person(role, subject=subject), brought["confidential"])
    listed = (
        hotline.person("auditor")
        .audit["intake"]
        .ListAuditEntries(audit.ListAuditEntriesRequest(resource=brought["confidential"], page_size=1000))
    )
    reveals = [entry for entry in listed.entries if entry.action == "intake.contacts.reveal"]
    assert set(readers.values()) <= {entry.actor for entry in reveals}
    assert all(entry.purpose for entry in reveals)


# --- the order about the unit itself ---------------------------------------------------------------------------------

BUREAU, STATION, POST = "units/told-bureau", "units/told-station", "units/told-post"
SAID = ("知微摘要", "知微正文", "知微告知", "知微办理", "知微答复", "知微他部", NAME, PHONE, ADDRESS)
# What an order says to whoever is concerned by it: that it is there, where it stands and until when.
STUB = frozenset(
    {
        *("name", "number", "state", "round", "etag", "redacted", "about_unit", "confidential"),
        *("lead_unit", "supporting_units", "request_type", "category", "region", "parts", "holdings"),
        *("due_date", "due_time", "extension_cutoff_time", "overdue", "create_time", "dispatch_time"),
    }
)
STAFF_READERS = ("operator", "reviewer", "callback", "quality", "office", "auditor")


@pytest.fixture(scope="module")
def about(hotline: Hotline, quiet: Quiet) -> work_order_pb2.WorkOrder:
    """A complaint about the station, with its result; the station, its bureau, its post and others support."""
    office = hotline.person("office").dispatch
    superior = ""
    for name in (BUREAU, STATION, POST):
        unit = work_order_pb2.Unit(
            name=name,
            display_name=name,
            region="139902",
            kind=work_order_pb2.UNIT_KIND_DEPARTMENT,
            principal="知主任",
            superior=superior,
        )
        office.CreateUnit(dispatch.CreateUnitRequest(unit=unit, request_id=new_request_id()))
        superior = name
    request = registration(8)
    request.title = SAID[0]
    request.citizen.CopyFrom(appeal_pb2.Citizen(full_name=NAME, phone=PHONE, address=ADDRESS))
    appeal = hotline.person("operator").intake.RegisterAppeal(request).name
    hotline.person("reviewer").intake.ReleaseDraft(
        intake.ReleaseDraftRequest(
            name=appeal,
            content=appeal_pb2.DraftContent(
                text=SAID[1],
                lead_unit=UNIT,
                supporting_units=[STATION, POST, BUREAU, "units/water-group"],
                about_unit=STATION,
            ),
            request_id=new_request_id(),
        )
    )
    quiet.wait()
    [order] = office.ListWorkOrders(dispatch.ListWorkOrdersRequest(appeal=appeal)).work_orders
    lead = hotline.person("unit", unit=UNIT).dispatch
    for unit_name, text in ((STATION, "请交台账"), ("units/water-group", SAID[5])):
        lead.AssignPart(
            dispatch.AssignPartRequest(name=order.name, unit=unit_name, text=text, request_id=new_request_id())
        )
    office.RecordFirstContact(
        dispatch.RecordFirstContactRequest(name=order.name, note=SAID[2], request_id=new_request_id())
    )
    found: work_order_pb2.WorkOrder = lead.ReportResult(
        dispatch.ReportResultRequest(
            name=order.name,
            outcome=work_order_pb2.OUTCOME_SOLVED,
            text=SAID[3],
            reply_means=work_order_pb2.REPLY_MEANS_RELAYED,
            reply_text=SAID[4],
            request_id=new_request_id(),
        )
    )
    quiet.wait()
    return found


def reads_of(person: Person, order: work_order_pb2.WorkOrder) -> list[work_order_pb2.WorkOrder]:
    """The order by every read that dispatch has, with every filter that finds it."""
    found = [person.dispatch.GetWorkOrder(dispatch.GetWorkOrderRequest(name=order.name))]
    for request in (
        dispatch.ListWorkOrdersRequest(page_size=1000),
        dispatch.ListWorkOrdersRequest(number=order.number),
        dispatch.ListWorkOrdersRequest(region=order.region, state=order.state, page_size=1000),
    ):
        found += [each for each in person.dispatch.ListWorkOrders(request).work_orders if each.name == order.name]
    assert len(found) == 4
    return found


@pytest.mark.parametrize("unit", [STATION, BUREAU, POST])
def test_whoever_is_concerned_reads_a_stub_field_by_field(
    unit: str, hotline: Hotline, about: work_order_pb2.WorkOrder
) -> None:
    for order in reads_of(hotline.person("unit", unit=unit), about):
        assert order.redacted
        assert {field.name for field, _ in order.ListFields()} <= STUB
        assert not [said for said in SAID if said in str(order.SerializeToString().decode(errors="ignore"))]
        assert {part.unit for part in order.parts} <= {unit}


@pytest.mark.parametrize("unit", [UNIT, "units/water-group"])
def test_whoever_needs_to_know_reads_it_whole(unit: str, hotline: Hotline, about: work_order_pb2.WorkOrder) -> None:
    for order in reads_of(hotline.person("unit", unit=unit), about):
        assert (order.redacted, order.title, order.text, order.result.text) == (False, SAID[0], SAID[1], SAID[3])


@pytest.mark.parametrize("role", STAFF_READERS)
def test_the_hotlines_own_seats_read_it_whole(role: str, hotline: Hotline, about: work_order_pb2.WorkOrder) -> None:
    for order in reads_of(hotline.person(role), about):
        assert (order.redacted, order.text, order.about_unit) == (False, SAID[1], STATION)


@pytest.mark.parametrize("unit", [UNIT, STATION, BUREAU, POST, "units/water-group", "units/archives"])
def test_no_unit_reaches_who_complained_about_a_unit(
    unit: str, hotline: Hotline, about: work_order_pb2.WorkOrder
) -> None:
    person = hotline.person("unit", unit=unit)
    with pytest.raises(Denied):
        contact_of(person, about.appeal)
    with pytest.raises(Denied):
        person.intake.GetReferral(intake.GetReferralRequest(name=about.appeal))


def test_another_unit_does_not_see_that_it_is_there(hotline: Hotline, about: work_order_pb2.WorkOrder) -> None:
    person = hotline.person("unit", unit="units/archives")
    with pytest.raises(Denied):
        person.dispatch.GetWorkOrder(dispatch.GetWorkOrderRequest(name=about.name))
    assert not person.dispatch.ListWorkOrders(dispatch.ListWorkOrdersRequest(number=about.number)).work_orders


def test_no_event_log_or_other_database_says_whom_it_is_about(
    platform: Instance, hotline: Hotline, quiet: Quiet, books: Books
) -> None:
    """It stands in the drafts of intake and in the orders of dispatch."""
    secret = "units/told-of-nowhere"
    unit = work_order_pb2.Unit(
        name=secret, display_name="某站", region="139902", kind=work_order_pb2.UNIT_KIND_DEPARTMENT, principal="某主任"
    )
    office = hotline.person("office").dispatch
    office.CreateUnit(dispatch.CreateUnitRequest(unit=unit, request_id=new_request_id()))
    request = registration(9)
    request.draft.about_unit = secret
    appeal = hotline.person("operator").intake.RegisterAppeal(request).name
    hotline.person("reviewer").intake.ReleaseDraft(intake.ReleaseDraftRequest(name=appeal, request_id=new_request_id()))
    quiet.wait()
    [order] = office.ListWorkOrders(dispatch.ListWorkOrdersRequest(appeal=appeal)).work_orders
    assert order.about_unit == secret
    holders = {place for place, rows in books.dump().items() if secret.encode() in rows}
    registry = {("dispatch", table) for table in ("unit", "unit_version", "audit_entry")}
    answers = {("intake", "request"), ("dispatch", "request")}
    assert {("intake", "appeal"), ("dispatch", "work_order")} <= holders
    assert (
        holders
        <= {("intake", "appeal"), ("dispatch", "work_order"), ("dispatch", "work_order_unit")} | registry | answers
    )
    logs = "".join(path.read_text(errors="ignore") for path in (platform.directory / "logs").iterdir())
    assert logs
    assert secret not in logs
