"""Who sees what tells who a citizen is, role by role and field by field (Art. 36(4))."""

from collections.abc import Callable, Iterator

import pytest
from google.protobuf.descriptor import Descriptor
from hotline.feedback.v1 import report_service_pb2 as reports
from hotline.intake.v1 import appeal_pb2
from hotline.intake.v1 import contest_service_pb2 as contests
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline.operations.v1 import audit_service_pb2 as audit
from hotline_cli.client import Hotline, Person, new_request_id
from hotline_cli.quiet import Quiet
from hotline_kernel.errors import Denied

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
_WORDS = frozenset({"AppealText", "ContestText", "ReportContents"})

NAME, PHONE, ADDRESS = "令狐知微", "13971504999", "知微巷七号"


def fields_of(message: Descriptor, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Every field of ours in an answer, by its message."""
    for field in message.fields:
        yield message.name, field.name
        inner = field.message_type
        if inner is not None and inner.full_name.startswith("hotline.") and inner.full_name not in seen:
            yield from fields_of(inner, seen | {inner.full_name})


def test_no_other_answer_has_a_field_for_it() -> None:
    told = {
        (field, rpc.method.name): rpc.roles
        for rpc in all_rpcs()
        for field in set(fields_of(rpc.method.output_type))
        if field[1] in _TELLING or field in NEEDS
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
