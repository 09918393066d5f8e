"""When clocks end (Art. 21, 24, 26, 30): a table with weekdays, and properties against a slow obvious model."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from hotline_kernel.calendar import ZONE, Calendar
from hotline_sla.domain.deadline import Action, CountedDays, Deadline, Kind, Law, State, StatutoryTerm, Terms
from hypothesis import given
from hypothesis import strategies as st

CALENDAR = Calendar()
LAW = Law(terms=Terms(), calendar=CALENDAR)
TYPES = {"CONSULTATION": 2, "HELP": 2, "COMPLAINT": 7, "REPORT": 7, "SUGGESTION": 7, "DIFFICULT": 7}
FIRST, LAST = datetime(2018, 1, 2), datetime(2026, 12, 10)  # noqa: DTZ001  (Hypothesis adds the zone)
moments = st.datetimes(min_value=FIRST, max_value=LAST, timezones=st.just(UTC))


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def clock(
    kind: Kind,
    start: datetime,
    *,
    request_type: str = "HELP",
    unit: str = "units/water",
    statutory_term: StatutoryTerm | None = None,
) -> Deadline:
    return LAW.open(
        deadline=UUID(int=1),
        subject="workOrders/1",
        kind=kind,
        unit=unit,
        of_round=1,
        start_time=start,
        request_type=request_type,
        statutory_term=statutory_term,
    )


def by_law(days: int, counted: CountedDays) -> StatutoryTerm:
    return StatutoryTerm(days=days, counted=counted, law="信访工作条例", article="第三十四条")


def slow_due_date(start: datetime, working_days: int) -> date:
    """One day after the other, as a person with a paper calendar would."""
    day = start.astimezone(ZONE).date()
    while working_days:
        day += timedelta(days=1)
        if CALENDAR.is_working_day(day):
            working_days -= 1
    return day


def slow_first_contact(start: datetime) -> datetime:
    """One minute after the other; start on a whole minute."""
    minutes, now = 240, start.astimezone(ZONE)
    while minutes:
        local = now.time()
        in_office = time(9) <= local < time(12) or time(13, 30) <= local < time(17, 30)
        if in_office and CALENDAR.is_working_day(now.date()):
            minutes -= 1
        now += timedelta(minutes=1)
    return now


class TestTheTable:
    @pytest.mark.parametrize(
        ("received", "request_type", "due"),
        [
            ("Thursday 2026-05-07 10:00", "HELP", "Saturday 2026-05-09 17:30"),  # a make-up working Saturday
            ("Friday 2026-05-08 10:00", "HELP", "Monday 2026-05-11 17:30"),
            ("Friday 2026-05-08 23:59", "CONSULTATION", "Monday 2026-05-11 17:30"),
            ("Wednesday 2026-09-30 16:05", "HELP", "Friday 2026-10-09 17:30"),  # National Day
            ("Wednesday 2026-09-30 08:00", "HELP", "Friday 2026-10-09 17:30"),  # before hours, on the eve of a holiday
            ("Wednesday 2026-09-30 23:59", "HELP", "Friday 2026-10-09 17:30"),  # after hours, on the same eve
            ("Saturday 2026-10-03 12:00", "HELP", "Friday 2026-10-09 17:30"),  # received in the holiday
            ("Saturday 2026-05-09 10:00", "HELP", "Tuesday 2026-05-12 17:30"),  # on a make-up Saturday, not counted
            ("Saturday 2026-05-09 22:00", "HELP", "Tuesday 2026-05-12 17:30"),  # after its hours
            ("Wednesday 2026-09-30 16:05", "COMPLAINT", "Thursday 2026-10-15 17:30"),  # Saturday 10-10 is worked
            ("Sunday 2026-03-08 08:00", "REPORT", "Tuesday 2026-03-17 17:30"),
            ("Monday 2025-12-29 08:00", "SUGGESTION", "Thursday 2026-01-08 17:30"),  # Sunday 01-04 is worked
            ("Monday 2017-01-23 08:00", "DIFFICULT", "Tuesday 2017-02-07 17:30"),  # Spring Festival
        ],
    )
    def test_names_the_day_and_the_close_of_office(self, received: str, request_type: str, due: str) -> None:
        weekday, moment = received.split(" ", 1)
        start = shanghai(moment)
        assert f"{start:%A}" == weekday
        deadline = clock(Kind.HANDLING, start, request_type=request_type)
        assert f"{deadline.due_time.astimezone(ZONE):%A %Y-%m-%d %H:%M}" == due
        assert f"{deadline.due_date:%A %Y-%m-%d}" == due[:-6]

    @pytest.mark.parametrize(
        ("received", "due"),
        [
            ("2026-05-08 09:00", "2026-05-08 14:30"),
            ("2026-05-08 16:30", "2026-05-09 12:00"),
            ("2026-05-09 16:30", "2026-05-11 12:00"),
            ("2026-09-30 17:30", "2026-10-08 14:30"),
        ],
    )
    def test_first_contact_is_counted_in_office_time(self, received: str, due: str) -> None:
        assert clock(Kind.FIRST_CONTACT, shanghai(received)).due_time == shanghai(due)

    def test_hours_do_not_stop_at_night(self) -> None:
        start = shanghai("2026-10-01 23:30")
        assert clock(Kind.ANSWER, start).due_time == shanghai("2026-10-02 00:30")
        assert clock(Kind.CALLBACK, start).due_time == shanghai("2026-10-02 23:30")


class TestTheEnd:
    @given(start=moments, request_type=st.sampled_from(sorted(TYPES)))
    def test_agrees_with_the_slow_counter(self, start: datetime, request_type: str) -> None:
        deadline = clock(Kind.HANDLING, start, request_type=request_type)
        assert deadline.due_date == slow_due_date(start, TYPES[request_type])
        assert deadline.due_time == datetime.combine(deadline.due_date, time(17, 30), ZONE)
        assert CALENDAR.is_working_day(deadline.due_date)
        assert deadline.due_date > start.astimezone(ZONE).date()

    @given(start=moments.map(lambda moment: moment.replace(second=0, microsecond=0)))
    def test_of_first_contact_agrees_with_the_slow_counter(self, start: datetime) -> None:
        assert clock(Kind.FIRST_CONTACT, start).due_time == slow_first_contact(start)

    @given(start=moments, later=st.timedeltas(timedelta(0), timedelta(days=20)), kind=st.sampled_from(Kind))
    def test_never_comes_earlier_for_a_later_start(self, start: datetime, later: timedelta, kind: Kind) -> None:
        assert clock(kind, start).due_time <= clock(kind, start + later).due_time

    def test_says_when_a_year_is_not_published(self) -> None:
        after = CALENDAR.known_until() + timedelta(days=1)
        start = datetime.combine(CALENDAR.known_until() - timedelta(days=1), time(9), ZONE)
        deadline = clock(Kind.HANDLING, start, request_type="COMPLAINT")
        assert deadline.due_date >= after
        assert deadline.provisional
        assert not clock(Kind.CALLBACK, start + timedelta(days=1)).provisional


class TestALawsOwnTerm:
    """从其规定: longer or shorter, it wins over 2 and 7 working days (Art. 24(2), last sentence)."""

    @given(start=moments, days=st.integers(1, 90), request_type=st.sampled_from(sorted(TYPES)))
    def test_in_working_days_agrees_with_the_slow_counter(self, start: datetime, days: int, request_type: str) -> None:
        term = by_law(days, CountedDays.WORKING)
        deadline = clock(Kind.HANDLING, start, request_type=request_type, statutory_term=term)
        assert deadline.due_date == slow_due_date(start, days)

    @given(start=moments, days=st.integers(1, 90), more=st.integers(1, 10))
    def test_in_calendar_days_ends_on_a_working_day(self, start: datetime, days: int, more: int) -> None:
        """A last day on which offices are closed moves on; an extension is in working days all the same (Art. 26)."""
        deadline = clock(Kind.HANDLING, start, statutory_term=by_law(days, CountedDays.CALENDAR))
        last = start.astimezone(ZONE).date() + timedelta(days=days)
        while not CALENDAR.is_working_day(last):
            last += timedelta(days=1)
        assert deadline.due_date == last
        longer = LAW.extend(deadline, working_days=more, time=start)
        assert longer.due_date == slow_due_date(deadline.due_time, more)
        assert LAW.recompute(longer, time=start) is longer

    @given(start=moments, days=st.integers(2, 60), counted=st.sampled_from(CountedDays))
    def test_keeps_the_last_moment_to_ask_for_more(self, start: datetime, days: int, counted: CountedDays) -> None:
        deadline = clock(Kind.HANDLING, start, statutory_term=by_law(days, counted))
        cutoff = LAW.extension_cutoff_time(deadline)
        assert cutoff is not None
        assert slow_due_date(cutoff, 1) == deadline.due_date

    def test_is_asked_about_at_half_of_it_under_key_supervision(self) -> None:
        start = shanghai("2026-03-02 09:00")
        deadline = replace(clock(Kind.HANDLING, start, statutory_term=by_law(60, CountedDays.CALENDAR)), watched=True)
        found = {m.action: m.due_time for m in LAW.moments(deadline, after=start)}
        assert found[Action.KEY_CHECK] == shanghai("2026-04-01 17:30")
        assert found[Action.MISS] == shanghai("2026-05-06 17:30")  # 05-01 is a holiday; 05-06 the next working day

    def test_is_of_handling_alone(self) -> None:
        start = shanghai("2026-05-11 09:00")
        contact = clock(Kind.FIRST_CONTACT, start, statutory_term=by_law(60, CountedDays.CALENDAR))
        assert (contact.due_time, contact.statutory_term) == (clock(Kind.FIRST_CONTACT, start).due_time, None)

    def test_starts_with_its_citation(self) -> None:
        deadline = clock(Kind.HANDLING, shanghai("2026-05-11 09:00"), statutory_term=by_law(1, CountedDays.WORKING))
        assert deadline.changes[0].reason == (
            "承办单位收到工单；《信访工作条例》第三十四条规定期限为 1 个工作日，从其规定（第二十四条）"
            " / the unit received the order; 《信访工作条例》第三十四条 sets 1 working day, which wins (Art. 24(2))"
        )


class TestAnExtension:
    @given(start=moments, working_days=st.integers(1, 30))
    def test_counts_on_from_the_old_end(self, start: datetime, working_days: int) -> None:
        deadline = clock(Kind.HANDLING, start)
        longer = LAW.extend(deadline, working_days=working_days, time=start)
        assert longer.due_date == slow_due_date(deadline.due_time, working_days)
        assert longer.due_time > deadline.due_time

    @given(start=moments)
    def test_is_asked_by_the_close_of_office_one_working_day_before(self, start: datetime) -> None:
        deadline = clock(Kind.HANDLING, start)
        cutoff = LAW.extension_cutoff_time(deadline)
        assert cutoff is not None
        assert slow_due_date(cutoff, 1) == deadline.due_date
        assert cutoff.astimezone(ZONE).time() == time(17, 30)

    def test_lets_a_missed_clock_run_again_only_if_the_new_end_is_to_come(self) -> None:
        missed = clock(Kind.HANDLING, shanghai("2026-05-11 09:00")).miss(time=shanghai("2026-05-13 17:30"))
        assert LAW.extend(missed, working_days=2, time=shanghai("2026-05-14 09:00")).state is State.RUNNING
        assert LAW.extend(missed, working_days=2, time=shanghai("2026-05-20 09:00")).state is State.OVERDUE

    def test_changes_nothing_that_is_settled(self) -> None:
        settled = clock(Kind.HANDLING, shanghai("2026-05-11 09:00")).settle(
            time=shanghai("2026-05-12 09:00"), deed="已办 / done"
        )
        assert LAW.extend(settled, working_days=2, time=shanghai("2026-05-12 10:00")) is settled


class TestSettling:
    @given(start=moments, offset=st.integers(-10_000, 10_000), known_late=st.booleans())
    def test_is_judged_by_the_time_of_the_deed_not_by_when_it_became_known(
        self, start: datetime, offset: int, known_late: bool
    ) -> None:
        deadline = clock(Kind.HANDLING, start)
        if known_late:
            deadline = deadline.miss(time=deadline.due_time)
        done = deadline.due_time + timedelta(microseconds=offset)
        settled = deadline.settle(time=done, deed="已办 / done")
        assert settled.state is (State.MET if offset <= 0 else State.MET_LATE)
        assert settled.settle_time == done
        assert LAW.moments(settled, after=done) == []
        assert settled.settle(time=done + timedelta(days=9), deed="又办 / again") is settled

    def test_keeps_on_record_that_it_became_known_late(self) -> None:
        missed = clock(Kind.HANDLING, shanghai("2026-05-11 09:00")).miss(time=shanghai("2026-05-13 17:30"))
        settled = missed.settle(time=shanghai("2026-05-13 17:00"), deed="已办 / done")
        assert [change.change for change in settled.changes] == ["opened", "missed", "settled"]
        assert "stays on record" in settled.changes[-1].reason


class TestMoments:
    def test_of_handling_remind_before_the_end(self) -> None:
        start = shanghai("2026-09-30 16:05")
        found = {m.action: m.due_time for m in LAW.moments(clock(Kind.HANDLING, start), after=start)}
        assert found == {
            Action.ADVANCE_REMINDER: shanghai("2026-10-08 17:30"),
            Action.MISS: shanghai("2026-10-09 17:30"),
        }

    def test_leave_out_a_reminder_whose_time_is_past(self) -> None:
        start = shanghai("2026-09-30 16:05")
        found = LAW.moments(clock(Kind.HANDLING, start), after=shanghai("2026-10-09 09:00"))
        assert [moment.action for moment in found] == [Action.MISS]

    @pytest.mark.parametrize("kind", [Kind.ANSWER, Kind.FIRST_CONTACT, Kind.CALLBACK])
    def test_of_other_clocks_are_their_ends_alone(self, kind: Kind) -> None:
        deadline = clock(kind, shanghai("2026-05-11 09:00"))
        assert [(m.action, m.due_time) for m in LAW.moments(deadline, after=deadline.start_time)] == [
            (Action.MISS, deadline.due_time)
        ]
        assert LAW.moments(deadline.miss(time=deadline.due_time), after=deadline.due_time) == []

    def test_supervise_in_writing_a_working_day_after_the_end(self) -> None:
        missed = clock(Kind.HANDLING, shanghai("2026-05-07 09:00")).miss(time=shanghai("2026-05-09 17:30"))
        found = LAW.moments(missed, after=missed.due_time)
        assert [(m.action, m.due_time) for m in found] == [(Action.WRITTEN, shanghai("2026-05-11 17:30"))]

    def test_give_a_unit_that_took_over_late_its_working_day(self) -> None:
        missed = clock(Kind.HANDLING, shanghai("2026-05-07 09:00")).miss(time=shanghai("2026-05-09 17:30"))
        with_office = missed.hand_over(unit="", time=shanghai("2026-05-11 09:00"))
        assert LAW.moments(with_office, after=with_office.due_time) == []
        taken = with_office.hand_over(unit="units/heat", time=shanghai("2026-05-12 09:00"))
        for watched in (False, True):  # the day is not taken from it by key supervision either
            found = LAW.moments(replace(taken, watched=watched), after=taken.due_time)
            assert [m.due_time for m in found] == [shanghai("2026-05-13 17:30")]
        assert taken.due_time == missed.due_time


class TestTheCalendarOfANewYear:
    def test_moves_the_end_and_says_so(self) -> None:
        first = date(CALENDAR.known_until().year + 1, 1, 1)
        start = datetime.combine(CALENDAR.known_until(), time(9), ZONE)
        deadline = clock(Kind.HANDLING, start)
        notice = Calendar(
            holidays=[first + timedelta(days=n) for n in range(7)], last_known_year=first.year, version="notice"
        )
        known = Law(terms=Terms(), calendar=notice)
        again = known.recompute(deadline, time=start)
        assert again.due_date > deadline.due_date
        assert not again.provisional
        assert again.changes[-1].change == "recomputed"
        assert known.recompute(again, time=start) is again
