"""第二十四条: first contact, 2 or 7 working days, and a reply before the report."""

from datetime import date, timedelta

import pytest
from hotline.dispatch.v1 import dispatch_service_pb2 as dispatch
from hotline.dispatch.v1 import work_order_pb2
from hotline.intake.v1 import intake_service_pb2 as intake
from hotline_cli.client import new_request_id

from tests.regulation.city import FIRST_CONTACT, HANDLING, City, day, moment, refused
from tests.regulation.conftest import NationalDay

DUTIES = ("dispatch:24(1)", "dispatch:24(2),10(3)", "sla:24", "sla:21,24,26,30")

TYPES = {
    "REQUEST_TYPE_CONSULTATION": 2,
    "REQUEST_TYPE_HELP": 2,
    "REQUEST_TYPE_COMPLAINT": 7,
    "REQUEST_TYPE_REPORT": 7,
    "REQUEST_TYPE_SUGGESTION": 7,
    "REQUEST_TYPE_DIFFICULT": 7,
}
# 2026: the National Day runs from Thursday 1 to Wednesday 7 October; Saturday 10 October is worked instead.
RECEIVED_BEFORE = {2: date(2026, 10, 8), 7: date(2026, 10, 14)}
"""From Tue 29 Sep: Wed 30, Thu 8 | Fri 9, Sat 10, Mon 12, Tue 13, Wed 14."""
RECEIVED_WITHIN = {2: date(2026, 10, 9), 7: date(2026, 10, 15)}
"""From Fri 2 Oct, a day off: Thu 8, Fri 9 | Sat 10, Mon 12, Tue 13, Wed 14, Thu 15."""


class TestTheTerm:
    """一般求助类事项…2个工作日内办理完毕并回复…;投诉、举报、意见建议和其他疑难事项…7个工作日内 (Art. 24(2))."""

    @pytest.mark.parametrize("request_type", TYPES)
    def test_skips_the_national_day_and_counts_the_saturday_worked_instead(
        self, city: City, national_day: NationalDay, request_type: str
    ) -> None:
        """工作日 are those of the published calendar, with make-up Saturdays; the day of receipt does not count."""
        term = TYPES[request_type]
        for order, expected in (
            (national_day.before[request_type], RECEIVED_BEFORE[term]),
            (national_day.within[request_type], RECEIVED_WITHIN[term]),
        ):
            clock = city.clock(order.name, HANDLING)
            opened = clock.history[0]
            assert moment(opened.due_time) == city.close_of_office(expected)
            assert day(clock.due_date) == expected
            first = 1 if order in national_day.before.values() else 2
            assert f"10月{first}日至7日为国庆节假期" in clock.explanation
            assert f"{first}–7 October being the National Day holiday" in clock.explanation

    def test_is_the_same_for_unit_office_and_citizen(self, city: City) -> None:
        """告知办理程序及期限: all read one date (Art. 24(1))."""
        city.next_morning()
        appeal = city.refer()
        city.settle()
        order = city.order_of(appeal.name)
        dates = {
            day(order.due_date),
            day(city.clock(order.name, HANDLING).due_date),
            day(city.appeal(appeal.name).due_date),
            day(city.track(appeal.tracking_code).due_date),
        }
        assert dates == {city.working_day(2)}


class TestFirstContact:
    """承办单位应当在第一时间联系求助群众 (Art. 24(1)); within 4 office hours (ours)."""

    def test_is_on_the_clock(self, city: City) -> None:
        """From nine: until the offices have been open for four hours (Art. 24(1))."""
        city.next_morning()
        prompt, slow, silent = city.dispatched(), city.dispatched(), city.dispatched()
        clock = city.clock(prompt.name, FIRST_CONTACT)
        assert moment(clock.due_time) == city.calendar.add_working_time(city.now, timedelta(hours=4))
        assert city.contact(prompt.name).first_contact.note == "已告知程序和期限"
        city.move_to(moment(clock.due_time) + timedelta(minutes=1))
        city.contact(slow.name)
        city.settle()
        states = [city.state(order.name, FIRST_CONTACT) for order in (prompt, slow, silent)]
        assert states == ["MET", "MET_LATE", "OVERDUE"]

    def test_is_not_in_the_future_nor_before_the_order(self, city: City) -> None:
        """A contact that cannot have been is refused (Art. 24(1))."""
        order = city.dispatched()
        for shift in (timedelta(minutes=5), timedelta(minutes=-5)):
            with refused("TIME_NOT_PLAUSIBLE"):
                city.report(order.name, reply_time=city.now + shift)
            request = dispatch.RecordFirstContactRequest(name=order.name, note="x", request_id=new_request_id())
            request.contact_time.FromDatetime((city.hotline.now + shift).replace(tzinfo=None))
            with refused("TIME_NOT_PLAUSIBLE"):
                city.unit().dispatch.RecordFirstContact(request)


class TestAConfidentialAppeal:
    """The unit does not learn who it is: the office relays (Art. 24(1), 36(4))."""

    def test_is_contacted_by_the_office(self, city: City) -> None:
        """联系求助群众 through the office (Art. 24(1))."""
        appeal = city.refer(confidential=True)
        city.settle()
        order = city.order_of(appeal.name)
        with refused("CONTACT_RELAYED", article="Art. 24(1)"):
            city.contact(order.name)
        relayed = city.office.RecordFirstContact(
            dispatch.RecordFirstContactRequest(name=order.name, note="已代为告知", request_id=new_request_id())
        )
        assert relayed.first_contact.relayed
        city.settle()
        assert city.state(order.name, FIRST_CONTACT) == "MET"

    def test_hides_its_citizen_from_the_unit_alone(self, city: City) -> None:
        """不得透露: not even to the unit that leads (Art. 36(4))."""
        appeal = city.refer(confidential=True)
        city.settle()
        ask = intake.RevealContactRequest(name=appeal.name, purpose="联系群众")
        with refused("CONTACT_RELAYED", article="Art. 24(1)"):
            city.unit().intake.RevealContact(ask)
        assert city.hotline.person("office").intake.RevealContact(ask).full_name == "甄好听"


class TestTheResult:
    """办理完毕并回复求助群众,同时将办理结果反馈给热线工作机构 (Art. 24(2))."""

    def test_is_refused_without_the_reply_to_the_citizen(self, city: City) -> None:
        """回复求助群众: what was said and how (Art. 24(2))."""
        order = city.dispatched()
        with refused("REPLY_MISSING", article="Art. 24(2)"):
            city.report(order.name, reply="")
        with refused("REPLY_MISSING", article="Art. 24(2)"):
            city.report(order.name, means=work_order_pb2.REPLY_MEANS_UNSPECIFIED)
        assert city.order(order.name).state == work_order_pb2.WORK_ORDER_STATE_DISPATCHED

    def test_is_in_time_only_if_reply_and_report_are(self, city: City) -> None:
        """并…同时: the citizen in time and the office a minute late is late (Art. 24(2))."""
        city.next_morning()
        in_time, late = city.dispatched(), city.dispatched()
        due = moment(city.clock(late.name, HANDLING).due_time)
        city.move_to(due - timedelta(minutes=1))
        replied = city.now
        city.report(in_time.name)
        city.move_to(due + timedelta(minutes=1))
        city.report(late.name, reply_time=replied)
        city.settle()
        assert [city.state(order.name, HANDLING) for order in (in_time, late)] == ["MET", "MET_LATE"]

    def test_counts_as_first_contact_where_there_was_none(self, city: City) -> None:
        """即办为原则: who solves it at once has reached the citizen (Art. 24(2))."""
        order = city.dispatched()
        city.report(order.name)
        city.settle()
        assert city.state(order.name, FIRST_CONTACT) == "MET"
