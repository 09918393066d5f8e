"""第三十六条(四): retaliation and leaks can be reported, and are handled outside the unit concerned."""

from typing import Any

import pytest
from hotline.feedback.v1 import report_service_pb2 as reports
from hotline.operations.v1 import audit_service_pb2 as audit
from hotline_cli.client import Person, new_request_id

from tests.regulation.city import LEAD, OTHER, City, refused

DUTIES = ("feedback:36(4)",)

TEXT = "投诉之后，单位的人上门威胁我撤诉"


def tell(speaker: Person, **changes: Any) -> str:
    """Somebody reports what the lead unit did; the code comes back."""
    contents: dict[str, Any] = {"text": TEXT, "unit": LEAD, "contact": "13800001234"}
    request = reports.FileReportRequest(
        kind=reports.REPORT_KIND_RETALIATION,
        contents=reports.ReportContents(**contents | changes),
        request_id=new_request_id(),
    )
    code: str = speaker.reports.FileReport(request).report_code
    return code


def newest(city: City) -> reports.Report:
    """What came in last."""
    listed = city.hotline.person("inspector").reports.ListReports(reports.ListReportsRequest(page_size=1))
    return listed.reports[0]


def examine(city: City, report: str, *, unit: str = "") -> reports.ExaminedReport:
    """An inspector opens it."""
    inspector = city.hotline.person("inspector", unit=unit, subject="inspector-1")
    return inspector.reports.ExamineReport(reports.ExamineReportRequest(name=report, purpose="核查举报"))


def conclude(city: City, report: str) -> reports.Report:
    """An inspector says what came of it."""
    request = reports.ConcludeReportRequest(
        name=report,
        confirmed=True,
        findings="经查属实，已对当事人立案",
        answer="举报属实，已依法处理",
        request_id=new_request_id(),
    )
    return city.hotline.person("inspector").reports.ConcludeReport(request)


def recorded(city: City, report: str) -> list[audit.AuditEntry]:
    """What the record knows of it."""
    request = audit.ListAuditEntriesRequest(resource=report)
    return list(city.auditor.audit["feedback"].ListAuditEntries(request).entries)


class TestAReport:
    """不得泄露,不得打击报复 (Art. 36(4))."""

    def test_is_made_without_a_name_and_followed_with_its_code(self, city: City) -> None:
        """From received to concluded, and the answer for whoever reported."""
        anybody = city.hotline.person().reports
        code = tell(city.hotline.person())
        follow = reports.TrackReportRequest(report_code=code.lower().replace("-", " "))
        assert anybody.TrackReport(follow).state == reports.REPORT_STATE_RECEIVED
        name = newest(city).name
        opened = examine(city, name)
        assert (opened.contents.text, opened.contents.contact) == (TEXT, "13800001234")
        assert anybody.TrackReport(follow).state == reports.REPORT_STATE_EXAMINED
        conclude(city, name)
        told = anybody.TrackReport(follow)
        assert (told.state, told.answer) == (reports.REPORT_STATE_CONFIRMED, "举报属实，已依法处理")
        assert examine(city, name).findings == "经查属实，已对当事人立案"
        assert anybody.TrackReport(follow).answer == "举报属实，已依法处理"

    def test_of_the_staff_names_nobody_either(self, city: City) -> None:
        """The record knows each step, and not who reported."""
        tell(city.hotline.person("operator", subject="operator-brave"))
        name = newest(city).name
        examine(city, name)
        conclude(city, name)
        steps = {entry.action: entry for entry in recorded(city, name)}
        assert steps.keys() == {f"feedback.reports.{step}" for step in ("file", "examine", "conclude")}
        assert steps["feedback.reports.file"].actor == ""
        assert steps["feedback.reports.examine"].purpose == "核查举报"
        assert not any(TEXT in str(entry) or "operator-brave" in str(entry) for entry in steps.values())

    def test_is_not_examined_by_the_unit_concerned(self, city: City) -> None:
        """Another unit's inspector may."""
        tell(city.hotline.person())
        name = newest(city).name
        with refused("UNIT_CONCERNED", article="Art. 36(4)"):
            examine(city, name, unit=LEAD)
        assert examine(city, name, unit=OTHER).report.examiner == "inspector-1"

    def test_is_kept_from_the_unit_that_it_turns_out_to_be_about(self, city: City) -> None:
        """Whoever reported named nobody, or another: the inspector says so, and the record not whom."""
        tell(city.hotline.person(), unit="")
        name = newest(city).name
        request = reports.SetUnitConcernedRequest(name=name, unit=OTHER, request_id=new_request_id())
        inspector = city.hotline.person("inspector", unit=OTHER, subject="inspector-2").reports
        with refused("STATE_NOT_ALLOWED", article="Art. 36(4)"):
            inspector.SetUnitConcerned(request)
        assert examine(city, name, unit=OTHER).unit_concerned == ""
        inspector.SetUnitConcerned(request)  # their own unit: they are outside from then on
        for deed in (
            lambda: examine(city, name, unit=OTHER),
            lambda: inspector.SetUnitConcerned(
                reports.SetUnitConcernedRequest(name=name, unit=LEAD, request_id=new_request_id())
            ),
        ):
            with refused("UNIT_CONCERNED", article="Art. 36(4)"):
                deed()
        assert examine(city, name, unit=LEAD).unit_concerned == OTHER
        assert not any(OTHER in str(entry.details) for entry in recorded(city, name))

    def test_is_concluded_once_and_only_after_it_was_opened(self, city: City) -> None:
        """No answer without a look."""
        tell(city.hotline.person())
        name = newest(city).name
        with refused("STATE_NOT_ALLOWED", article="Art. 36(4)"):
            conclude(city, name)
        examine(city, name)
        conclude(city, name)
        with refused("STATE_NOT_ALLOWED", article="Art. 36(4)"):
            conclude(city, name)

    @pytest.mark.parametrize("role", ["office", "auditor", "engineer", "quality", "operator", "unit"])
    def test_is_seen_by_inspectors_alone(self, city: City, role: str) -> None:
        """Not even that there is one."""
        person = city.hotline.person(role, unit=LEAD if role == "unit" else "").reports
        with refused("PERMISSION_DENIED"):
            person.ListReports(reports.ListReportsRequest())
        with refused("PERMISSION_DENIED"):
            person.ExamineReport(reports.ExamineReportRequest())

    def test_is_not_found_by_a_code_that_nobody_was_given(self, city: City) -> None:
        """A slip is told as one."""
        code = tell(city.hotline.person())
        wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
        with refused("FIELD_INVALID", field="report_code"):
            city.hotline.person().reports.TrackReport(reports.TrackReportRequest(report_code=wrong))
