"""What a clock says of itself, in sentences that a clerk understands, Chinese and English (Art. 24)."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hotline_kernel.calendar import ZONE, Calendar
from hotline_sla.domain.deadline import CountedDays, Deadline, Kind, Law, StatutoryTerm, Terms
from hotline_sla.domain.explanation import explain, tell
from hypothesis import given
from hypothesis import strategies as st

CALENDAR = Calendar()
LAW = Law(terms=Terms(), calendar=CALENDAR)


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def clock(
    kind: Kind,
    start: datetime,
    *,
    request_type: str = "HELP",
    law: Law = LAW,
    statutory_term: StatutoryTerm | None = None,
) -> Deadline:
    return law.open(
        deadline=UUID(int=1),
        subject="workOrders/1",
        kind=kind,
        unit="units/water",
        of_round=1,
        start_time=start,
        request_type=request_type,
        statutory_term=statutory_term,
    )


class TestTheExplanation:
    @pytest.mark.parametrize(
        ("start", "request_type", "due", "zh", "en"),
        [
            (
                "2026-09-30 16:05",
                "HELP",
                "2026-10-09",
                "，10月1日至7日为国庆节假期",
                ", 1–7 October being the National Day holiday",
            ),
            (
                "2026-09-30 16:05",
                "COMPLAINT",
                "2026-10-15",
                "，10月1日至7日为国庆节假期，10月10日（星期六）调休上班，10月11日为周末",
                (
                    ", 1–7 October being the National Day holiday, Saturday 10 October being worked instead,"
                    " 11 October being the weekend"
                ),
            ),
            (
                "2026-10-30 09:00",
                "HELP",
                "2026-11-03",
                "，10月31日至11月1日为周末",
                ", 31 October – 1 November being the weekend",
            ),
            ("2026-06-01 09:00", "HELP", "2026-06-03", "", ""),
        ],
    )
    def test_names_holidays_and_weekends_worked_instead(
        self, start: str, request_type: str, due: str, zh: str, en: str
    ) -> None:
        found = explain(clock(Kind.HANDLING, shanghai(start), request_type=request_type), law=LAW)
        days = 2 if request_type == "HELP" else 7
        assert found == (
            f"{due} 17:30 到期：自 {start} 起 {days} 个工作日{zh}。"
            f" / due {due} 17:30: {days} working days from {start}{en}."
        )

    @pytest.mark.parametrize(
        ("counted", "extended", "zh", "en"),
        [
            (
                CountedDays.WORKING,
                2,
                "规定的 5 个工作日，延期 2 个工作日，10月1日至7日为国庆节假期",
                "5 working days by 《信访工作条例》第三十四条 and 2 working days of extension from",
            ),
            (
                CountedDays.CALENDAR,
                0,
                "自 2026-09-30 16:05 起 《信访工作条例》第三十四条规定的 5 日，10月5日至7日为国庆节假期。",
                "5 calendar days by 《信访工作条例》第三十四条 from 2026-09-30 16:05, 5–7 October",
            ),
            (
                CountedDays.CALENDAR,
                1,
                "规定的 5 日，延期 1 个工作日，10月5日至7日为国庆节假期。",
                "5 calendar days by 《信访工作条例》第三十四条 and 1 working day of extension from",
            ),
        ],
    )
    def test_cites_the_law_that_sets_the_term(self, counted: CountedDays, extended: int, zh: str, en: str) -> None:
        """Of calendar days none is left out but those that the last one moves off (Art. 24(2))."""
        term = StatutoryTerm(days=5, counted=counted, law="信访工作条例", article="第三十四条")
        start = shanghai("2026-09-30 16:05")
        deadline = clock(Kind.HANDLING, start, statutory_term=term)
        if extended:
            deadline = LAW.extend(deadline, working_days=extended, time=start)
        found = explain(deadline, law=LAW)
        assert zh in found
        assert en in found

    @pytest.mark.parametrize(
        ("kind", "en"),
        [
            (Kind.ANSWER, "due 2026-05-08 17:30: 1 hour from 2026-05-08 16:30."),
            (Kind.CALLBACK, "due 2026-05-09 16:30: 24 hours from 2026-05-08 16:30."),
            (
                Kind.FIRST_CONTACT,
                "due 2026-05-09 12:00: 4 office hours from 2026-05-08 16:30, Saturday 9 May being worked instead.",
            ),
        ],
    )
    def test_of_hours_says_which_hours(self, kind: Kind, en: str) -> None:
        assert explain(clock(kind, shanghai("2026-05-08 16:30")), law=LAW).endswith(f" / {en}")

    def test_names_a_day_that_the_city_closes_itself(self) -> None:
        law = Law(terms=Terms(), calendar=Calendar(holidays=[shanghai("2026-07-14").date()]))
        found = explain(clock(Kind.HANDLING, shanghai("2026-07-13 09:00"), law=law), law=law)
        assert "7月14日为本地放假" in found
        assert "14 July being closed" in found

    def test_says_when_a_year_is_not_published(self) -> None:
        start = datetime.combine(CALENDAR.known_until() - timedelta(days=1), datetime.min.time(), ZONE)
        found = explain(clock(Kind.HANDLING, start, request_type="COMPLAINT"), law=LAW)
        assert "尚未公布" in found
        assert "provisional" in found

    @given(start=st.datetimes(datetime(2018, 1, 2), datetime(2028, 12, 10)))  # noqa: DTZ001  (the zone is added)
    def test_exists_for_every_clock(self, start: datetime) -> None:
        for kind in Kind:
            found = explain(clock(kind, start.replace(tzinfo=ZONE)), law=LAW)
            assert found.count(" / due ") == 1


class TestTheAccount:
    def test_says_what_why_when_and_by_whom(self) -> None:
        opened = clock(Kind.HANDLING, shanghai("2026-05-11 09:00"))
        moved = LAW.extend(opened, working_days=1, time=shanghai("2026-05-12 10:00"))
        done = moved.miss(time=moved.due_time).settle(time=shanghai("2026-05-15 09:00"), deed="已办 / done")
        assert tell(done) == (
            "2026-05-11 09:00 设定，2026-05-13 17:30 到期：承办单位收到工单（第二十四条）；"
            "2026-05-12 10:00 由热线工作机构改为 2026-05-14 17:30 到期：批准延期 1 个工作日（第二十六条）；"
            "2026-05-14 17:30 逾期：到期未办；2026-05-15 09:00 由 units/water 了结：已办，逾期。"
            " / 2026-05-11 09:00 set, due 2026-05-13 17:30: the unit received the order (Art. 24(2));"
            " 2026-05-12 10:00 moved to 2026-05-14 17:30 by the hotline office: extended by 1 working days (Art. 26);"
            " 2026-05-14 17:30 missed: not done by then; 2026-05-15 09:00 settled by units/water: done, too late."
        )

    def test_is_empty_where_the_history_was_not_read(self) -> None:
        assert tell(replace(clock(Kind.ANSWER, shanghai("2026-05-11 09:00")), changes=())) == ""
