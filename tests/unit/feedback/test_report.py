"""Reports of retaliation and leaks: who may open them, and in which order their steps come."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hotline_feedback.domain.report import Report, ReportEnded, ReportKind, ReportState, UnitConcerned

NOW = datetime(2026, 5, 8, 1, 0, tzinfo=UTC)
REPORT = Report(id=UUID(int=1), kind=ReportKind.LEAK, receive_time=NOW)


class TestReport:
    def test_is_examined_by_the_first_who_opens_it(self) -> None:
        opened = REPORT.examined(examiner="inspector-1", now=NOW)
        assert (opened.state, opened.examiner) == (ReportState.EXAMINED, "inspector-1")
        assert opened.examined(examiner="inspector-2", now=NOW) is opened

    @pytest.mark.parametrize(
        ("confirmed", "state"), [(True, ReportState.CONFIRMED), (False, ReportState.NOT_CONFIRMED)]
    )
    def test_is_concluded_once(self, confirmed: bool, state: ReportState) -> None:
        ended = REPORT.examined(examiner="inspector-1", now=NOW).concluded(confirmed=confirmed, now=NOW)
        assert ended.state is state
        for each in (REPORT, ended):
            with pytest.raises(ReportEnded):
                each.concluded(confirmed=confirmed, now=NOW)

    @pytest.mark.parametrize(
        ("concerned", "unit"), [([], ""), ([], "units/a"), (["units/a"], ""), (["units/a", "units/c"], "units/b")]
    )
    def test_is_open_to_whoever_is_outside(self, concerned: list[str], unit: str) -> None:
        REPORT.require_outside(concerned=frozenset(concerned), unit=unit)

    def test_is_closed_to_the_unit_concerned(self) -> None:
        with pytest.raises(UnitConcerned):
            REPORT.require_outside(concerned=frozenset({"units/a"}), unit="units/a")

    def test_turns_out_to_be_about_a_unit_while_it_is_examined(self) -> None:
        examined = REPORT.examined(examiner="inspector-1", now=NOW)
        assert examined.unit_found().version == examined.version + 1
        for each in (REPORT, examined.concluded(confirmed=True, now=NOW)):
            with pytest.raises(ReportEnded):
                each.unit_found()
