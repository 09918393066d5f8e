"""第二十四条: one engine for every clock, by the statutory calendar; a clock's whole history is read and explained."""

from datetime import timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from hotline.intake.v1 import appeal_pb2
from hotline.sla.v1 import sla_service_pb2 as sla

from tests.regulation.city import ANSWER, CALLBACK, FIRST_CONTACT, HANDLING, LEAD, City, day, moment, refused
from tests.regulation.conftest import NationalDay

DUTIES = ("sla:24", "sla:21,24,26,30")


class TestTheHistory:
    """限时办结: set, why, moved, by whom, met or missed: all of it can be read back (Art. 24, 26)."""

    def test_is_told_from_receipt_to_result(self, city: City) -> None:
        """An order received, extended, missed and reported tells so, with who did it (Art. 24, 26)."""
        city.next_morning()
        order = city.dispatched()
        city.ask_extension(order.name, days=1)
        city.decide_extension(order.name, granted=True)
        city.settle()
        extended = city.clock(order.name, HANDLING)
        city.move_to(moment(extended.due_time) + timedelta(minutes=1))
        city.report(order.name)
        city.settle()
        clock = city.clock(order.name, HANDLING)
        assert [(change.change, change.by) for change in clock.history] == [
            ("opened", "system"),
            ("moved", "office"),
            ("missed", "system"),
            ("settled", LEAD),
        ]
        zh, en = clock.account.split("。 / ")
        for words in (
            "设定",
            "承办单位收到工单",
            "由热线工作机构改为",
            "批准延期",
            "逾期：到期未办",
            f"由 {LEAD} 了结",
        ):
            assert words in zh
        for words in ("set, due", "moved to", "by the hotline office: extended", "missed", f"settled by {LEAD}"):
            assert words in en
        ends = [_local(change.due_time, city) for change in clock.history]
        assert all(end in clock.account for end in ends)
        assert ends[0] < ends[1] == ends[-1]

    def test_of_every_clock_says_its_length(self, city: City) -> None:
        """1 h, 4 office hours (ours), 2 and 7 working days, 24 h: one engine explains them all (Art. 21, 24, 30)."""
        city.next_morning()
        appeal = city.refer()
        city.settle()
        help_ = city.order_of(appeal.name)
        complaint = city.dispatched(request_type=appeal_pb2.REQUEST_TYPE_COMPLAINT)
        city.report(help_.name)
        city.settle()
        said = {
            city.clock(appeal.name, ANSWER).explanation: ("1 小时", "1 hour from"),
            city.clock(help_.name, FIRST_CONTACT).explanation: ("4 个工作小时", "4 office hours from"),
            city.clock(help_.name, HANDLING).explanation: ("2 个工作日", "2 working days from"),
            city.clock(complaint.name, HANDLING).explanation: ("7 个工作日", "7 working days from"),
            city.clock(help_.name, CALLBACK).explanation: ("24 小时", "24 hours from"),
        }
        for sentence, (zh, en) in said.items():
            assert zh in sentence
            assert en in sentence

    def test_is_not_for_another_unit(self, city: City, national_day: NationalDay) -> None:
        """A unit reads the history of its own clocks alone (Art. 36(4))."""
        order = national_day.before["REQUEST_TYPE_HELP"]
        clock = city.clock(order.name, HANDLING)
        assert city.unit().sla.GetDeadline(sla.GetDeadlineRequest(name=clock.name)).account == clock.account
        with refused("NOT_OWN_UNIT"):
            city.unit("units/water-group").sla.GetDeadline(sla.GetDeadlineRequest(name=clock.name))


class TestTheEndOfTheYear:
    """A year not yet published never fails an order; its date is marked (Art. 24)."""

    def test_is_not_provisional_in_a_published_year(self, national_day: NationalDay, city: City) -> None:
        """2026 is published: no date of it is a guess (Art. 24(2))."""
        for order in national_day.before.values():
            assert not city.clock(order.name, HANDLING).provisional

    def test_is_marked_where_a_term_reaches_into_a_year_not_yet_published(self, city: City) -> None:
        """The weekday rule serves until the year's notice comes; the order goes out all the same (Art. 24(2))."""
        city.next_morning()
        days = (city.calendar.known_until() - city.now.date()).days + 30
        term = appeal_pb2.StatutoryTerm(
            days=days, counted=appeal_pb2.COUNTED_DAYS_CALENDAR, law="信访工作条例", article="第三十四条"
        )
        appeal = city.release(city.register(draft=city.draft(term=term)).name)
        city.settle()
        clock = city.clock(city.order_of(appeal.name).name, HANDLING)
        assert clock.provisional
        assert day(clock.due_date).year == city.calendar.known_until().year + 1
        assert "暂" in clock.explanation


def _local(end: Timestamp, city: City) -> str:
    return f"{moment(end).astimezone(city.now.tzinfo):%Y-%m-%d %H:%M}"
